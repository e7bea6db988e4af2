"""Service accounts for modules and platform components, by workload identity (LAKE-7, SEC-3)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from cdktn import TerraformResource
from cdktn_provider_google.dns_managed_zone_iam_member import DnsManagedZoneIamMember
from cdktn_provider_google.managed_kafka_acl import ManagedKafkaAcl, ManagedKafkaAclAclEntries
from cdktn_provider_google.secret_manager_secret_iam_member import SecretManagerSecretIamMember
from cdktn_provider_google.service_account import ServiceAccount as GoogleServiceAccount
from cdktn_provider_google.sql_user import SqlUser
from constructs import Construct

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
from terrace.gcp import iam, names
from terrace.gcp.database import ADMIN
from terrace.gcp.iam import Grant

VERBS: Mapping[LakeRight, str] = {
    "read": "roles/storage.objectViewer",
    "write": "roles/storage.objectUser",
    "add": "roles/storage.objectCreator",
}
"""The role of an access; writing tables includes reading and listing them. Only Cloud Storage itself uses the bucket's
keys (KEY-3)."""


class _Rights(NamedTuple):
    """Roles on the project, and the DNS zone to administer."""

    roles: Sequence[str] = ()
    zone: str = ""


class WorkloadIdentities(Construct):
    """A service account for each module and platform component, bound to its Kubernetes service account.

    A module gets exactly what is declared (LAKE-7): access to folders of the lake, its secrets, its login to the
    database and to the cache. external-secrets has no roles: it reads a secret as the module (SEC-3).
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
        for name, rights in components(target, entry).items():
            grants = {role.removeprefix("roles/").replace(".", "-"): Grant(role) for role in rights.roles}
            account = iam.role(self, name, target, purpose=name, title=f"{name} of {target.prefix}", grants=grants)
            self._bind(name, accounts[name], account, target, cluster)
            if rights.zone:
                DnsManagedZoneIamMember(
                    self,
                    f"{name}-zone",
                    managed_zone=rights.zone,
                    role="roles/dns.admin",
                    member=names.member(target, name),
                    lifecycle=iam.made_again_with(*entry.ready) if entry and entry.ready else None,
                    depends_on=[account],
                )
        # the bootstrap job logs in as the server's administrator (DB-9, SEC-2)
        if database:
            (admin,) = database.admin_ready
            self._bind(BOOTSTRAP, accounts[BOOTSTRAP], admin, target, cluster)
        for name, module in modules.items():
            self._module(name, module, target, cluster, lake, database, cache, streams, secrets)
        if streams:
            self._topics(modules, target, streams)
        self.handle = WorkloadIdentitiesHandle(
            modules={name: names.role_email(target, f"module-{name}") for name in modules},
            platform={name: names.role_email(target, name) for name in components(target, entry)}
            | ({BOOTSTRAP: names.role_email(target, ADMIN)} if database else {}),
            roles={
                name: names.login_name(names.role_email(target, f"module-{name}"))
                for name, module in modules.items()
                if module.database
            },
        )

    def _module(
        self,
        name: str,
        module: ModuleAccess,
        target: Target,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle | None,
        cache: CacheHandle | None,
        streams: StreamsHandle | None,
        secrets: SecretsHandle,
    ) -> None:
        id, purpose = f"module-{name}", f"module-{name}"
        account = iam.role(
            self,
            id,
            target,
            purpose=purpose,
            title=f"{name} of {target.prefix}",
            grants=_module_grants(module, database=database, cache=cache, streams=streams),
        )
        member = names.member(target, purpose)
        for bucket, folders in cast(Mapping[Bucket, Mapping[str, LakeRight]], module.lake).items():
            for folder, access in folders.items():
                iam.bucket_right(
                    self,
                    f"{id}-{bucket}-{folder}",
                    bucket,
                    lake=lake,
                    role=VERBS[access],
                    member=member,
                    only=names.below(target, bucket, folder),  # LAKE-7
                    depends_on=[account, *lake.ready],
                )
        for secret in ("app", *module.secrets) if name in secrets.modules else ():
            SecretManagerSecretIamMember(
                self,
                f"{id}-secret" if secret == "app" else f"{id}-secret-{secret}",
                secret_id=names.secret(target, f"{name}-{secret}"),
                role="roles/secretmanager.secretAccessor",  # SEC-3
                member=member,
                depends_on=[account, *secrets.ready],
            )
        if database and module.database:
            SqlUser(
                self,
                f"{id}-user",
                instance=database.instance,
                name=names.login_name(names.role_email(target, purpose)),
                type="CLOUD_IAM_SERVICE_ACCOUNT",  # SEC-2, DB-9
                deletion_policy="ABANDON",
                depends_on=[account, *database.ready],
            )
        self._bind(id, ServiceAccount(module.namespace, name), account, target, cluster)  # SEC-3

    def _topics(self, modules: Mapping[str, ModuleAccess], target: Target, streams: StreamsHandle) -> None:
        """STREAM-3: what each module may do with topics, and with groups of consumers and transactions whose names are
        its own or begin with it and a dot."""
        lists: dict[str, list[tuple[str, str]]] = {}
        for name, module in modules.items():
            member = f"User:{names.role_email(target, f'module-{name}')}"
            for topic, access in module.topics.items():
                lists.setdefault(f"topic/{topic}", []).extend((member, verb) for verb in names.TOPIC_VERBS[access])
            for own in (f"/{name}", f"Prefixed/{name}.") if module.topics else ():
                lists[f"consumerGroup{own}"] = [(member, "DESCRIBE"), (member, "READ")]
                lists[f"transactionalId{own}"] = [(member, "DESCRIBE"), (member, "WRITE")]
        for acl, entries in sorted(lists.items()):
            ManagedKafkaAcl(
                self,
                f"topics-{acl.replace('/', '-').rstrip('.')}",
                acl_id=acl,
                cluster=streams.instance,
                location=target.region,
                acl_entries=[
                    ManagedKafkaAclAclEntries(principal=member, operation=verb, permission_type="ALLOW", host="*")
                    for member, verb in entries
                ],
                depends_on=list(streams.ready),
            )

    def _bind(
        self, id: str, pod: ServiceAccount, account: GoogleServiceAccount, target: Target, cluster: ClusterHandle
    ) -> None:
        after = cast(Sequence[TerraformResource], cluster.ready)
        iam.pod_trust(self, f"{id}-identity", target, account, namespace=pod.namespace, name=pod.name, after=after)


