"""The half of a cloud in the workloads stack: what the objects in the cluster need to know about the cloud.

Each cloud implements it in `terrace/<cloud>/workloads.py`, without the CDK: plain data that goes into Helm values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from terrace.capabilities.outputs import Outputs
from terrace.capabilities.target import Target


@dataclass(frozen=True)
class PodIdentity:
    """How a service account gets its cloud identity: annotations of the account, labels of its pods."""

    annotations: Mapping[str, str] = field(default_factory=dict)
    pod_labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endpoint:
    """An address that pods need besides the network's own, such as the cloud's metadata service."""

    cidr: str
    ports: tuple[int, ...]
    purpose: str


class CloudWorkloads(Protocol):
    """What the wiring reads of a cloud. Each function is pure; identities and references come from the outputs."""

    STORAGE_CLASS: str
    """The StorageClass of encrypted volumes."""

    METADATA: Sequence[Endpoint]
    """Endpoints from which pods with a cloud identity get their credentials."""

    def pod_identity(self, identity: str, target: Target) -> PodIdentity:
        """The binding of a service account to a workload identity of the outputs."""

    def secret_store(self, *, namespace: str, account: str, identity: str, target: Target) -> Mapping[str, Any]:
        """The `spec.provider` of an external-secrets store that reads as the service account `account`."""

    def secret_key(self, reference: str) -> str:
        """The key with which external-secrets finds a secret, from its reference in the outputs."""

    def dns_solver(self, outputs: Outputs, target: Target) -> Mapping[str, Any]:
        """The DNS-01 solver of a cert-manager issuer, for the zone of the public entry."""

    def values(self, outputs: Outputs, target: Target) -> Mapping[str, Any]:
        """What values.yaml.j2 of modules may read as `cloud`: plain data with the same keys on every cloud.

        `name`, `account`, `region`; `storage_class`; `dns`: `provider` and `settings` for external-dns; `velero`:
        `provider`, `plugin` (name of the image), `bucket`, `location` and `snapshots` settings.
        """
