"""What the stacks in `terrace.stacks` compose: the constructs that the `platform` module of every cloud exports.

Each method takes the scope, an id, the capability's spec, the target and the handles of the capabilities that it
depends on; None is a capability that the environment leaves out. `without` are the parties of such capabilities.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.backup import BackupHandle, BackupSpec
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle, ClusterSpec, PoolSpec
from terrace.capabilities.cost import CostHandle, CostSpec
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.entry import EntryHandle, EntrySpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.hybrid import HybridHandle, HybridSpec
from terrace.capabilities.identity import (
    IdentitySpec,
    LakeAccess,
    ModuleAccess,
    ServiceAccount,
    WorkloadIdentitiesHandle,
)
from terrace.capabilities.keys import KeysHandle, KeysSpec
from terrace.capabilities.lake import ExtraBucketHandle, LakeHandle, LakeSpec, LifecycleSpec
from terrace.capabilities.network import Group, NetworkHandle, NetworkSpec
from terrace.capabilities.observability import ObservabilityHandle, ObservabilitySpec
from terrace.capabilities.registry import RegistryHandle, RegistrySpec
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.streams import StreamsHandle, StreamsSpec, TopicSpec
from terrace.capabilities.target import Target

HandleT_co = TypeVar("HandleT_co", covariant=True)

Scope = Any  # the CDK's Construct; this layer does not import the CDK, so that validating an environment stays fast


class Built(Protocol[HandleT_co]):
    """A construct of a capability: its handle is what the other capabilities read."""

    @property
    def handle(self) -> HandleT_co: ...


class Platform(Protocol):
    """The constructs of one cloud. Each capability's resources are below `scope`/`id`; equal input, equal resources."""

    def configure(self, stack: Scope, target: Target) -> None:
        """Give the stack its providers; they refuse any account but the target's."""

    def Ceiling(self, scope: Scope, id: str, target: Target) -> Built[GovernanceHandle]: ...

    def Pipelines(
        self,
        scope: Scope,
        id: str,
        spec: IdentitySpec,
        target: Target,
        *,
        streams: bool,
        governance: GovernanceHandle,
    ) -> object:
        """`streams`: whether the pipelines make managed streams."""

    def Keys(self, scope: Scope, id: str, spec: KeysSpec, target: Target, *, streams: bool) -> Built[KeysHandle]:
        """`streams`: whether the key of events is that of the managed streams, too."""

    def Governance(self, scope: Scope, id: str, target: Target, *, keys: KeysHandle) -> Built[GovernanceHandle]: ...

    def Observability(
        self, scope: Scope, id: str, spec: ObservabilitySpec, target: Target, *, keys: KeysHandle, audit_days: int
    ) -> Built[ObservabilityHandle]: ...

    def Lake(
        self,
        scope: Scope,
        id: str,
        spec: LakeSpec,
        target: Target,
        *,
        audit_days: int,
        keys: KeysHandle,
        governance: GovernanceHandle,
    ) -> Built[LakeHandle]: ...

    def Network(
        self,
        scope: Scope,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        api_ranges: Mapping[str, str],
        without: Collection[Group],
        governance: GovernanceHandle,
        observability: ObservabilityHandle,
    ) -> Built[NetworkHandle]: ...

    def Entry(
        self,
        scope: Scope,
        id: str,
        spec: EntrySpec,
        target: Target,
        *,
        network: NetworkHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
    ) -> Built[EntryHandle]: ...

    def Hybrid(
        self, scope: Scope, id: str, spec: HybridSpec, target: Target, *, network: NetworkHandle
    ) -> Built[HybridHandle]: ...

    def Audit(
        self,
        scope: Scope,
        id: str,
        spec: AuditSpec,
        target: Target,
        *,
        keys: KeysHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> Built[AuditHandle]: ...

    def Cluster(
        self,
        scope: Scope,
        id: str,
        spec: ClusterSpec,
        target: Target,
        *,
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> Built[ClusterHandle]: ...

    def Registry(
        self, scope: Scope, id: str, spec: RegistrySpec, target: Target, *, modules: Sequence[str], keys: KeysHandle
    ) -> Built[RegistryHandle]: ...

    def Database(
        self,
        scope: Scope,
        id: str,
        spec: DatabaseSpec,
        target: Target,
        *,
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> Built[DatabaseHandle]: ...

    def Cache(
        self,
        scope: Scope,
        id: str,
        spec: CacheSpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> Built[CacheHandle]: ...

    def Streams(
        self,
        scope: Scope,
        id: str,
        spec: StreamsSpec,
        target: Target,
        *,
        topics: Mapping[str, TopicSpec],
        keys: KeysHandle,
        network: NetworkHandle,
        observability: ObservabilityHandle,
    ) -> Built[StreamsHandle]: ...

    def Secrets(
        self,
        scope: Scope,
        id: str,
        spec: SecretsSpec,
        target: Target,
        *,
        modules: Mapping[str, ModuleAccess],
        keys: KeysHandle,
        database: DatabaseHandle | None,
    ) -> Built[SecretsHandle]: ...

    def People(
        self,
        scope: Scope,
        id: str,
        groups: Mapping[str, LakeAccess],
        target: Target,
        *,
        keys: KeysHandle,
        lake: LakeHandle,
        governance: GovernanceHandle,
    ) -> object:
        """`groups` of people that read files of the lake."""

    def WorkloadIdentities(
        self,
        scope: Scope,
        id: str,
        modules: Mapping[str, ModuleAccess],
        target: Target,
        *,
        accounts: Mapping[str, ServiceAccount],
        keys: KeysHandle,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle | None,
        cache: CacheHandle | None,
        streams: StreamsHandle | None,
        secrets: SecretsHandle,
        entry: EntryHandle | None,
        governance: GovernanceHandle,
    ) -> Built[WorkloadIdentitiesHandle]: ...

    def Backup(
        self,
        scope: Scope,
        id: str,
        spec: BackupSpec,
        target: Target,
        *,
        accounts: Mapping[str, ServiceAccount],
        keys: KeysHandle,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> Built[BackupHandle]: ...

    def Cost(
        self,
        scope: Scope,
        id: str,
        spec: CostSpec,
        target: Target,
        *,
        pools: Mapping[str, PoolSpec],
        keys: KeysHandle,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> Built[CostHandle]: ...

    def Alarms(
        self,
        scope: Scope,
        id: str,
        spec: ObservabilitySpec,
        target: Target,
        *,
        database_spec: DatabaseSpec | None,
        cache_spec: CacheSpec | None,
        network: NetworkHandle,
        entry: EntryHandle | None,
        cluster: ClusterHandle | None,
        database: DatabaseHandle | None,
        cache: CacheHandle | None,
        observability: ObservabilityHandle,
        audit: AuditHandle,
    ) -> object: ...

    def ExtraBucket(
        self, scope: Scope, id: str, target: Target, *, lifecycle: LifecycleSpec, keys: KeysHandle, lake: LakeHandle
    ) -> Built[ExtraBucketHandle]:
        """A bucket for an extension; `id` is its name without the prefix."""
