"""Who acts: pipelines by federation with GitHub, modules and components by workload identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from cdktn import TerraformResource
from cdktn_provider_google.dns_managed_zone_iam_member import DnsManagedZoneIamMember
from cdktn_provider_google.iam_workload_identity_pool import IamWorkloadIdentityPool
from cdktn_provider_google.iam_workload_identity_pool_provider import (
    IamWorkloadIdentityPoolProvider,
    IamWorkloadIdentityPoolProviderOidc,
)
from cdktn_provider_google.secret_manager_secret_iam_member import SecretManagerSecretIamMember
from cdktn_provider_google.service_account import ServiceAccount
from cdktn_provider_google.service_account_iam_member import ServiceAccountIamMember
from cdktn_provider_google.sql_user import SqlUser
from cdktn_provider_google.storage_bucket_iam_member import StorageBucketIamMember
from constructs import Construct

from terrace.capabilities.cache import CacheHandle
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec, ModuleSpec, PipelinesHandle, WorkloadIdentitiesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.secrets import SecretsHandle
from terrace.capabilities.spec import Access
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.iam import Grant
from terrace.gcp.providers import service

GITHUB = "token.actions.githubusercontent.com"

VERBS: Mapping[Access, str] = {"read": "roles/storage.objectViewer", "write": "roles/storage.objectUser"}
"""What an access to a layer's objects means; who writes tables must read and list them. Both read the bucket's keys
through Cloud Storage itself, which alone may use them (KEY-3)."""

_LOOKING = (
    "roles/artifactregistry.reader",
    "roles/backupdr.viewer",
    "roles/browser",
    "roles/certificatemanager.viewer",
    "roles/cloudasset.viewer",
    "roles/cloudkms.viewer",
    "roles/cloudscheduler.viewer",
    "roles/cloudsql.viewer",
    "roles/compute.viewer",
    "roles/container.clusterViewer",
    "roles/dns.reader",
    "roles/gkebackup.viewer",
    "roles/iam.securityReviewer",
    "roles/logging.viewer",
    "roles/memorystore.viewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/secretmanager.viewer",
    "roles/securitycenter.notificationConfigViewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
)
"""What a plan reads. None of them reads data: no object, no secret's value, no row."""

_CHANGING = (
    "roles/artifactregistry.admin",
    "roles/backupdr.admin",
    "roles/binaryauthorization.policyAdmin",
    "roles/certificatemanager.owner",
    "roles/cloudasset.owner",
    "roles/cloudkms.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/compute.admin",
    "roles/container.admin",
    "roles/dns.admin",
    "roles/essentialcontacts.admin",
    "roles/gkebackup.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.serviceAccountUser",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/memorystore.admin",
    "roles/monitoring.admin",
    "roles/networkconnectivity.consumerNetworkAdmin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/secretmanager.admin",
    "roles/securitycenter.notificationConfigEditor",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
)
"""What an apply of the foundation changes. Deny and organisation policies and the budget are granted above the project,
by the organisation: roles/iam.denyAdmin, roles/orgpolicy.policyAdmin, roles/billing.costsManager."""


class Component(NamedTuple):
    """A part of the platform that runs in the cluster; `account` is the service account of its chart, `zone` the names
    that it administers."""

    namespace: str
    account: str
    rights: Sequence[str]
    zone: str = ""


