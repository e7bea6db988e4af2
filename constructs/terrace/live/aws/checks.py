"""The deployment that checks read, and functions that several of them use."""

from dataclasses import dataclass
from typing import Any

from terrace.aws import names
from terrace.capabilities.identity import ServiceAccount
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live.aws.session import Reader


@dataclass(frozen=True)
class Deployment:
    """A live deployment with its environment, its target and a reader."""

    environment: Environment
    target: Target
    reader: Reader

    @property
    def prefix(self) -> str:
        return self.target.prefix

    @property
    def cluster(self) -> str:
        """The name of the cluster: an existing one's, or the foundation's own."""
        return names.cluster(self.target)

    def call(self, service: str, operation: str, *, region: str | None = None, **parameters: Any) -> dict[str, Any]:
        """See Reader.call."""
        return self.reader.call(service, operation, region=region, **parameters)

    def pages(
        self, service: str, operation: str, field: str, *, region: str | None = None, **parameters: Any
    ) -> list[Any]:
        """See Reader.pages."""
        return self.reader.pages(service, operation, field, region=region, **parameters)


def opened(environment: Environment, target: Target) -> Deployment:
    """The deployment of a target, read with the shell's credentials. Raises TerraceError for another account."""
    reader = Reader(target)
    reader.check_account()
    return Deployment(environment, target, reader)


def pod_identities(deployment: Deployment, account: ServiceAccount) -> list[dict[str, Any]]:
    """The pod identity associations of a service account, without their roles."""
    return deployment.pages(
        "eks",
        "list_pod_identity_associations",
        "associations",
        clusterName=deployment.cluster,
        namespace=account.namespace,
        serviceAccount=account.name,
    )
