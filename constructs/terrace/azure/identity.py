"""Entra: pipelines by OIDC federation, modules and platform components by workload identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping
from typing import NamedTuple, cast

from cdktn import TerraformResource
from cdktn_provider_azurerm.federated_identity_credential import FederatedIdentityCredential
from cdktn_provider_azurerm.managed_redis_access_policy_assignment import ManagedRedisAccessPolicyAssignment
from cdktn_provider_azurerm.role_assignment import RoleAssignment
from cdktn_provider_azurerm.role_definition import RoleDefinition, RoleDefinitionPermissions
from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.azure import secrets as secret_names
from terrace.azure.database import ADMIN
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

GITHUB = "token.actions.githubusercontent.com"

VERBS: Mapping[Access, str] = {"read": "Storage Blob Data Reader", "write": "Storage Blob Data Contributor"}
"""What an access to a layer's objects means; who writes tables must read them."""
_BOOTSTRAP = ("terrace-system", "database-bootstrap")
"""Namespace and service account of the job that makes schemas, databases and roles (DB-9)."""
_READ_SECRET = "Key Vault Secrets User"
_OWNER, _ACCESS_ADMINISTRATOR, _RBAC_ADMINISTRATOR = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
)
"""Roles by which one could give oneself any other. Source: "Azure built-in roles", Privileged."""
_CHANGING = {
    "changes": "Contributor",
    "grants": "Role Based Access Control Administrator",
    "keys": "Key Vault Crypto Officer",
    "secrets": "Key Vault Secrets Officer",
    "certificates": "Key Vault Certificates Officer",
}
"""What applies may do in the environment's groups; `grants` under a condition (see no_privileged_roles)."""


class Component(NamedTuple):
    """A part of the platform that runs in the cluster; `account` is the service account of its chart, `role` what it
    may do on `on`."""

    namespace: str
    account: str
    role: str
    on: str


class Pipelines(Construct):
    """Identities for the repository's workflows: pull requests and the main branch plan, the environment's jobs apply.

    Source: GitHub documentation, "Configuring OpenID Connect in Azure".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        plan = iam.identity(self, "plan", target, purpose="ci-plan")
        apply = iam.identity(self, "apply", target, purpose="ci-apply")
        issuer, repository = f"https://{GITHUB}", f"repo:{spec.repository}"
        iam.federate(self, "pull-requests", plan, issuer=issuer, subject=f"{repository}:pull_request")  # ID-1
        main = f"{repository}:ref:refs/heads/{spec.main_branch}"
        iam.federate(self, "main-branch", plan, issuer=issuer, subject=main)  # ID-1
        jobs = f"{repository}:environment:{target.environment}"
        iam.federate(self, "environment", apply, issuer=issuer, subject=jobs)  # ID-1
        groups = {"home": providers.home(self).id}
        if target.recovery_region:
            groups["recovery"] = providers.recovery(self).id
        subscription = names.subscription(target)
        iam.grant(self, "plan-reads", plan.principal_id, "Reader", on=subscription)  # ID-1
        for place, group in groups.items():
            self._custom(f"planning-{place}", target, plan, group, _planning_rights())
            for id, role in _CHANGING.items():
                condition = _no_privileged_roles() if id == "grants" else None
                iam.grant(self, f"apply-{id}-{place}", apply.principal_id, role, on=group, condition=condition)
            self._custom(f"applying-{place}", target, apply, group, _applying_rights())
        self._custom("applying-subscription", target, apply, subscription, _subscription_rights())
        for name, who in {"plan": plan, "apply": apply}.items():
            # Terraform leases the state while it works, plans included
            role = "Storage Blob Data Contributor"
            iam.grant(self, f"{name}-state", who.principal_id, role, on=subscription, condition=_own_state(target))
        self.handle = PipelinesHandle(plan=plan.principal_id, apply=apply.principal_id)

    def _custom(
        self, id: str, target: Target, who: UserAssignedIdentity, group: str, rights: RoleDefinitionPermissions
    ) -> None:
        role = RoleDefinition(
            self,
            id,
            name=f"{target.prefix}-{id}",
            role_definition_id=names.guid(target, id),
            scope=group,
            assignable_scopes=[group],
            permissions=[rights],
        )
        RoleAssignment(
            self,
            f"{id}-role",
            scope=group,
            role_definition_id=role.role_definition_resource_id,
            principal_id=who.principal_id,
            principal_type="ServicePrincipal",
        )


class WorkloadIdentities(Construct):
    """An identity for each module and platform component, bound to its service account by workload identity.

    A module gets what it declares and nothing else (LAKE-7): its layers and verbs, its secret, its user of the database
    and of the cache. external-secrets has no identity: it reads a module's secret as the module's own service account
    (SEC-3). Autoscaling and load balancers are AKS's own.
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
        platform: dict[str, str] = {}
        for name, component in components(target, entry).items():
            made = iam.identity(self, name, target, purpose=name)
            iam.grant(self, f"{name}-rights", made.principal_id, component.role, on=component.on)
            self._bind(name, component.namespace, component.account, made, cluster)
            platform[name] = made.client_id
        # the bootstrap job logs in as the server's administrator (DB-9, SEC-2)
        platform[ADMIN] = database.login_resource
        FederatedIdentityCredential(
            self,
            f"{ADMIN}-identity",
            name="bootstrap",
            user_assigned_identity_id=names.identity_id(target, ADMIN),
            issuer=cluster.workload_identity,
            subject=iam.subject(*_BOOTSTRAP),
            audience=[iam.AUDIENCE],
            depends_on=list(database.ready),
        )
        roles: dict[str, str] = {}
        for name, module in modules.items():
            made = iam.identity(self, f"module-{name}", target, purpose=f"module-{name}")
            self._bind(f"module-{name}", module.namespace or name, name, made, cluster)  # SEC-3
            self._rights(name, module, made, target, lake=lake, cache=cache, secrets=secrets)
            roles[name] = made.client_id
        self.handle = WorkloadIdentitiesHandle(modules=roles, platform=platform)

    def _bind(
        self, id: str, namespace: str, account: str, identity: UserAssignedIdentity, cluster: ClusterHandle
    ) -> None:
        subject = iam.subject(namespace, account)
        iam.federate(self, f"{id}-identity", identity, issuer=cluster.workload_identity, subject=subject)

    def _rights(
        self,
        name: str,
        module: ModuleSpec,
        identity: UserAssignedIdentity,
        target: Target,
        *,
        lake: LakeHandle,
        cache: CacheHandle,
        secrets: SecretsHandle,
    ) -> None:
        ready = cast("list[TerraformResource]", list(lake.ready))
        for bucket, access in cast(Mapping[Bucket, Access], module.lake).items():
            iam.grant(
                self,
                f"module-{name}-{bucket}",
                identity.principal_id,
                VERBS[access],
                on=lake.ids[bucket],  # LAKE-7
                after=ready,
            )
        if name in secrets.modules:
            iam.grant(
                self,
                f"module-{name}-secret",
                identity.principal_id,
                _READ_SECRET,
                on=names.secret_id(target, secret_names.secret_name(name)),  # SEC-3
                after=list(secrets.ready),
            )
        if module.cache:
            ManagedRedisAccessPolicyAssignment(  # CACHE-1
                self,
                f"module-{name}-cache",
                managed_redis_id=cache.id,
                object_id=identity.principal_id,
                depends_on=list(cache.ready),
            )


