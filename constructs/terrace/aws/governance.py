"""The permissions boundary of every role, the deployment's resource group, and the account's defaults (GOV-4)."""

import json

from cdktn_provider_aws.ebs_default_kms_key import EbsDefaultKmsKey
from cdktn_provider_aws.ebs_encryption_by_default import EbsEncryptionByDefault
from cdktn_provider_aws.ebs_snapshot_block_public_access import EbsSnapshotBlockPublicAccess
from cdktn_provider_aws.ec2_instance_metadata_defaults import Ec2InstanceMetadataDefaults
from cdktn_provider_aws.iam_account_password_policy import IamAccountPasswordPolicy
from cdktn_provider_aws.iam_policy import IamPolicy
from cdktn_provider_aws.resourcegroups_group import ResourcegroupsGroup, ResourcegroupsGroupResourceQuery
from constructs import Construct

from terrace.aws import names, providers
from terrace.aws.iam import Statement, allow, document
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
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


class Governance(Construct):
    """The boundary policy of every role, a resource group of everything tagged as the deployment's (GOV-1) and, where
    the environment owns the account, settings that exist once per account and region."""

    def __init__(self, scope: Construct, id: str, target: Target, *, keys: KeysHandle) -> None:
        super().__init__(scope, id)
        boundary = IamPolicy(
            self,
            "boundary",
            name=f"{target.prefix}-boundary",
            description="Ceiling of every role of the deployment",
            policy=_boundary_policy(target),  # GOV-2
        )
        tagged = {key: target.tags[key] for key in ("environment", "managed-by") if key in target.tags}
        ResourcegroupsGroup(
            self,
            "resources",
            name=target.prefix,
            description="Everything of the deployment by its tags",
            resource_query=ResourcegroupsGroupResourceQuery(
                query=json.dumps(
                    {
                        "ResourceTypeFilters": ["AWS::AllSupported"],
                        "TagFilters": [{"Key": key, "Values": [value]} for key, value in tagged.items()],
                    }
                )
            ),  # GOV-1
        )
        if names.settings(target).owns_account:
            self._account_defaults(keys)
            if target.recovery_region:
                self._recovery_defaults()
        self.handle = GovernanceHandle(ceiling=boundary.arn)

    def _account_defaults(self, keys: KeysHandle) -> None:
        # The key first: volumes created in between would use AWS's own key
        key = EbsDefaultKmsKey(self, "disk-key", key_arn=keys.home["disks"])
        EbsEncryptionByDefault(self, "disk-encryption", enabled=True, depends_on=[key])  # K8S-9
        EbsSnapshotBlockPublicAccess(self, "snapshots", state="block-all-sharing")
        Ec2InstanceMetadataDefaults(self, "instance-metadata", http_tokens="required", http_put_response_hop_limit=1)
        IamAccountPasswordPolicy(
            self,
            "passwords",
            minimum_password_length=16,
            require_symbols=True,
            require_numbers=True,
            require_lowercase_characters=True,
            require_uppercase_characters=True,
            allow_users_to_change_password=True,
            password_reuse_prevention=24,
            max_password_age=90,
        )

    def _recovery_defaults(self) -> None:
        """AUD-4: the defaults of the recovery region. Without disks of the platform there, AWS's own key encrypts."""
        scope, provider = Construct(self, "recovery"), providers.recovery(self)
        EbsEncryptionByDefault(scope, "disk-encryption", enabled=True, provider=provider)
        EbsSnapshotBlockPublicAccess(scope, "snapshots", state="block-all-sharing", provider=provider)
        Ec2InstanceMetadataDefaults(
            scope, "instance-metadata", http_tokens="required", http_put_response_hop_limit=1, provider=provider
        )


def _boundary_policy(target: Target) -> str:
    """What no role of the kit may do, whatever its own policies allow. A boundary grants nothing.

    The pipeline that applies the stack may change the records and detectors, because it creates them. It may not change
    the boundary, because a new version of the boundary could allow anything: an administrator applies such a change and
    destroys the environment.
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
    )
