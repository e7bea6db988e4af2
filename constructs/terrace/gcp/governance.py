"""The deny policy of all identities, the allowed regions, and the project's defaults (GOV-1, GOV-2)."""

from collections.abc import Sequence

from cdktn_provider_google.compute_project_metadata_item import ComputeProjectMetadataItem
from cdktn_provider_google.iam_deny_policy import IamDenyPolicy, IamDenyPolicyRules, IamDenyPolicyRulesDenyRule
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

_DETECTION = (
    "logging.googleapis.com/buckets.update",
    "logging.googleapis.com/sinks.update",
    "securitycenter.googleapis.com/muteconfigs.create",
    "securitycenter.googleapis.com/muteconfigs.update",
    "securitycenter.googleapis.com/notificationconfig.delete",
    "securitycenter.googleapis.com/notificationconfig.update",
)
_SECRET_VERBS = (
    "secrets.delete",
    "secrets.setIamPolicy",
    "secrets.update",
    "versions.add",
    "versions.destroy",
    "versions.disable",
    "versions.enable",
)

_EVERYBODY = "principalSet://goog/public:all"


class Governance(Construct):
    """A deny policy for every identity of the project and, where the environment owns the project, organisation
    policies and the default service accounts disabled.

    Deny and organisation policies require roles on the organisation (roles/iam.denyAdmin, roles/orgpolicy.policyAdmin).
    """

    def __init__(self, scope: Construct, id: str, target: Target, *, keys: KeysHandle) -> None:
        super().__init__(scope, id)
        ceiling = f"{target.prefix}-ceiling"
        if names.settings(target).owns_account:
            self._ceiling(ceiling, target)
            self._policies(target)
            self._account_defaults(target)
        self.handle = GovernanceHandle(ceiling=ceiling)

    def _ceiling(self, name: str, target: Target) -> None:
        """Denies service account keys to all, and deletion of the audit logs and keys to all but the apply pipeline.

        The administrators' group, which applies for the first time, may change logs, findings and secrets. Secrets are
        read by the project's service accounts too, each by a binding on its own. The organisation decides who may
        change the ceiling: it grants roles/iam.denyAdmin.
        Sources: IAM documentation, "Permissions supported in deny policies", "Principal identifiers".
        """
        pipeline = names.principal(target, "ci-apply")
        administrators = f"principalSet://goog/group/{names.settings(target).admin_group}"
        accounts = (
            f"principalSet://cloudresourcemanager.googleapis.com/projects/{names.number(target)}/type/ServiceAccount"
        )
        IamDenyPolicy(
            self,
            "ceiling",
            name=name,
            parent=names.attachment_point(target),
            display_name="Ceiling of every identity of the deployment",
            rules=[
                IamDenyPolicyRules(
                    description="No static keys",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=[_EVERYBODY],
                        denied_permissions=["iam.googleapis.com/serviceAccountKeys.create"],  # ID-1
                    ),
                ),
                IamDenyPolicyRules(
                    description="Protect the audit logs and the keys",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=[_EVERYBODY],
                        exception_principals=[pipeline],
                        denied_permissions=[
                            "cloudkms.googleapis.com/cryptoKeyVersions.destroy",  # KEY-2
                            "logging.googleapis.com/buckets.delete",  # AUD-1
                            "logging.googleapis.com/sinks.delete",  # AUD-1
                        ],
                    ),
                ),
                IamDenyPolicyRules(
                    description="Logs and findings are changed by administrators",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=[_EVERYBODY],
                        exception_principals=[pipeline, administrators],
                        denied_permissions=list(_DETECTION),  # AUD-1, AUD-2
                    ),
                ),
                IamDenyPolicyRules(
                    description="Secrets are read by service accounts",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=[_EVERYBODY],
                        exception_principals=[accounts, administrators],
                        denied_permissions=["secretmanager.googleapis.com/versions.access"],  # SEC-3
                    ),
                ),
                IamDenyPolicyRules(
                    description="Secrets are changed by administrators",
                    deny_rule=IamDenyPolicyRulesDenyRule(
                        denied_principals=[_EVERYBODY],
                        exception_principals=[pipeline, administrators],
                        denied_permissions=[f"secretmanager.googleapis.com/{verb}" for verb in _SECRET_VERBS],  # SEC-3
                    ),
                ),
            ],
            depends_on=[service(self, "iam")],
        )

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
