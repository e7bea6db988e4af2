"""Reads from Google Cloud what opens paths or grants rights, as the resources that the access model knows.

The project's policy is read, and the resources of the environment by their names; what another environment of the same
project has belongs to its own graph.
"""

from terrace.live.document import Document
from terrace.live.gcp import access_grants, access_network
from terrace.live.gcp.checks import Deployment

NOT_READ = (
    "roles on folders and on the organisation, which the project inherits",
    "rights that database users have inside the database",
    "rights inside the cluster, which the checks of the workloads compare",
    "deny policies, which can only deny",
)
"""What no call about the project returns, or what opens nothing."""


def read(deployment: Deployment, document: Document) -> None:
    """Add every resource to a document."""
    access_network.read(deployment, document)
    access_grants.read(deployment, document)
