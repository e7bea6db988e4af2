"""AWS's managed policies that may be granted, reduced to one action for each verb, object and condition.

Source: AWS Managed Policy Reference, versions of 2026-09-24: ReadOnlyAccess v190, PowerUserAccess v12, AWS_ConfigRole
v73, AWSBackupServiceRolePolicyForBackup v30 and ForRestores v36, S3Backup v5 and S3Restore v2, AmazonEBSCSIDriverPolicy
v15, AmazonEKSClusterPolicy v10, AmazonEKS_CNI_Policy v6, the others unchanged since 2024. A policy that is not here is
unknown to the model. Statements about services that the platform does not use are left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_Statement = Mapping[str, Any]


def _allow(*actions: str, on: str | Sequence[str] = "*", **condition: Any) -> _Statement:
    written = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return {**written, "Condition": condition} if condition else written


def _through(*services: str) -> Mapping[str, list[str]]:
    return {"kms:ViaService": [f"{service}.*.amazonaws.com" for service in services]}


_BACKUPS = {"aws:ResourceTag/aws:backup:source-resource": "false"}
_SNAPSHOT, _VOLUME = "arn:aws:ec2:*::snapshot/*", "arn:aws:ec2:*:*:volume/*"
_ENTRY = "arn:aws:eks:*:*:access-entry/*"
_RDS_BACKUPS = ["arn:aws:rds:*:*:snapshot:awsbackup:*", "arn:aws:rds:*:*:auto-backup:*"]

POLICIES: Mapping[str, Sequence[_Statement]] = {
    "AdministratorAccess": (_allow("*"),),
    "PowerUserAccess": (
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
        _allow("iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"),
    ),
    "ReadOnlyAccess": (
        _allow("s3:Get*", "s3:List*", "ecr:BatchGet*", "ecr:Get*", "ecr:Describe*", "logs:Get*", "logs:StartQuery"),
        _allow("logs:FilterLogEvents", "ssm:Get*", "ec2:Describe*", "iam:Get*", "iam:List*", "kms:Get*"),
        _allow("rds:Describe*", "eks:Describe*", "secretsmanager:Describe*", "secretsmanager:GetResourcePolicy"),
        _allow("cloudtrail:LookupEvents", "sns:Get*", "backup:Describe*", "route53:Get*", "elasticache:Describe*"),
    ),
    "AWS_ConfigRole": (
        _allow("config:PutEvaluations", "ec2:Describe*", "iam:Get*", "s3:GetBucket*", "kms:Describe*", "rds:Describe*"),
        _allow("logs:CreateLogStream", "logs:PutLogEvents", on="arn:aws:logs:*:*:log-group:/aws/config/*"),
    ),
    "AWSBackupServiceRolePolicyForBackup": (
        _allow("ec2:DescribeInstances", "ec2:CreateSnapshot", "ec2:DeleteSnapshot", "ec2:CreateImage"),
        _allow("ec2:ModifySnapshotAttribute", Null=_BACKUPS),
        _allow("rds:CreateDBSnapshot", "rds:DescribeDBInstances", "backup:StartBackupJob", "ssm:SendCommand"),
        _allow("rds:DeleteDBSnapshot", "rds:ModifyDBSnapshotAttribute", on=_RDS_BACKUPS),
        _allow("guardduty:StartMalwareScan"),
        _allow("eks:CreateAccessEntry", "eks:AssociateAccessPolicy", on="arn:aws:eks:*:*:cluster/*"),
        _allow("kms:Decrypt", "kms:GenerateDataKey", on="arn:aws:kms:*:*:key/*", StringLike=_through("ec2")),
        _allow("kms:CreateGrant", Bool={"kms:GrantIsForAWSResource": "true"}),
        _allow(
            "iam:PassRole", on="arn:aws:iam::*:role/*",
            StringEquals={"iam:PassedToService": "malware-protection.guardduty.amazonaws.com"},
        ),
    ),
    "AWSBackupServiceRolePolicyForRestores": (
        _allow("rds:DescribeDBInstances", "rds:RestoreDBInstanceFromDBSnapshot", "rds:DeleteDBInstance"),
        _allow("ec2:RunInstances", "ec2:CreateVolume", "ec2:DescribeVolumes", "backup:StartRestoreJob"),
        _allow("ec2:DeleteSnapshot", "ec2:DeleteVolume", "ebs:CompleteSnapshot", on=[_SNAPSHOT, _VOLUME]),
        _allow("ec2:CreateTags", on="arn:aws:ec2:*:*:network-interface/*"),
        _allow("eks:CreateCluster", "eks:CreateAccessEntry", on=["arn:aws:eks:*:*:cluster/*", _ENTRY]),
        _allow("kms:Decrypt", "kms:Encrypt", StringLike=_through("ec2", "rds")),
        _allow("kms:CreateGrant", Bool={"kms:GrantIsForAWSResource": "true"}),
        _allow(
            "iam:PassRole", on="arn:aws:iam::*:role/*",
            StringEquals={"iam:PassedToService": ["eks.amazonaws.com", "ec2.amazonaws.com", "backup.amazonaws.com"]},
        ),
    ),
    "AWSBackupServiceRolePolicyForS3Backup": (
        _allow("events:PutRule", "events:DeleteRule", on="arn:aws:events:*:*:rule/AwsBackupManagedRule*"),
        _allow("s3:ListBucket", "s3:PutBucketNotification", on="arn:aws:s3:::*"),
        _allow("s3:GetObject", "s3:GetObjectVersion", on="arn:aws:s3:::*/*"),
        _allow("kms:Decrypt", StringLike=_through("s3")),
    ),
    "AWSBackupServiceRolePolicyForS3Restore": (
        _allow("s3:CreateBucket", "s3:ListBucket", "s3:PutBucketOwnershipControls", on="arn:aws:s3:::*"),
        _allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", on="arn:aws:s3:::*/*"),
        _allow("kms:Decrypt", "kms:GenerateDataKey", StringLike=_through("s3")),
    ),
    "CloudWatchAgentServerPolicy": (
        _allow("cloudwatch:PutMetricData", "ec2:DescribeVolumes", "logs:PutLogEvents", "logs:PutRetentionPolicy"),
        _allow("xray:PutTraceSegments"),
        _allow("ssm:GetParameter", on="arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"),
    ),
    "AmazonEBSCSIDriverPolicy": (
        _allow("ec2:DescribeVolumes"),
        _allow("ec2:CreateSnapshot", "ec2:ModifyVolume", "ec2:CreateVolume", "ec2:CreateTags", on=_VOLUME),
        _allow("ec2:DeleteVolume", on=_VOLUME, StringLike={"ec2:ResourceTag/ebs.csi.aws.com/cluster": "true"}),
        _allow("ec2:DeleteSnapshot", on=_SNAPSHOT, StringLike={"ec2:ResourceTag/ebs.csi.aws.com/cluster": "true"}),
    ),
    "AmazonEC2ContainerRegistryReadOnly": (
        _allow("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:GetAuthorizationToken", "ecr:DescribeImages"),
    ),
    "AmazonEKSWorkerNodePolicy": (
        _allow("ec2:DescribeInstances", "eks:DescribeCluster", "eks-auth:AssumeRoleForPodIdentity"),
    ),
    "AmazonSSMManagedInstanceCore": (
        _allow("ssm:GetParameter", "ssm:GetParameters", "ssm:DescribeDocument", "ssm:UpdateInstanceInformation"),
    ),
    "AmazonEKSClusterPolicy": (
        _allow("ec2:DescribeInstances", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateRoute", "ec2:AttachVolume"),
        _allow("ec2:DeleteVolume", "ec2:ModifyInstanceAttribute", "elasticloadbalancing:CreateLoadBalancer"),
        _allow("iam:CreateServiceLinkedRole", "autoscaling:UpdateAutoScalingGroup"),
    ),
    "AmazonEKS_CNI_Policy": (
        _allow("ec2:DescribeInstances", "ec2:CreateNetworkInterface", "ec2:AssignPrivateIpAddresses"),
        _allow("ec2:CreateTags", on="arn:aws:ec2:*:*:network-interface/*"),
    ),
    "AmazonRDSEnhancedMonitoringRole": (
        _allow("logs:CreateLogGroup", "logs:PutRetentionPolicy", on="arn:aws:logs:*:*:log-group:RDS*"),
        _allow("logs:PutLogEvents", "logs:GetLogEvents", on="arn:aws:logs:*:*:log-group:RDS*:log-stream:*"),
    ),
}  # fmt: skip

ACCESS_POLICIES: Mapping[str, str] = {
    "AmazonEKSClusterAdminPolicy": "administer", "AmazonEKSAdminPolicy": "administer",
    "AmazonEKSEditPolicy": "operate", "AmazonEKSAdminViewPolicy": "view", "AmazonEKSViewPolicy": "view",
}  # fmt: skip
"""EKS's access policies and what each lets a principal do in the cluster. Source: Amazon EKS User Guide, "Review access
policy permissions", of 2026-09."""


def document(name: str) -> Mapping[str, Any] | None:
    """The policy document of a managed policy; None for an unknown one."""
    found = POLICIES.get(name)
    return None if found is None else {"Version": "2012-10-17", "Statement": list(found)}
