"""The allowed regions, and the project's defaults (GOV-1, GOV-2)."""

from collections.abc import Sequence

from cdktn_provider_google.compute_project_metadata_item import ComputeProjectMetadataItem
from cdktn_provider_google.org_policy_policy import (
    OrgPolicyPolicy,
    OrgPolicyPolicySpec,
    OrgPolicyPolicySpecRules,
    OrgPolicyPolicySpecRulesValues,
)
from cdktn_provider_google.project_default_service_accounts import ProjectDefaultServiceAccounts
from constructs import Construct

from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.target import Target
from terrace.environment import regions
from terrace.gcp import names
from terrace.gcp.providers import service

_ENFORCED = (
    "compute.disableSerialPortAccess",
    "compute.requireOsLogin",
    "compute.requireShieldedVm",
    "compute.skipDefaultNetworkCreation",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "iam.disableServiceAccountKeyCreation",
    "iam.disableServiceAccountKeyUpload",
    "sql.restrictAuthorizedNetworks",
    "sql.restrictPublicIp",  # DB-1
    "storage.publicAccessPrevention",  # LAKE-1
    "storage.secureHttpTransport",  # LAKE-2
    "storage.uniformBucketLevelAccess",
)
"""Boolean constraints. Source: Resource Manager, "Organization policy constraints"."""

_OWN_KEY_ONLY = (
    "artifactregistry.googleapis.com",
    "container.googleapis.com",
    "pubsub.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
)
"""Services that must use a customer-managed key."""

_METADATA = {
    "block-project-ssh-keys": "TRUE",
    "disable-legacy-endpoints": "TRUE",
    "enable-oslogin": "TRUE",
    "serial-port-enable": "FALSE",
}
"""Metadata of every machine of the project."""


class Governance(Construct):
    """Where the environment owns the project, organisation policies, and the default service accounts disabled.

    Organisation policies require a role on the organisation (roles/orgpolicy.policyAdmin). The handle's ceiling is the
    deny policy (ceiling.py).
    """

    def __init__(self, scope: Construct, id: str, target: Target, *, keys: KeysHandle) -> None:
        super().__init__(scope, id)
        if names.settings(target).owns_account:
            self._policies(target)
            self._account_defaults(target)
        self.handle = GovernanceHandle(ceiling=names.ceiling(target))

    def _policies(self, target: Target) -> None:
        for constraint in _ENFORCED:
            self._policy(target, constraint, OrgPolicyPolicySpecRules(enforce="TRUE"))
        self._policy(
            target,
            "gcp.resourceLocations",
            OrgPolicyPolicySpecRules(
                values=OrgPolicyPolicySpecRulesValues(allowed_values=_allowed_regions(target))
            ),  # GOV-2
        )
        self._policy(
            target,
            "gcp.restrictNonCmekServices",
            OrgPolicyPolicySpecRules(values=OrgPolicyPolicySpecRulesValues(denied_values=list(_OWN_KEY_ONLY))),
        )
        self._policy(target, "compute.vmExternalIpAccess", OrgPolicyPolicySpecRules(deny_all="TRUE"))  # NET-2

    def _policy(self, target: Target, constraint: str, rule: OrgPolicyPolicySpecRules) -> None:
        project = f"projects/{names.account(target)}"
        OrgPolicyPolicy(
            self,
            constraint.replace(".", "-"),
            name=f"{project}/policies/{constraint}",
            parent=project,
            spec=OrgPolicyPolicySpec(rules=[rule]),
            depends_on=[service(self, "orgpolicy")],
        )

    def _account_defaults(self, target: Target) -> None:
        # Compute and App Engine create accounts with the editor role; nodes and workloads have their own (K8S-4)
        ProjectDefaultServiceAccounts(
            self,
            "default-accounts",
            project=names.account(target),
            action="DISABLE",
            restore_policy="NONE",
            depends_on=[service(self, "iam"), service(self, "compute")],
        )
        for key, value in _METADATA.items():
            ComputeProjectMetadataItem(
                self, f"metadata-{key}", key=key, value=value, depends_on=[service(self, "compute")]
            )


def _allowed_regions(target: Target) -> Sequence[str]:
    """The allowed locations (GOV-2): the target's regions and, for buckets over both, the multi-region."""
    allowed = [f"in:{region}-locations" for region in (target.region, target.recovery_region) if region]
    if target.recovery_region and (residency := regions.jurisdiction("gcp", target.region)):
        allowed.append(f"in:{residency}-locations")
    return allowed
