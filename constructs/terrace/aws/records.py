"""Records of the trail that raise an alarm: refused calls, sign-ins and changes of security settings (OBS-2, AUD-6).

Loads no CDK.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.spec import Severity


@dataclass(frozen=True)
class Event:
    """A kind of record in the trail, counted by a metric; with `at_once`, a single record raises an alarm."""

    title: str
    metric: str
    pattern: str
    at_once: bool = False
    severities: tuple[Severity, ...] = SEVERITIES


_CHANGES: Mapping[str, tuple[str, str, tuple[Severity, ...], str, str]] = {
    # name: title, metric, severities, event source (empty: any), names of calls
    "trail-stopped": (
        "The record of calls was stopped or changed", "TrailStopped", SEVERITIES, "cloudtrail",
        "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging PutEventSelectors PutInsightSelectors",
    ),
    "configuration-record-changed": (
        "The record of configuration was changed", "ConfigurationRecordChanged", SEVERITIES, "config",
        "StopConfigurationRecorder DeleteConfigurationRecorder PutConfigurationRecorder DeleteDeliveryChannel"
        " PutDeliveryChannel DeleteConfigRule",
    ),
    "detectors-changed": (
        "A detector, an alarm or a log was changed", "DetectorsChanged", SEVERITIES, "",
        "DeleteDetector UpdateDetector CreateFilter DisableSecurityHub BatchDisableStandards DeleteAnalyzer"
        " CreateArchiveRule DisableMacie DeleteFlowLogs DeleteAlarms DisableAlarmActions DeleteMetricFilter"
        " DeleteLogGroup",
    ),
    "event-rules-changed": (  # AWS Backup changes rules of its own, too
        "A rule that sends events was removed or disabled", "EventRulesChanged", ("warning",), "events",
        "DeleteRule DisableRule RemoveTargets",
    ),
    "keys-disabled": (
        "A key was disabled or scheduled for deletion", "KeysDisabled", SEVERITIES, "kms",
        "DisableKey ScheduleKeyDeletion",
    ),
    "identities-changed": (
        "A policy, a role or a user was changed", "IdentitiesChanged", ("warning",), "iam",
        "DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy"
        " DeletePolicy CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion AttachRolePolicy"
        " DetachRolePolicy AttachUserPolicy DetachUserPolicy AttachGroupPolicy DetachGroupPolicy"
        " UpdateAssumeRolePolicy DeleteRolePermissionsBoundary CreateUser CreateAccessKey CreateLoginProfile",
    ),
    "buckets-changed": (
        "Access to a bucket, or its protection, was changed", "BucketsChanged", ("warning",), "s3",
        "PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy"
        " DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication PutBucketPublicAccessBlock"
        " DeleteBucketPublicAccessBlock PutAccountPublicAccessBlock DeleteAccountPublicAccessBlock"
        " PutBucketVersioning DeleteBucketEncryption",
    ),
    "security-groups-changed": (
        "A security group was changed", "SecurityGroupsChanged", ("warning",), "ec2",
        "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress"
        " RevokeSecurityGroupEgress ModifySecurityGroupRules CreateSecurityGroup DeleteSecurityGroup",
    ),
    "access-lists-changed": (
        "A network ACL was changed", "AccessListsChanged", ("warning",), "ec2",
        "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry"
        " ReplaceNetworkAclAssociation",
    ),
    "gateways-changed": (
        "A gateway of a network was changed", "GatewaysChanged", ("warning",), "ec2",
        "CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway"
        " DeleteInternetGateway DetachInternetGateway CreateNatGateway DeleteNatGateway",
    ),
    "routes-changed": (
        "A route was changed", "RoutesChanged", ("warning",), "ec2",
        "CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute"
        " DisassociateRouteTable",
    ),
    "networks-changed": (
        "A network or a peering was changed", "NetworksChanged", ("warning",), "ec2",
        "CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection"
        " DeleteVpcPeeringConnection RejectVpcPeeringConnection CreateVpcEndpoint ModifyVpcEndpoint DeleteVpcEndpoints",
    ),
}  # fmt: skip
"""Calls that change security settings. An ordinary apply makes those that are warnings only.

Source: CIS AWS Foundations Benchmark 3.0.0, 4.4, 4.5 and 4.7 to 4.14, with calls that have been added to AWS since.
"""


def events() -> dict[str, Event]:
    """Records counted in the trail's log group, which has those of every region. Source of root-used and the two of the
    console: CIS AWS Foundations Benchmark 3.0.0, 4.2, 4.3 and 4.6."""
    table = {
        "lake-denials": Event(
            "Refused requests to buckets",
            "LakeDenials",
            '{ ($.eventSource = "s3.amazonaws.com") && ($.errorCode = "AccessDenied") }',
        ),
        "api-denials": Event(
            "Refused calls of AWS",
            "ApiDenials",
            '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
        ),
        "root-used": Event(
            "The account's root user acted",
            "RootUsed",
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS)'
            ' && ($.eventType != "AwsServiceEvent") }',
            at_once=True,
        ),
        "sign-in-without-mfa": Event(  # federated users have no MFA in AWS
            "A user signed in to the console without MFA",
            "SignInWithoutMfa",
            '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes")'
            ' && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
            at_once=True,
        ),
        "sign-in-failed": Event(
            "A sign-in to the console failed",
            "SignInFailed",
            '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
            at_once=True,
            severities=("warning",),
        ),
    }
    for name, (title, metric, severities, source, calls) in _CHANGES.items():  # AUD-6
        table[name] = Event(title, metric, _pattern(source, calls.split()), at_once=True, severities=severities)
    return table


def _pattern(source: str, calls: Sequence[str]) -> str:
    """The filter pattern of calls by name, of one event source or of any; CloudWatch allows 1024 characters."""
    any_call = " || ".join(f'($.eventName = "{call}")' for call in calls)
    return f'{{ ($.eventSource = "{source}.amazonaws.com") && ({any_call}) }}' if source else f"{{ {any_call} }}"
