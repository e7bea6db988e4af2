"""Records of the logs that raise an alarm: refused calls, findings, changes of security settings, failed backups and
events of the database (OBS-2, AUD-5, AUD-6, BAK-4, OBS-5). Loads no CDK.
"""

from dataclasses import dataclass

from terrace.capabilities.audit import AuditHandle
from terrace.capabilities.signals import SEVERITIES
from terrace.capabilities.spec import Severity
from terrace.capabilities.target import Target
from terrace.gcp import names


@dataclass(frozen=True)
class Event:
    """A kind of record in the logs, counted by a metric; with `at_once`, a single record raises an alarm.

    `filter` is in Logging's query language; that of a counted record names a single resource type. A pipeline that
    applies makes changes too, so those that do not weaken the watch itself raise a warning only (`severities`).
    """

    title: str
    metric: str
    filter: str
    resource: str = ""
    at_once: bool = False
    severities: tuple[Severity, ...] = SEVERITIES


_CHANGED = 'log_id("cloudaudit.googleapis.com/activity")'
"""The log of calls that change something."""
_WARNING: tuple[Severity, ...] = ("warning",)


def events(audit: AuditHandle, target: Target, *, database: bool) -> dict[str, Event]:
    """Records that are counted or alerted on in the logs; `database` is whether there is one.

    Sources of methods and logs: each service's "audit logging" page; CIS Google Cloud Platform Foundation Benchmark,
    2.4 to 2.11, for the kinds of changes.
    """
    return {
        "lake-denials": Event(
            "Refused requests to buckets",
            "lake-denials",
            'resource.type="gcs_bucket" AND protoPayload.status.code=7',
            resource="gcs_bucket",
        ),
        "api-denials": Event(
            "Refused calls of Google Cloud",
            "api-denials",
            'resource.type="audited_resource" AND protoPayload.status.code=7',
            resource="audited_resource",
        ),
        **_changes(audit, target),
        **_findings(),
        **(_database_events(target) if database else {}),
        "backup-failed": Event(  # BAK-1
            "A backup failed",
            "backup-failed",
            '(log_id("backupdr.googleapis.com/bdr_backup_restore_jobs") AND jsonPayload.jobStatus="FAILED")'
            ' OR (resource.type="gkebackup.googleapis.com/BackupPlan" AND severity>=ERROR)'
            ' OR (log_id("storagetransfer.googleapis.com/transfer_activity") AND severity>=ERROR)'
            ' OR (protoPayload.methodName="cloudsql.instances.automatedBackup" AND severity>=ERROR)',
            at_once=True,
        ),
    }


