"""The seam between the platform and the clouds: what each cloud's `platform` module offers.

`stacks/foundation.py` composes through this and nothing else. Each constructor takes the scope, an id, the capability's
spec, the target, and the handles of what it stands on; each instance carries its `handle`.
"""

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Literal, Protocol, get_args

from terrace.capabilities.audit import AuditHandle, AuditSpec
from terrace.capabilities.backup import BackupHandle, BackupSpec
from terrace.capabilities.cache import CacheHandle, CacheSpec
from terrace.capabilities.cluster import ClusterHandle, ClusterSpec, PoolSpec
from terrace.capabilities.cost import CostHandle, CostSpec
from terrace.capabilities.database import DatabaseHandle, DatabaseSpec
from terrace.capabilities.entry import EntryHandle, EntrySpec
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.hybrid import HybridHandle, HybridSpec
from terrace.capabilities.identity import IdentitySpec, ModuleSpec, PipelinesHandle, WorkloadIdentitiesHandle
from terrace.capabilities.keys import KeysHandle, KeysSpec
from terrace.capabilities.lake import LakeHandle, LakeSpec
from terrace.capabilities.network import NetworkHandle, NetworkSpec
from terrace.capabilities.observability import ObservabilityHandle, ObservabilitySpec
from terrace.capabilities.registry import RegistryHandle, RegistrySpec
from terrace.capabilities.secrets import SecretsHandle, SecretsSpec
from terrace.capabilities.target import Target
from terrace.errors import UsageError

CloudName = Literal["aws", "azure", "gcp"]
CLOUDS: tuple[CloudName, ...] = get_args(CloudName)
TITLES: Mapping[str, str] = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud"}


def implementation(package: str, cloud: str) -> ModuleType:
    """The module of one cloud in a package: `implementation("terrace.live", "aws")` is `terrace.live.aws`.

    The only place that imports a cloud by name, so that callers need no branch for one. Raises UsageError for a cloud
    that is not in CLOUDS.
    """
    if cloud not in CLOUDS:
        raise UsageError(f"unknown cloud {cloud!r}", hint=f"one of {', '.join(CLOUDS)}")
    head, _, tail = package.partition(":")
    return importlib.import_module(f"{head}.{cloud}{f'.{tail}' if tail else ''}")


# A scope is the CDK's Construct; this layer does not import the CDK, so that validating stays quick.
Scope = Any


class _Keys(Protocol):
    handle: KeysHandle


class _Governance(Protocol):
    handle: GovernanceHandle


class _Observability(Protocol):
    handle: ObservabilityHandle


class _Lake(Protocol):
    handle: LakeHandle


class _Pipelines(Protocol):
    handle: PipelinesHandle


class _Network(Protocol):
    handle: NetworkHandle


class _Entry(Protocol):
    handle: EntryHandle


class _Hybrid(Protocol):
    handle: HybridHandle


class _Audit(Protocol):
    handle: AuditHandle


class _Cluster(Protocol):
    handle: ClusterHandle


class _Registry(Protocol):
    handle: RegistryHandle


class _Database(Protocol):
    handle: DatabaseHandle


class _Cache(Protocol):
    handle: CacheHandle


class _Secrets(Protocol):
    handle: SecretsHandle


class _WorkloadIdentities(Protocol):
    handle: WorkloadIdentitiesHandle


class _Backup(Protocol):
    handle: BackupHandle


class _Cost(Protocol):
    handle: CostHandle


class Cloud(Protocol):
    """One cloud. Every method makes constructs below `scope`/`id`; repeated with equal input it makes equal ones."""

    VERSIONS: Mapping[str, str]
    """Provider to the range of versions that its constructs validate under."""

    def configure(self, stack: Scope, target: Target) -> None:
        """Give the stack its providers; they refuse any account but the target's."""

    def remote_state(self, environment: Any, target: Target, layer: str) -> tuple[str, dict[str, Any]]:
        """Terraform's backend for remote state (s3, azurerm, gcs) and its arguments."""

    def Keys(self, scope: Scope, id: str, spec: KeysSpec, target: Target) -> _Keys: ...

    def Governance(self, scope: Scope, id: str, target: Target, *, keys: KeysHandle) -> _Governance: ...

    def Observability(
        self, scope: Scope, id: str, spec: ObservabilitySpec, target: Target, *, keys: KeysHandle, audit_days: int
    ) -> _Observability: ...

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
    ) -> _Lake: ...

    def Pipelines(
        self, scope: Scope, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> _Pipelines: ...

    def Network(
        self,
        scope: Scope,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        api_ranges: Mapping[str, str],
        governance: GovernanceHandle,
        observability: ObservabilityHandle,
    ) -> _Network: ...

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
    ) -> _Entry: ...

    def Hybrid(self, scope: Scope, id: str, spec: HybridSpec, target: Target, *, network: NetworkHandle) -> _Hybrid: ...

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
    ) -> _Audit: ...

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
        pipelines: PipelinesHandle,
    ) -> _Cluster: ...

    def Registry(
        self, scope: Scope, id: str, spec: RegistrySpec, target: Target, *, modules: Sequence[str], keys: KeysHandle
    ) -> _Registry: ...

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
    ) -> _Database: ...

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
    ) -> _Cache: ...

    def Secrets(
        self,
        scope: Scope,
        id: str,
        spec: SecretsSpec,
        target: Target,
        *,
        modules: Sequence[str],
        keys: KeysHandle,
        database: DatabaseHandle,
    ) -> _Secrets: ...

    def WorkloadIdentities(
        self,
        scope: Scope,
        id: str,
        modules: Mapping[str, ModuleSpec],
        target: Target,
        *,
        keys: KeysHandle,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle,
        cache: CacheHandle,
        secrets: SecretsHandle,
        entry: EntryHandle,
        governance: GovernanceHandle,
    ) -> _WorkloadIdentities: ...

    def Backup(
        self,
        scope: Scope,
        id: str,
        spec: BackupSpec,
        target: Target,
        *,
        keys: KeysHandle,
        cluster: ClusterHandle,
        database: DatabaseHandle,
        lake: LakeHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
        pipelines: PipelinesHandle,
    ) -> _Backup: ...

    def Cost(
        self,
        scope: Scope,
        id: str,
        spec: CostSpec,
        target: Target,
        *,
        pools: Mapping[str, PoolSpec],
        keys: KeysHandle,
        cluster: ClusterHandle,
        database: DatabaseHandle,
        observability: ObservabilityHandle,
        governance: GovernanceHandle,
    ) -> _Cost: ...

    def Alarms(
        self,
        scope: Scope,
        id: str,
        spec: ObservabilitySpec,
        target: Target,
        *,
        database_spec: DatabaseSpec,
        cache_spec: CacheSpec,
        network: NetworkHandle,
        entry: EntryHandle,
        cluster: ClusterHandle,
        database: DatabaseHandle,
        cache: CacheHandle,
        observability: ObservabilityHandle,
        audit: AuditHandle,
    ) -> object: ...
