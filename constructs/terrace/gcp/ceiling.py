"""The deny policy of every identity of the project (ID-2)."""

from cdktn_provider_google.iam_deny_policy import IamDenyPolicy, IamDenyPolicyRules, IamDenyPolicyRulesDenyRule
from constructs import Construct

from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service

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


class Ceiling(Construct):
    """A deny policy for every identity of the project, where the environment owns the project.

    It denies service account keys to all, and deletion of the audit logs and keys to all but the apply pipeline.
    The administrators' group may change logs, findings and secrets. Secrets are read by the project's service accounts
    too, each by a binding on its own. The organisation decides who may change the ceiling: roles/iam.denyAdmin.
    Sources: IAM documentation, "Permissions supported in deny policies", "Principal identifiers".
    """

    def __init__(self, scope: Construct, id: str, target: Target) -> None:
        super().__init__(scope, id)
        self.handle = GovernanceHandle(ceiling=names.ceiling(target))
        if not names.settings(target).owns_account:
            return
        pipeline = names.principal(target, "ci-apply")
        administrators = f"principalSet://goog/group/{names.settings(target).admin_group}"
        accounts = (
            f"principalSet://cloudresourcemanager.googleapis.com/projects/{names.number(target)}/type/ServiceAccount"
        )
        IamDenyPolicy(
            self,
            "ceiling",
            name=self.handle.ceiling,
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
