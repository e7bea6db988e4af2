"""Reads from Azure what opens paths or grants rights, as the resources that the access model knows.

The subscription's role assignments are read, and the resources of the environment's groups; what another environment of
the same subscription has belongs to its own graph.
"""

from terrace.live.azure import access_grants, access_network
from terrace.live.azure.checks import Deployment
from terrace.live.document import Document

NOT_READ = (
    "roles on management groups, which the subscription inherits",
    "roles that Privileged Identity Management makes eligible",
    "logins of the modules in the database, which its bootstrap job makes: they are as the environment declares them",
    "rights inside the cluster, which the checks of the workloads compare",
    "deny assignments, which can only deny",
)
"""What no call about the subscription returns, or what opens nothing."""


def read(deployment: Deployment, document: Document) -> None:
    """Add every resource to a document."""
    access_grants.read(deployment, document)
    access_network.read(deployment, document)
