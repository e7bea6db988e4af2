"""The half of a cloud in the workloads stack: what the objects in the cluster need to know about the cloud.

Each cloud implements it in `terrace/<cloud>/workloads.py`, without the CDK: plain data that goes into Helm values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

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


ENTRY_PORTS: Mapping[Literal["https", "health"], int] = {"https": 8443, "health": 8080}
"""Ports of the gateway's pods, and of their Service."""
API_SERVER_PORTS = (range(443, 444), range(8443, 9444), range(10250, 10251))
"""Ports of pods to which the foundation's firewall admits the API server: extensions of the API, webhooks."""
ENTRY = "entry"
"""Name of the gateway, and of its Service."""

Party = Literal["kubernetes-api", "nodes", "database", "cache", "streams", "cloud", "entry"]
"""Who pods exchange traffic with outside the pod network: the API server; the nodes; PostgreSQL; the cache; managed
Kafka; private paths to the cloud's APIs and its object storage; the load balancer of the public entry."""


@dataclass(frozen=True)
class DatabaseLogin:
    """How the job that prepares the database logs in, and how modules log in by cloud identity.

    `password` of the job is the admin secret, or a token of its identity. `token` is a shell script for a container
    with curl: it prints a token of the pod's identity, with which the role $PGUSER logs in at $PGHOST:$PGPORT.
    `authority` is the URL of the certificate authorities of the server; empty if they are public, or unknown.
    `verified` is whether the server's certificate can be verified. `roles` is SQL that psql runs in the database
    `postgres`, with the plan in the variable `plan`. `reserved` are beginnings of names of the cloud's own roles, of
    which `administrators` may have rights on everything.
    """

    password: Literal["secret", "token"]
    token: str
    authority: str
    verified: bool
    roles: str
    reserved: tuple[str, ...]
    administrators: tuple[str, ...]


class CloudWorkloads(Protocol):
    """What the wiring reads of a cloud. Each function is pure; identities and references come from the outputs."""

    STORAGE_CLASS: str
    """The StorageClass of encrypted volumes."""

    METADATA: Sequence[Endpoint]
    """Endpoints from which pods with a cloud identity get their credentials."""

    NAME_SERVERS: Sequence[Endpoint]
    """Addresses of nodes at which pods ask for names, besides the pods of kube-dns."""

    API_PODS: Mapping[str, str]
    """Labels of the pods in kube-system through which the API server calls webhooks; none: it calls them itself."""

    CILIUM: bool
    """Whether Cilium enforces network policies, which needs policies of its own for traffic to nodes."""

    def ranges(self, network: str, services: str) -> Mapping[Party, tuple[str, ...]]:
        """The ranges of the parties in a network with the range `network`; `services` is `cluster.service_cidr`."""

    def storage_class(self, target: Target) -> Mapping[str, Any]:
        """`provisioner` and `parameters` of STORAGE_CLASS."""

    def database_login(self, outputs: Outputs, target: Target) -> DatabaseLogin:
        """How the job that prepares the database logs in."""

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
        `provider`, `plugin` (name of the image), `bucket`, `location` and `snapshots` settings; `entry`: how the load
        balancer of the public entry reaches the gateway's pods, which listen on ENTRY_PORTS: `service`, fields of their
        Service (`type`, `annotations` and others); `objects` to add, without a namespace; `checked_on`, the listener on
        which it asks for their health.
        """