def _module_grants(
    module: ModuleAccess,
    *,
    database: DatabaseHandle | None,
    cache: CacheHandle | None,
    streams: StreamsHandle | None,
) -> dict[str, Grant]:
    """A module's roles on the project, each limited to one resource."""
    grants: dict[str, Grant] = {}
    if database and module.database:
        kind = 'resource.type == "sqladmin.googleapis.com/Instance"'
        only = f'resource.name == "{database.login_resource}" && {kind}'
        grants["connect"] = Grant("roles/cloudsql.client", only)
        grants["login"] = Grant("roles/cloudsql.instanceUser", only)
    if cache and module.cache:
        grants["cache"] = Grant("roles/memorystore.dbConnectionUser", f'resource.name == "{cache.id}"')  # CACHE-1
    if streams and module.topics:
        grants["streams"] = Grant("roles/managedkafka.client")  # STREAM-3: it connects; the cluster's lists say to what
    return grants


def components(target: Target, entry: EntryHandle | None) -> dict[str, _Rights]:
    """The platform components and their roles. GKE manages autoscaling and load balancers itself."""
    table = {"external-secrets": _Rights()}  # SEC-3
    if entry:
        table |= dict.fromkeys(("external-dns", "cert-manager"), _Rights(("roles/dns.reader",), entry.dns_zone))
    return table
