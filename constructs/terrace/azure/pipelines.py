"""Managed identities for CI pipelines, by OIDC federation with the CI system (ID-1)."""

from cdktn_provider_azurerm.resource_group import ResourceGroup
from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.azure.permissions import CREATE_BLOBS, WRITE_STATE, Permissions
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec
from terrace.capabilities.target import Target

_CHANGING = {
    "changes": "Contributor",
    "grants": "Role Based Access Control Administrator",
    "keys": "Key Vault Crypto Officer",
    "secrets": "Key Vault Secrets Officer",
    "certificates": "Key Vault Certificates Officer",
}
"""Roles of the apply identity on the environment's groups; `grants` has a condition (see _no_privileged_roles)."""


class Pipelines(Construct):
    """Identities for the repository's jobs: pull requests and the main branch plan, the environment's jobs apply.

    They are in a group of their own: the apply identity is a Contributor of the environment's groups, so in one of
    these it could add a federated credential to itself.
    Source: Microsoft Entra documentation, "Configure a user-assigned managed identity to trust an external identity
    provider".
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: IdentitySpec,
        target: Target,
        *,
        streams: bool,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        own = ResourceGroup(
            self, "group", name=names.pipelines_group(target), location=target.region, tags=dict(target.tags)
        )
        plan = iam.identity(self, "plan", target, purpose="ci-plan", group=own)
        apply = iam.identity(self, "apply", target, purpose="ci-apply", group=own)
        for pipeline, jobs in spec.jobs(target.environment, target.tier).items():
            for job in jobs:
                identity = {"plan": plan, "apply": apply}[pipeline]
                iam.federate(self, job.name, identity, issuer=spec.issuer, subject=job.subject)  # ID-1
        groups = {"home": providers.home(self, target).id}
        if target.recovery_region:
            groups["recovery"] = providers.recovery(self, target).id
        for one, who, role in (("apply", apply, "Cluster Admin"), ("plan", plan, "Reader")):
            role = f"Azure Kubernetes Service RBAC {role}"
            iam.grant(self, f"{one}-cluster", who.principal_id, role, on=groups["home"])  # K8S-5
        subscription = names.subscription(target)
        iam.grant(self, "plan-reads", plan.principal_id, "Reader", on=subscription)  # ID-1
        for place, group in groups.items():
            self._custom(f"planning-{place}", target, plan, group, _planning_rights())
            for id, role in _CHANGING.items():
                condition = _no_privileged_roles() if id == "grants" else None
                iam.grant(self, f"apply-{id}-{place}", apply.principal_id, role, on=group, condition=condition)
            self._custom(f"applying-{place}", target, apply, group, _applying_rights())
        self._custom("applying-subscription", target, apply, subscription, _subscription_rights())
        self._state(plan, apply, target)

    def _state(self, plan: UserAssignedIdentity, apply: UserAssignedIdentity, target: Target) -> None:
        """A plan reads its states without a lease and creates bundles; an apply writes both."""
        # on the subscription, since the account of states is outside the groups and may not exist yet
        place = names.subscription(target)
        own = f"{target.environment}/"
        reading = _state_condition(target, "read", f"{own}*", listed=own)
        iam.grant(self, "plan-state", plan.principal_id, names.BLOB_READER, on=place, condition=reading)  # ID-1
        creating = _state_condition(target, "add/action", names.plan_bundles(target))
        bundles = iam.role(self, "bundle-creator", target, CREATE_BLOBS, on=place)
        iam.grant(self, "plan-bundles", plan.principal_id, bundles, on=place, condition=creating)  # ID-1
        writer = iam.role(self, "state-writer", target, WRITE_STATE, on=place)
        writing = _state_condition(target, "*", f"{own}*", listed=own)
        iam.grant(self, "apply-state", apply.principal_id, writer, on=place, condition=writing)
        if target.remote_state:
            # the public half of the key seals a bundle
            vault = names.state_vault_id(target)
            iam.grant(self, "plan-seals", plan.principal_id, "Key Vault Reader", on=vault)
            iam.grant(self, "apply-unseals", apply.principal_id, "Key Vault Crypto Service Encryption User", on=vault)

    def _custom(self, id: str, target: Target, who: UserAssignedIdentity, group: str, permissions: Permissions) -> None:
        role = iam.role(self, id, target, permissions, on=group)
        iam.grant(self, f"{id}-role", who.principal_id, role, on=group)


def _planning_rights() -> Permissions:
    """What a plan needs beyond Reader: keys, certificates, rotation policies, and the values of secrets, which the
    provider reads for the comparison and discards (they are write-only)."""
    return Permissions(
        actions=("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",),
        data_actions=(
            "Microsoft.KeyVault/vaults/certificates/read",
            "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
            "Microsoft.KeyVault/vaults/keys/read",
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ),
    )


def _applying_rights() -> Permissions:
    """What the foundation needs beyond Contributor: locks, policies and custom roles."""
    return Permissions(
        actions=(
            "Microsoft.Authorization/locks/*",
            "Microsoft.Authorization/policyAssignments/*",
            "Microsoft.Authorization/roleDefinitions/delete",
            "Microsoft.Authorization/roleDefinitions/write",
        ),
        data_actions=(),
    )


def _no_privileged_roles() -> str:
    """A condition that denies creating and deleting assignments of the privileged roles."""
    privileged = ", ".join(names.PRIVILEGED_ROLES)
    parts = []
    for action, source in (("write", "Request"), ("delete", "Resource")):
        parts.append(
            f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR"
            f" (@{source}[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
            f" ForAnyOfAllValues:GuidNotEquals {{{privileged}}}))"
        )
    return " AND ".join(parts)


def _subscription_rights() -> Permissions:
    """Permissions outside the groups: the activity log, Defender, the baseline, the budget, flow logs."""
    return Permissions(
        actions=(
            "*/read",
            "Microsoft.Authorization/policyAssignments/*",
            "Microsoft.Consumption/budgets/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/networkWatchers/flowLogs/*",
            "Microsoft.Security/pricings/write",
            "Microsoft.Security/securityContacts/*",
        ),
        data_actions=(),
    )


def _state_condition(target: Target, action: str, path: str, *, listed: str | None = None) -> str:
    """A condition: actions on blobs reach only those in the container of states whose path is like `path`, and only
    names that begin with `listed` are listed. A scope cannot name the account, which may not exist yet.

    Source: "Actions and attributes for Azure role assignment conditions for Azure Blob Storage".
    """
    account, blobs = "Microsoft.Storage/storageAccounts", "blobServices/containers/blobs"
    place = (
        f"@Resource[{account}:name] StringEquals '{names.state_bucket(target)}'"
        f" AND @Resource[{account}/blobServices/containers:name] StringEquals 'state'"
    )
    limited = f"({place} AND @Resource[{account}/{blobs}:path] StringLike '{path}')"
    if listed is None:
        return f"((!(ActionMatches{{'{account}/{blobs}/{action}'}})) OR {limited})"
    listing = "SubOperationMatches{'Blob.List'}"  # it has a prefix instead of a path
    return (
        f"((!(ActionMatches{{'{account}/{blobs}/{action}'}} AND NOT {listing})) OR {limited})"
        f" AND ((!(ActionMatches{{'{account}/{blobs}/read'}} AND {listing})) OR"
        f" ({place} AND @Request[{account}/{blobs}:prefix] StringStartsWith '{listed}'))"
    )
