"""IAM roles for CI pipelines, by OIDC federation with the CI system (ID-1)."""

from cdktn import TerraformResource
from cdktn_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.iam import Statement, allow, document
from terrace.aws.permissions import PASSED_TO
from terrace.capabilities.ci import Pipeline
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec
from terrace.capabilities.target import Target


class Pipelines(Construct):
    """Roles for the repository's jobs: pull requests and the main branch plan, the environment's jobs apply.

    The identity provider for the CI system's tokens exists once per account. Source: IAM User Guide, "Create an OpenID
    Connect (OIDC) identity provider in IAM".
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
        before: list[TerraformResource] = []
        if names.settings(target).owns_account:
            audience = spec.audience(names.STS)
            before.append(IamOpenidConnectProvider(self, spec.ci, url=spec.issuer, client_id_list=[audience]))
        iam.role(
            self,
            "plan",
            target,
            purpose="ci-plan",
            trust=_federated_trust(target, spec, "plan"),  # ID-1
            governance=governance,
            policies={"state": _planning_policy(target), "no-data": _no_data_policy(target)},
            managed=["ReadOnlyAccess"],  # ID-1
            after=before,
        )
        iam.role(
            self,
            "apply",
            target,
            purpose="ci-apply",
            trust=_federated_trust(target, spec, "apply"),  # ID-1
            governance=governance,
            policies={"roles": _roles_policy(target)},
            managed=["PowerUserAccess"],
            after=before,
        )


def _federated_trust(target: Target, spec: IdentitySpec, pipeline: Pipeline) -> str:
    """Lets exactly the pipeline's jobs assume the role, one statement each (ID-1)."""
    host, compared = spec.issuer_host, names.condition_keys(target, spec)
    return document(
        *(
            Statement(
                Effect="Allow",
                Principal={"Federated": names.identity_provider(target, spec)},
                Action=["sts:AssumeRoleWithWebIdentity"],
                Condition={
                    "StringEquals": {
                        f"{host}:aud": spec.audience(names.STS),
                        f"{host}:sub": job.subject,
                        **{f"{host}:{claim}": value for claim, value in job.claims.items() if claim in compared},
                    }
                },
            )
            for job in spec.jobs(target.environment, target.tier)[pipeline]
        )
    )


def _state_arn(target: Target) -> str:
    return f"arn:{names.settings(target).partition}:s3:::{names.state_bucket(target)}"


def _planning_policy(target: Target) -> str:
    """What a plan needs beyond reading: bundles of plans beside its states, which it creates and cannot replace, sealed
    with the state home's key; and AWS's password generator, which reveals no data (a plan of an existing environment
    calls it; see secrets.py).

    A plan takes no lock. Sources: S3 User Guide, "Enforce conditional writes"; KMS Developer Guide, "Use aliases to
    control access to KMS keys".
    """
    folders = [f"{_state_arn(target)}/{folder}*" for folder in names.plan_folders(target)]
    return document(
        allow("s3:PutObject", folders, Sid="NewPlans", Condition=iam.NEW_ONLY),
        allow(
            "kms:GenerateDataKey",
            names.arn(target, "kms", "key/*"),
            Sid="SealPlans",
            Condition={"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.state_key(target)}},
        ),
        allow(
            "kms:Decrypt",
            names.arn(target, "kms", "key/*"),
            Sid="OpenStates",
            Condition={
                "ForAnyValue:StringEquals": {"kms:ResourceAliases": names.state_key(target)},
                "StringLike": {"kms:EncryptionContext:aws:s3:arn": [_state_arn(target), f"{_state_arn(target)}/*"]},
            },
        ),
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
            Action=["s3:GetDataAccess", "s3:GetObject*"],
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
            ["iam:GetRole", "iam:GetServiceLinkedRoleDeletionStatus", "iam:TagRole", "iam:UntagRole"],
            names.arn(target, "iam", "role/aws-service-role/*", region=""),
            Sid="LinkedRoles",
        ),
        allow(
            "iam:PassRole",
            names.arn(target, "iam", "role/aws-service-role/config.amazonaws.com/*", region=""),
            Sid="PassToConfig",
            Condition={"StringEquals": {"iam:PassedToService": "config.amazonaws.com"}},
        ),
        allow(
            "iam:PassRole", roles, Sid="PassToServices", Condition={"StringEquals": {"iam:PassedToService": PASSED_TO}}
        ),
    ]
    if names.settings(target).owns_account:
        # the action supports no resource
        statements.append(allow("iam:*AccountPasswordPolicy", "*", Sid="PasswordPolicy"))
    return document(*statements)