def _changes(audit: AuditHandle, target: Target) -> dict[str, Event]:
    """AUD-6: changes of what protects the environment."""
    sleep = f'NOT protoPayload.authenticationInfo.principalEmail="{names.role_email(target, "sleep")}"'
    return {
        "owner-made": Event(
            "An owner of the project was added or removed",
            "owner-made",
            'protoPayload.methodName="SetIamPolicy" AND resource.type="project"'
            ' AND protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner"',
            at_once=True,
        ),
        "trail-stopped": Event(  # AUD-1
            "The record of calls was changed or deleted",
            "trail-stopped",
            'protoPayload.serviceName="logging.googleapis.com" AND ('
            'protoPayload.methodName=~"(Create|Update|Delete)(Sink|Exclusion)$"'
            ' OR protoPayload.methodName=~"(Update|Delete)(CmekSettings|Settings|Log)$"'
            ' OR (protoPayload.methodName=~"(Update|Delete)Bucket(Async)?$"'
            f' AND protoPayload.resourceName:"{audit.trail}"))',
            at_once=True,
        ),
        "record-narrowed": Event(  # AUD-1
            "The types of calls that are recorded were changed",
            "record-narrowed",
            'protoPayload.methodName="SetIamPolicy" AND protoPayload.serviceData.policyDelta.auditConfigDeltas:*',
            at_once=True,
        ),
        "key-ended": Event(  # KEY-2
            "A key was disabled or changed, or a version of it is to be destroyed",
            "key-ended",
            'protoPayload.serviceName="cloudkms.googleapis.com" AND protoPayload.methodName=~'
            '"(DestroyCryptoKeyVersion|UpdateCryptoKeyVersion|UpdateCryptoKey|UpdateCryptoKeyPrimaryVersion)$"',
            at_once=True,
        ),
        "detection-changed": Event(  # AUD-2, AUD-3
            "Findings, feeds, alarms or a service were changed or stopped",
            "detection-changed",
            'protoPayload.methodName=~"SecurityCenter.(Create|Update)MuteConfig$'
            "|SecurityCenter.(Update|Delete)NotificationConfig$|SecurityCenter.(SetMute|BulkMuteFindings)$"
            "|SecurityCenterManagement.Update[A-Za-z]+$|AssetService.(Update|Delete)Feed$"
            "|AlertPolicyService.(Update|Delete)AlertPolicy$"
            "|NotificationChannelService.(Update|Delete)NotificationChannel$"
            '|(Update|Delete)LogMetric$|ServiceUsage.DisableService$"',
            at_once=True,
        ),
        "policies-changed": Event(  # AUD-3, ID-2
            "An organisation policy, a deny policy or the policy on images was changed",
            "policies-changed",
            'protoPayload.methodName=~"OrgPolicy.(Create|Update|Delete)Policy$|^(Set|Clear)OrgPolicy$'
            "|^google.iam.v2[a-z0-9]*.Policies.(Create|Update|Delete)Policy$|BinauthzManagementServiceV1[A-Za-z0-9]*"
            '.UpdatePolicy$"',
            at_once=True,
        ),
        "access-changed": Event(
            "Who may do what was changed",
            "access-changed",
            'protoPayload.methodName=~"(?i)setIamPolicy$"',
            at_once=True,
            severities=_WARNING,
        ),
        "roles-changed": Event(
            "A role, a static key or the federation of identities was changed",
            "roles-changed",
            'protoPayload.serviceName="iam.googleapis.com" AND protoPayload.methodName=~'
            '"(Create|Update|Delete|Undelete|Upload)(Role|ServiceAccountKey|WorkloadIdentityPool'
            '|WorkloadIdentityPoolProvider)$"',
            at_once=True,
            severities=_WARNING,
        ),
        "firewall-changed": Event(
            "A firewall rule was changed",
            "firewall-changed",
            f'{_CHANGED} AND protoPayload.methodName=~"compute.(firewalls|firewallPolicies|networkFirewallPolicies'
            '|regionNetworkFirewallPolicies|securityPolicies)[.]"',
            at_once=True,
            severities=_WARNING,
        ),
        "routes-changed": Event(
            "A route or a gateway was changed",
            "routes-changed",
            f'{_CHANGED} AND protoPayload.methodName=~"compute.(routes|routers|vpnGateways|targetVpnGateways'
            '|externalVpnGateways|vpnTunnels|interconnectAttachments)[.]"',
            at_once=True,
            severities=_WARNING,
        ),
        "network-changed": Event(
            "The network was changed",
            "network-changed",
            f'{_CHANGED} AND protoPayload.methodName=~"compute.(networks|subnetworks|packetMirrorings'
            '|serviceAttachments)[.]|^dns.(policies|managedZones)[.]"',
            at_once=True,
            severities=_WARNING,
        ),
        "buckets-changed": Event(
            "A bucket or who may use it was changed",
            "buckets-changed",
            'resource.type="gcs_bucket" AND protoPayload.methodName=~'
            '"^storage.(setIamPermissions|buckets.(update|patch|delete|lockRetentionPolicy))$"',
            at_once=True,
            severities=_WARNING,
        ),
        "database-changed": Event(
            "The database's settings or users were changed",
            "database-changed",
            'resource.type="cloudsql_database" AND protoPayload.methodName=~'
            f'"^cloudsql.(instances.(update|import|export|clone)|users.(create|update|delete))$" AND {sleep}',
            at_once=True,
            severities=_WARNING,
        ),
    }


def _findings() -> dict[str, Event]:
    """AUD-5: findings of detectors that write to the logs. Security Command Center publishes to a topic (`signals`).

    Sources: GKE, "About the security posture dashboard", logs; Cloud Logging, "Policy Denied audit logs"; Binary
    Authorization, "View audit logs".
    """
    return {
        "cluster-finding": Event(
            "GKE's security posture has a serious finding",
            "cluster-finding",
            'log_id("containersecurity.googleapis.com/finding") AND jsonPayload.state="ACTIVE"'
            ' AND jsonPayload.severity=("SEVERITY_HIGH" OR "SEVERITY_CRITICAL")',
            at_once=True,
        ),
        "policy-violated": Event(
            "A policy refused a call or an image",
            "policy-violated",
            'log_id("cloudaudit.googleapis.com/policy")'
            ' OR (resource.type="k8s_cluster" AND protoPayload.response.reason="VIOLATES_POLICY")',
            at_once=True,
        ),
    }


def _database_events(target: Target) -> dict[str, Event]:
    """OBS-5: what happened to the server or a replica. Source: Cloud SQL, "Audit logging", system events."""
    server = f"{names.account(target)}:{target.prefix}"
    own = f'resource.type="cloudsql_database" AND resource.labels.database_id=~"^{server}(-|$)"'
    return {
        "database-failover": Event(
            "The database failed over to its standby or a replica",
            "database-failover",
            f"{own} AND protoPayload.methodName=~"
            '"^cloudsql.instances.(autoFailover|failover|promoteReplica|switchover)$"',
            at_once=True,
        ),
        "database-deleted": Event(
            "The database, a replica or a backup of it was deleted",
            "database-deleted",
            f'{own} AND protoPayload.methodName=~"^cloudsql.(instances|databases|backupRuns).delete$"',
            at_once=True,
        ),
        "database-grown": Event(
            "The database's disk was full and has grown",
            "database-grown",
            f'{own} AND protoPayload.methodName="cloudsql.instances.automaticStorageIncrease"',
            at_once=True,
            severities=_WARNING,
        ),
    }
