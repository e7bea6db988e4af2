"""Own resources of a project in its foundation: the function that makes them, and what they open and grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from terrace.capabilities.access import Protocol, Verb
from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.backup import BackupHandle
from terrace.capabilities.cache import CacheHandle
from terrace.capabilities.cloud import CloudName
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import WorkloadIdentitiesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import LakeHandle
from terrace.capabilities.network import NetworkHandle
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.registry import RegistryHandle
from terrace.capabilities.secrets import SecretsHandle
from terrace.capabilities.spec import Spec
from terrace.capabilities.streams import StreamsHandle

EXTENSIONS = "extensions"
"""What the path of every resource of an extension begins with."""

Words = Annotated[str, Field(min_length=1, max_length=200)]
Reason = Annotated[str, Field(min_length=10, max_length=200)]


class DeclaredGrant(Spec):
    """A right that the resources give, in the words of the access model."""

    principal: Words
    """Who has the right."""
    verb: Verb
    """What it may do."""
    object: Words
    """What it may do that to."""
    reason: Reason
    """Why."""


class DeclaredPath(Spec):
    """Traffic that the resources allow, in the words of the access model."""

    source: Words
    """Where it comes from."""
    destination: Words
    """Where it goes to."""
    protocol: Protocol = "tcp"
    """Protocol."""
    port: Annotated[int, Field(ge=1, le=65535)]
    """Port."""
    reason: Reason
    """Why."""


class ExtensionSpec(Spec):
    """Own resources in the foundation."""

    function: Annotated[str, Field(pattern=r"^stacks\.[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$")]
    """The function that makes them, as stacks.FILE:FUNCTION. It gets a scope, the handles and the target."""
    grants: tuple[DeclaredGrant, ...] = ()
    """Rights that they give. What is not listed is a difference."""
    paths: tuple[DeclaredPath, ...] = ()
    """Traffic that they allow. What is not listed is a difference."""
    no_access: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,79}$")], Reason] = {}
    """Types of resources that the access model does not know, and why they open no path and give no right."""


@dataclass(frozen=True)
class Handles:
    """What the capabilities of a foundation offer to an extension; None is a capability that is left out."""

    cloud: CloudName
    keys: KeysHandle
    governance: GovernanceHandle
    observability: ObservabilityHandle
    lake: LakeHandle
    audit: AuditHandle
    network: NetworkHandle
    entry: EntryHandle | None
    cluster: ClusterHandle | None
    registry: RegistryHandle | None
    database: DatabaseHandle | None
    cache: CacheHandle | None
    streams: StreamsHandle | None
    secrets: SecretsHandle
    workloads: WorkloadIdentitiesHandle | None
    backup: BackupHandle
