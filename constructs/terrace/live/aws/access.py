"""Reads from AWS what opens paths or grants rights, as the resources that the access model knows.

The account's identities are read, and the resources of the environment by their names; what another environment of the
same account has belongs to its own graph.
"""

from terrace.live.aws import access_grants, access_network
from terrace.live.aws.checks import Deployment
from terrace.live.document import Document

NOT_READ = (
    "rights that database users have inside the database",
    "rights inside the cluster, which the checks of the workloads compare",
    "policies of the organisation, which can only deny",
)
"""What no call of AWS returns, or what opens nothing."""


def read(deployment: Deployment, document: Document) -> None:
    """Add every resource to a document."""
    access_network.read(deployment, document)
    access_grants.read(deployment, document)