def _planning_rights() -> RoleDefinitionPermissions:
    """What a plan needs beyond Reader: keys, certificates and rotation policies as they are, and no secret's value but
    those it compares, whose values it gets to see and drops (they are write-only)."""
    return RoleDefinitionPermissions(
        actions=["Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
        data_actions=[
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    )


def _applying_rights() -> RoleDefinitionPermissions:
    """What Contributor leaves out and the foundation needs: locks, policies, and roles of its own."""
    return RoleDefinitionPermissions(
        actions=[
            "Microsoft.Authorization/locks/*",
            "Microsoft.Authorization/policyAssignments/*",
            "Microsoft.Authorization/roleDefinitions/delete",
            "Microsoft.Authorization/roleDefinitions/write",
        ]
    )


def _no_privileged_roles() -> str:
    """A condition: assignments of roles by which one could give oneself any other are refused, made or removed."""
    privileged = ", ".join((_OWNER, _ACCESS_ADMINISTRATOR, _RBAC_ADMINISTRATOR))
    parts = []
    for action, source in (("write", "Request"), ("delete", "Resource")):
        parts.append(
            f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR"
            f" (@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
            f" ForAnyOfAllValues:GuidNotEquals {{{privileged}}}))"
        )
    return " AND ".join(parts)


def _subscription_rights() -> RoleDefinitionPermissions:
    """What lies outside the groups: the record of calls, Defender, the baseline, the budget, flow logs."""
    return RoleDefinitionPermissions(
        actions=[
            "*/read",
            "Microsoft.Authorization/policyAssignments/*",
            "Microsoft.Consumption/budgets/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/networkWatchers/flowLogs/*",
            "Microsoft.Security/pricings/write",
            "Microsoft.Security/securityContacts/*",
        ]
    )


def _own_state(target: Target) -> str:
    """A condition: blobs of the environment alone, in the account of states; it may not exist yet, so no scope can
    name it. Source: "Actions and attributes for Azure role assignment conditions for Azure Blob Storage"."""
    account, blobs = "Microsoft.Storage/storageAccounts", "blobServices/containers/blobs"
    return (
        f"((!(ActionMatches{{'{account}/{blobs}/*'}})) OR"
        f" (@Resource[{account}:name] StringEquals '{names.state_bucket(target)}'"
        f" AND @Resource[{account}/blobServices/containers:name] StringEquals 'state'"
        f" AND @Resource[{account}/{blobs}:path] StringLike '{target.environment}/*'))"
    )


def components(target: Target, entry: EntryHandle) -> dict[str, Component]:
    """What the platform runs for everybody, and its rights."""
    return {
        "external-dns": Component("external-dns", "external-dns", "DNS Zone Contributor", entry.dns_zone),
        "cert-manager": Component("cert-manager", "cert-manager", "DNS Zone Contributor", entry.dns_zone),
    }