class Pipelines(Construct):
    """Service accounts for the repository's workflows: pull requests and the main branch plan, the environment's jobs
    apply. Source: IAM documentation, "Configure Workload Identity Federation with deployment pipelines".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        self._pool = IamWorkloadIdentityPool(
            self,
            "pool",
            workload_identity_pool_id=_pool_id(target),
            display_name="GitHub Actions",
            description=f"Workflows of {spec.repository}",
            depends_on=[service(self, "iam"), service(self, "sts")],
        )
        planners = (
            f"repo:{spec.repository}:pull_request",
            f"repo:{spec.repository}:ref:refs/heads/{spec.main_branch}",
        )
        # reads the state and locks it; on the project, as the bucket is there only where the state is remote
        state = Grant("roles/storage.objectUser", only=names.in_state_bucket(target))
        self._pipeline("plan", spec, target, planners, _LOOKING, state=state)
        self._pipeline("apply", spec, target, (f"repo:{spec.repository}:environment:{target.environment}",), _CHANGING)
        self.handle = PipelinesHandle(
            plan=names.role_email(target, "ci-plan"), apply=names.role_email(target, "ci-apply")
        )

    def _pipeline(
        self,
        name: str,
        spec: IdentitySpec,
        target: Target,
        subjects: Sequence[str],
        roles: Sequence[str],
        **more: Grant,
    ) -> None:
        provider = IamWorkloadIdentityPoolProvider(
            self,
            f"{name}-github",
            workload_identity_pool_id=self._pool.workload_identity_pool_id,
            workload_identity_pool_provider_id=f"github-{name}",
            display_name=f"GitHub, {name}",
            attribute_mapping={"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
            attribute_condition=_federated_trust(target, spec.repository, *subjects),  # ID-1
            oidc=IamWorkloadIdentityPoolProviderOidc(issuer_uri=f"https://{GITHUB}"),
        )
        grants = {role.removeprefix("roles/").replace(".", "-"): Grant(role) for role in roles} | more
        account = iam.role(self, name, target, purpose=f"ci-{name}", title=f"CI, {name}", grants=grants)
        pool = f"projects/{names.number(target)}/locations/global/workloadIdentityPools/{_pool_id(target)}"
        for subject in subjects:
            ServiceAccountIamMember(
                self,
                f"{name}-as-{subject.split(':', 2)[2].replace(':', '-').replace('/', '-')}",
                service_account_id=account.name,
                role="roles/iam.workloadIdentityUser",
                member=f"principal://iam.googleapis.com/{pool}/subject/{subject}",  # ID-1
                depends_on=[provider],
            )


class WorkloadIdentities(Construct):
    """A service account for each module and platform component, bound to its Kubernetes service account.

    A module gets what it declares and nothing else (LAKE-7): its layers and verbs, its secret, its login to the
    database and to the cache. external-secrets has no right at all: it reads as the module (SEC-3).
    """

    def __init__(
        self,
        scope: Construct,
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
    ) -> None:
        super().__init__(scope, id)
        for name, component in components(target, entry).items():
            grants = {role.removeprefix("roles/").replace(".", "-"): Grant(role) for role in component.rights}
            account = iam.role(self, name, target, purpose=name, title=f"{name} of {target.prefix}", grants=grants)
            self._bind(name, component.namespace, component.account, account, target, cluster)
            if component.zone:
                DnsManagedZoneIamMember(
                    self,
                    f"{name}-zone",
                    managed_zone=component.zone,
                    role="roles/dns.admin",
                    member=names.member(target, name),
                    depends_on=[account],
                )
        for name, module in modules.items():
            self._module(name, module, target, cluster, lake, database, cache, secrets)
        self.handle = WorkloadIdentitiesHandle(
            modules={name: names.role_email(target, f"module-{name}") for name in modules},
            platform={name: names.role_email(target, name) for name in components(target, entry)},
        )

    def _module(
        self,
        name: str,
        module: ModuleSpec,
        target: Target,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle,
        cache: CacheHandle,
        secrets: SecretsHandle,
    ) -> None:
        id, purpose = f"module-{name}", f"module-{name}"
        account = iam.role(
            self,
            id,
            target,
            purpose=purpose,
            title=f"{name} of {target.prefix}",
            grants=_module_grants(module, database=database, cache=cache),
        )
        member = names.member(target, purpose)
        for bucket, access in cast(Mapping[Bucket, Access], module.lake).items():
            StorageBucketIamMember(
                self,
                f"{id}-{bucket}",
                bucket=lake.names[bucket],
                role=VERBS[access],  # LAKE-7
                member=member,
                depends_on=[account, *lake.ready],
            )
        if name in secrets.modules:
            SecretManagerSecretIamMember(
                self,
                f"{id}-secret",
                secret_id=secrets.modules[name],
                role="roles/secretmanager.secretAccessor",  # SEC-3
                member=member,
                depends_on=[account, *secrets.ready],
            )
        if module.database:
            SqlUser(
                self,
                f"{id}-user",
                instance=database.instance,
                name=names.login_name(names.role_email(target, purpose)),
                type="CLOUD_IAM_SERVICE_ACCOUNT",  # SEC-2, DB-9
                deletion_policy="ABANDON",
                depends_on=[account, *database.ready],
            )
        self._bind(id, module.namespace or name, name, account, target, cluster)  # SEC-3

    def _bind(
        self, id: str, namespace: str, name: str, account: ServiceAccount, target: Target, cluster: ClusterHandle
    ) -> None:
        after = cast(Sequence[TerraformResource], cluster.ready)
        iam.pod_trust(self, f"{id}-identity", target, account, namespace=namespace, name=name, after=after)


def _federated_trust(target: Target, repository: str, *subjects: str) -> str:
    """Lets GitHub's jobs with exactly these subjects in (ID-1), as a condition in CEL."""
    owner = names.settings(target).github_owner_id
    conditions = [f"assertion.repository == '{repository}'"]
    if owner:
        conditions.append(f"assertion.repository_owner_id == '{owner}'")
    allowed = " || ".join(f"assertion.sub == '{subject}'" for subject in subjects)
    return " && ".join([*conditions, f"({allowed})"])


def _module_grants(module: ModuleSpec, *, database: DatabaseHandle, cache: CacheHandle) -> dict[str, Grant]:
    """A module's rights on the project, each narrowed to the one resource it is for."""
    grants: dict[str, Grant] = {}
    if module.database:
        kind = 'resource.type == "sqladmin.googleapis.com/Instance"'
        only = f'resource.name == "{database.login_resource}" && {kind}'
        grants["connect"] = Grant("roles/cloudsql.client", only)
        grants["login"] = Grant("roles/cloudsql.instanceUser", only)
    if module.cache:
        grants["cache"] = Grant("roles/memorystore.dbConnectionUser", f'resource.name == "{cache.id}"')  # CACHE-1
    return grants


def components(target: Target, entry: EntryHandle) -> dict[str, Component]:
    """What the platform runs for everybody, and its rights. GKE scales nodes and fills load balancers by itself."""
    return {
        "external-secrets": Component("external-secrets", "external-secrets", ()),  # SEC-3
        "external-dns": Component("external-dns", "external-dns", ("roles/dns.reader",), entry.dns_zone),
    }


def _pool_id(target: Target) -> str:
    """A deleted pool keeps its id for thirty days; 32 characters at most."""
    return names.short(f"{target.prefix}-github", 32)
