"""The permissions boundary of every role (GOV-2, ID-2)."""

from cdktn_provider_aws.iam_policy import IamPolicy
from constructs import Construct

from terrace.aws import names
from terrace.aws.iam import Statement, allow, document
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.target import Target

_GLOBAL_CALLS = (
    "budgets:*",
    "ce:*",
    "health:*",
    "iam:*",
    "organizations:*",
    "route53:*",
    "s3:GetBucketLocation",
    "s3:ListAllMyBuckets",
    "sts:*",
    "support:*",
)
"""Services with one global endpoint, independent of the environment's regions. Source: IAM User Guide, "AWS: Denies
access to AWS based on the requested Region"."""


_RECORD_CALLS = (
    "access-analyzer:CreateArchiveRule",
    "access-analyzer:DeleteAnalyzer",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DisableAlarmActions",
    "config:DeleteConfigRule",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:PutConfigurationRecorder",
    "config:PutDeliveryChannel",
    "config:StopConfigurationRecorder",
    "ec2:DeleteFlowLogs",
    "guardduty:CreateFilter",
    "guardduty:DeleteDetector",
    "guardduty:UpdateDetector",
    "logs:DeleteLogGroup",
    "logs:DeleteMetricFilter",
    "macie2:DisableMacie",
    "securityhub:BatchDisableStandards",
    "securityhub:BatchUpdateFindings",
    "securityhub:DisableSecurityHub",
)
"""Calls that stop, narrow or silence a record, a detector or an alarm."""

_RIGHTS_CALLS = (
    "iam:AttachRolePolicy",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
)
"""Calls that change who may use a role, or what it may do."""


class Ceiling(Construct):
    """The boundary policy of every role of the environment."""

    def __init__(self, scope: Construct, id: str, target: Target) -> None:
        super().__init__(scope, id)
        boundary = IamPolicy(
            self,
            "boundary",
            name=f"{target.prefix}-boundary",
            description="Ceiling of every role of the deployment",
            policy=_boundary_policy(target),  # GOV-2
        )
        self.handle = GovernanceHandle(ceiling=boundary.arn)


def _boundary_policy(target: Target) -> str:
    """What no role of the kit may do, whatever its own policies allow. A boundary grants nothing.

    The pipeline that applies the foundation may change the records and detectors, because it creates them. It may not
    change the boundary or the pipelines' roles, because a new version of either could allow anything: an administrator
    does, by `terrace bootstrap`.
    """
    regions = [region for region in (target.region, target.recovery_region) if region]
    not_pipeline = {"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(target, "ci-apply")}}
    boundary = names.boundary_arn(target)
    return document(
        allow("*", "*", Sid="Ceiling"),
        Statement(
            Sid="OwnRegionsOnly",
            Effect="Deny",
            NotAction=_GLOBAL_CALLS,
            Resource="*",
            Condition={"StringNotEquals": {"aws:RequestedRegion": regions}},
        ),
        Statement(
            Sid="NoUsersNoKeys",
            Effect="Deny",
            Action=[
                "iam:CreateAccessKey",
                "iam:CreateLoginProfile",
                "iam:CreateUser",
                "iam:DeleteRolePermissionsBoundary",
            ],
            Resource="*",
        ),
        Statement(
            Sid="NewRolesUnderTheCeiling",
            Effect="Deny",
            Action=["iam:CreateRole", "iam:PutRolePermissionsBoundary"],
            Resource="*",
            Condition={"StringNotEquals": {"iam:PermissionsBoundary": boundary}},
        ),
        Statement(
            Sid="KeepTheCeiling",
            Effect="Deny",
            Action=[
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:SetDefaultPolicyVersion",
            ],
            Resource=boundary,
        ),
        Statement(
            Sid="KeepTheRecord",
            Effect="Deny",
            Action=_RECORD_CALLS,
            Resource="*",
            Condition=not_pipeline,
        ),
        Statement(
            Sid="KeepTheFindings",
            Effect="Deny",
            Action=["events:DeleteRule", "events:DisableRule", "events:PutRule", "events:RemoveTargets"],
            Resource=names.arn(target, "events", f"rule/{target.prefix}-*", region="*"),
            Condition=not_pipeline,
        ),
        Statement(
            Sid="KeepThePipelines",
            Effect="Deny",
            Action=_RIGHTS_CALLS,
            Resource=names.arn(target, "iam", f"role/{target.prefix}-ci-*", region=""),
        ),
    )
