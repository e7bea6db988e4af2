"""Managed identities for modules and platform components, by workload identity (LAKE-7, SEC-3)."""

from collections.abc import Mapping
from typing import NamedTuple, cast

from cdktn import TerraformResource
from cdktn_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktn_provider_azurerm.managed_redis import ManagedRedis
from cdktn_provider_azurerm.managed_redis_access_policy_assignment import ManagedRedisAccessPolicyAssignment
from cdktn_provider_azurerm.role_definition import RoleDefinition
from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import iam, names
from terrace.azure import secrets as secret_names
from terrace.azure.database import ADMIN
from terrace.azure.names import below
from terrace.capabilities.cache import CacheHandle
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import BOOTSTRAP, LakeRight, ModuleAccess, ServiceAccount, WorkloadIdentitiesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.secrets import SecretsHandle
from terrace.capabilities.streams import StreamsHandle
from terrace.capabilities.target import Target

_READ_SECRET = "Key Vault Secrets User"


class _Rights(NamedTuple):
    """`role` on `on`."""

    role: str
    on: str


class WorkloadIdentities(Construct):
    """An identity for each module and platform component, bound to its service account by workload identity.

    A module gets exactly what is declared (LAKE-7): access to folders of the lake, its secrets, its user of the
    database and of the cache. external-secrets has no identity: it reads a module's secret with the module's service
    account (SEC-3). AKS manages autoscaling and load balancers itself.
    """

    def __init__(
        self,
        scope: Construct,
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
    ) -> None:
        super().__init__(scope, id)
        platform: dict[str, str] = {}
        for name, rights in components(target, entry).items():
            user = iam.identity(self, name, target, purpose=name)
            iam.grant(self, f"{name}-rights", user.principal_id, rights.role, on=rights.on)
            self._bind(name, accounts[name], user, cluster)
            platform[name] = user.client_id
        # the bootstrap job logs in as the server's administrator (DB-9, SEC-2)
        if database:
            platform[BOOTSTRAP] = database.login_resource
            FederatedIdentityCredential(
                self,
                f"{ADMIN}-identity",
                name="bootstrap",
                user_assigned_identity_id=names.identity_id(target, ADMIN),
                issuer=cluster.workload_identity,
                subject=iam.subject(*accounts[BOOTSTRAP]),
                audience=[iam.AUDIENCE],
                depends_on=list(database.ready),
            )
        roles: dict[str, str] = {}
        for name, module in modules.items():
            user = iam.identity(self, f"module-{name}", target, purpose=f"module-{name}")
            self._bind(f"module-{name}", ServiceAccount(module.namespace, name), user, cluster)  # SEC-3
            self._rights(name, module, user, target, lake=lake, cache=cache, streams=streams, secrets=secrets)
            roles[name] = user.client_id
        self.handle = WorkloadIdentitiesHandle(
            modules=roles,
            platform=platform,
            roles={
                name: names.identity(target, f"module-{name}") for name, module in modules.items() if module.database
            },
        )

    def _bind(self, id: str, account: ServiceAccount, identity: UserAssignedIdentity, cluster: ClusterHandle) -> None:
        subject = iam.subject(*account)
        iam.federate(self, f"{id}-identity", identity, issuer=cluster.workload_identity, subject=subject)

    def _role(self, right: LakeRight, target: Target) -> str | RoleDefinition:
        if right == "read":
            return names.BLOB_READER
        return iam.blob_writer(self, target) if right == "write" else iam.blob_adder(self, target)

    def _rights(
        self,
        name: str,
        module: ModuleAccess,
        identity: UserAssignedIdentity,
        target: Target,
        *,
        lake: LakeHandle,
        cache: CacheHandle | None,
        streams: StreamsHandle | None,
        secrets: SecretsHandle,
    ) -> None:
        ready = cast("list[TerraformResource]", list(lake.ready))
        for bucket, folders in cast(Mapping[Bucket, Mapping[str, LakeRight]], module.lake).items():
            for access in sorted(set(folders.values())):
                iam.grant(
                    self,
                    f"module-{name}-{bucket}-{access}",
                    identity.principal_id,
                    self._role(access, target),
                    on=lake.ids[bucket],
                    condition=below((folder for folder, given in folders.items() if given == access), access),  # LAKE-7
                    after=ready,
                )
        for purpose in ("app", *module.secrets) if name in secrets.modules else ():
            iam.grant(
                self,
                f"module-{name}-secret" if purpose == "app" else f"module-{name}-secret-{purpose}",
                identity.principal_id,
                _READ_SECRET,
                on=names.secret_id(target, secret_names.secret_name(name, target, purpose)),  # SEC-3
                after=list(secrets.ready),
            )
        if cache and module.cache:
            ManagedRedisAccessPolicyAssignment(  # CACHE-1
                self,
                f"module-{name}-cache",
                managed_redis_id=cache.id,
                object_id=identity.principal_id,
                lifecycle=iam.made_again_with(*(one for one in cache.ready if isinstance(one, ManagedRedis))),
                depends_on=list(cache.ready),
            )
        if streams is None:
            return
        for topic, access in module.topics.items():
            iam.grant(  # STREAM-3
                self,
                f"module-{name}-topic-{topic}",
                identity.principal_id,
                names.TOPIC_VERBS[access],
                on=streams.topics[topic],
                after=list(streams.ready),
            )


def components(target: Target, entry: EntryHandle | None) -> dict[str, _Rights]:
    """The platform components and their roles."""
    if entry is None:
        return {}
    return dict.fromkeys(("external-dns", "cert-manager"), _Rights("DNS Zone Contributor", entry.dns_zone))
