"""IAM roles for CI pipelines, by OIDC federation with GitHub (ID-1)."""

from cdktn import TerraformResource
from cdktn_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.iam import Statement, allow, document
from terrace.aws.permissions import PASSED_TO
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec, PipelinesHandle
from terrace.capabilities.target import Target

GITHUB = "token.actions.githubusercontent.com"


class Pipelines(Construct):
    """Roles for the repository's workflows: pull requests and the main branch plan, the environment's jobs apply.

    The identity provider for GitHub's tokens exists once per account. Source: GitHub documentation, "Configuring OpenID
    Connect in Amazon Web Services".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        before: list[TerraformResource] = []
        if names.settings(target).owns_account:
            github = IamOpenidConnectProvider(
                self, "github", url=f"https://{GITHUB}", client_id_list=["sts.amazonaws.com"]
            )
            before.append(github)
        plan = iam.role(
            self,
            "plan",
            target,
            purpose="ci-plan",
            trust=_federated_trust(
                target,
                f"repo:{spec.repository}:pull_request",
                f"repo:{spec.repository}:ref:refs/heads/{spec.main_branch}",
            ),  # ID-1
            governance=governance,
            policies={"state": _planning_policy(target), "no-data": _no_data_policy(target)},
            managed=["ReadOnlyAccess"],  # ID-1
            after=before,
        )
        apply = iam.role(
            self,
            "apply",
            target,
            purpose="ci-apply",
            trust=_federated_trust(target, f"repo:{spec.repository}:environment:{target.environment}"),  # ID-1
            governance=governance,
            policies={"roles": _roles_policy(target)},
            managed=["PowerUserAccess"],
            after=before,
        )
        self.handle = PipelinesHandle(plan=plan.arn, apply=apply.arn)


def _federated_trust(target: Target, *subjects: str) -> str:
    """Lets GitHub's jobs with exactly these subjects assume the role (ID-1)."""
    return document(
        Statement(
            Effect="Allow",
            Principal={"Federated": names.arn(target, "iam", f"oidc-provider/{GITHUB}", region="")},
            Action=["sts:AssumeRoleWithWebIdentity"],
            Condition={
                "StringEquals": {
                    f"{GITHUB}:aud": "sts.amazonaws.com",
                    f"{GITHUB}:sub": subjects[0] if len(subjects) == 1 else list(subjects),
                }
            },
        )
    )


def _state_arn(target: Target) -> str:
    return f"arn:{names.settings(target).partition}:s3:::{names.state_bucket(target)}"


def _planning_policy(target: Target) -> str:
    """What a plan needs beyond reading: the lock of its own state, and AWS's password generator, which reveals no data
    (a plan of an existing environment calls it; see secrets.py)."""
    own_state = f"{_state_arn(target)}/{target.environment}/"
    return document(
        allow(["s3:DeleteObject", "s3:PutObject"], f"{own_state}*.tflock", Sid="LockOwnState"),
        allow("secretsmanager:GetRandomPassword", "*", Sid="Random"),  # the action supports no resource
    )


def _no_data_policy(target: Target) -> str:
    """Denies what ReadOnlyAccess allows and a plan does not need: secrets, objects and decryption, except of states."""
    states = [_state_arn(target), f"{_state_arn(target)}/*"]
    return document(
        Statement(
            Sid="NoSecrets",
            Effect="Deny",
            Action=["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "ssm:GetParameter*"],
            Resource="*",
        ),
        Statement(
            Sid="NoObjects",
            Effect="Deny",
            Action=["s3:GetObject", "s3:GetObjectVersion"],
            NotResource=states,
        ),
        Statement(
            Sid="NoDecryption",
            Effect="Deny",
            Action=["kms:Decrypt"],
            Resource="*",
            Condition={"StringNotLike": {"kms:EncryptionContext:aws:s3:arn": states}},
        ),
    )


def _roles_policy(target: Target) -> str:
    """What the foundation needs beyond PowerUserAccess: IAM, on the deployment's names and with the boundary."""
    roles = names.arn(target, "iam", f"role/{target.prefix}-*", region="")
    policies = names.arn(target, "iam", f"policy/{target.prefix}-*", region="")
    under_boundary = {"StringEquals": {"iam:PermissionsBoundary": names.boundary_arn(target)}}
    statements = [
        allow(
            [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            roles,
            Sid="RolesUnderTheBoundary",
            Condition=under_boundary,
        ),
        allow(
            [
                "iam:DeleteRole",
                "iam:Get*",
                "iam:List*",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles,
            Sid="Roles",
        ),
        allow(
            [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:Get*",
                "iam:List*",
                "iam:TagPolicy",
                "iam:UntagPolicy",
            ],
            policies,
            Sid="Policies",
        ),
        allow(
            "iam:PassRole", roles, Sid="PassToServices", Condition={"StringEquals": {"iam:PassedToService": PASSED_TO}}
        ),
    ]
    if names.settings(target).owns_account:
        provider = names.arn(target, "iam", f"oidc-provider/{GITHUB}", region="")
        statements += [
            # all actions on the one provider; the account's password policy supports no resource
            allow("iam:*OpenIDConnectProvider*", provider, Sid="PipelineProvider"),
            allow("iam:*AccountPasswordPolicy", "*", Sid="PasswordPolicy"),
        ]
    return document(*statements)
