"""Managed identities for CI pipelines, by OIDC federation with the CI system (ID-1)."""

from cdktn_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from terrace.azure import iam, names, providers
from terrace.azure.permissions import WRITE_STATE, Permissions
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec, PipelinesHandle
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

    Source: Microsoft Entra documentation, "Configure a user-assigned managed identity to trust an external identity
    provider".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        plan = iam.identity(self, "plan", target, purpose="ci-plan")
        apply = iam.identity(self, "apply", target, purpose="ci-apply")
        for pipeline, jobs in spec.jobs(target.environment, target.tier).items():
            for job in jobs:
                identity = {"plan": plan, "apply": apply}[pipeline]
                iam.federate(self, job.name, identity, issuer=spec.issuer, subject=job.subject)  # ID-1
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
        # on the subscription, since the account of states is outside the groups and may not exist yet
        state = iam.role(self, "state-writer", target, WRITE_STATE, on=subscription)
        for name, who in {"plan": plan, "apply": apply}.items():
            # Terraform leases the state while it runs, also for a plan
            iam.grant(self, f"{name}-state", who.principal_id, state, on=subscription, condition=_own_state(target))
        self.handle = PipelinesHandle(plan=plan.principal_id, apply=apply.principal_id)

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


def _own_state(target: Target) -> str:
    """A condition: only the environment's blobs in the account of states, which may not exist yet, so a scope cannot
    name it. Source: "Actions and attributes for Azure role assignment conditions for Azure Blob Storage"."""
    account, blobs = "Microsoft.Storage/storageAccounts", "blobServices/containers/blobs"
    return (
        f"((!(ActionMatches{{'{account}/{blobs}/*'}})) OR"
        f" (@Resource[{account}:name] StringEquals '{names.state_bucket(target)}'"
        f" AND @Resource[{account}/blobServices/containers:name] StringEquals 'state'"
        f" AND @Resource[{account}/{blobs}:path] StringLike '{target.environment}/*'))"
    )
