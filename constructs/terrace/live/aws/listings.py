"""Each way to list the resources that a deployment may leave, by service and type."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from terrace.aws import names
from terrace.capabilities.lake import BUCKETS
from terrace.errors import TerraceError
from terrace.live.aws.checks import Deployment
from terrace.live.aws.network import name_of

Found = tuple[str, str]
"""An id, and why it is retained (empty: it should not exist)."""


class Listing(NamedTuple):
    """One way to list the resources of a type. `type` is the word in the ARN, if there is one."""

    service: str
    type: str
    find: Callable[[Deployment, str], Iterable[Found]]
    both_regions: bool = True  # False for global services and for types of the home region only


def _named(deployment: Deployment, name: str) -> bool:
    """Whether a name is the deployment's prefix, alone or followed by more."""
    prefix = deployment.prefix
    return name == prefix or name.startswith((f"{prefix}-", f"{prefix}/", f"{prefix}_"))


def by_name(service: str, type: str, operation: str, field: str, key: str = "", **parameters: Any) -> Listing:
    """Entries whose name (under `key`, or the entry itself) or the last part of whose ARN has the prefix."""

    def find(deployment: Deployment, region: str) -> Iterable[Found]:
        for entry in deployment.pages(service, operation, field, region=region, **parameters):
            name = str(entry[key] if key else entry)
            short = name.split(":", 5)[-1].rpartition(":")[2] if name.startswith("arn:") else name
            if _named(deployment, short) or _named(deployment, short.rpartition("/")[2]):
                yield short, ""

    return Listing(service, type, find)


def by_tags(type: str, operation: str, field: str, key: str, gone: tuple[str, ...] = ()) -> Listing:
    """EC2's entries with the deployment's tags, except those in a state of `gone`."""

    def find(deployment: Deployment, region: str) -> Iterable[Found]:
        filters = [
            {"Name": "tag:environment", "Values": [deployment.target.environment]},
            {"Name": "tag:managed-by", "Values": ["terrace"]},
        ]
        for entry in deployment.pages("ec2", operation, field, region=region, Filters=filters):
            state = entry.get("State") or entry.get("Status") or ""
            if (state.get("Name") if isinstance(state, dict) else state) not in gone:
                yield str(entry[key]), ""

    return Listing("ec2", type, find)


def _interfaces(deployment: Deployment, region: str) -> Iterable[Found]:
    """All network interfaces in the VPC."""
    vpcs = deployment.pages(
        "ec2",
        "describe_vpcs",
        "Vpcs",
        region=region,
        Filters=[{"Name": "tag:Name", "Values": [deployment.prefix]}],
    )
    for vpc in vpcs:
        filters = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        found = deployment.pages(
            "ec2", "describe_network_interfaces", "NetworkInterfaces", region=region, Filters=filters
        )
        for interface in found:
            yield str(interface["NetworkInterfaceId"]), ""


def _buckets(deployment: Deployment, region: str) -> Iterable[Found]:
    own = {names.bucket(deployment.target, bucket, recovery=copy) for bucket in BUCKETS for copy in (False, True)}
    for bucket in deployment.pages("s3", "list_buckets", "Buckets"):
        if bucket["Name"] in own:
            yield str(bucket["Name"]), ""


def _keys(deployment: Deployment, region: str) -> Iterable[Found]:
    for entry in deployment.pages("kms", "list_keys", "Keys", region=region):
        key = deployment.call("kms", "describe_key", region=region, KeyId=entry["KeyId"])["KeyMetadata"]
        if str(key.get("Description", "")).startswith(f"{deployment.prefix} "):
            pending = key.get("KeyState") == "PendingDeletion"
            when = f" on {key['DeletionDate']:%Y-%m-%d}" if isinstance(key.get("DeletionDate"), datetime) else " later"
            yield str(key["KeyId"]), f"will be destroyed{when}; restorable until then" if pending else ""


def _aliases(deployment: Deployment, region: str) -> Iterable[Found]:
    for alias in deployment.pages("kms", "list_aliases", "Aliases", region=region):
        if _named(deployment, str(alias["AliasName"]).removeprefix("alias/")):
            yield str(alias["AliasName"]), ""


def _secrets(deployment: Deployment, region: str) -> Iterable[Found]:
    found = deployment.pages("secretsmanager", "list_secrets", "SecretList", region=region, IncludePlannedDeletion=True)
    for secret in found:
        if _named(deployment, str(secret["Name"])):
            days = deployment.environment.secrets.recovery_days
            kept = f"deleted; can be restored for {days} days" if secret.get("DeletedDate") else ""
            yield str(secret["Name"]), kept


def _log_groups(deployment: Deployment, region: str) -> Iterable[Found]:
    for group in deployment.pages("logs", "describe_log_groups", "logGroups", region=region):
        parts = str(group["logGroupName"]).split("/")
        if any(_named(deployment, part.removeprefix("aws-waf-logs-")) for part in parts):
            yield str(group["logGroupName"]), ""


def _kept_days(deployment: Deployment) -> int:
    """Days of automated backups; those of a database that was turned off end with it."""
    return deployment.environment.database.recovery_days if deployment.environment.database else 0


def _snapshots(deployment: Deployment, region: str) -> Iterable[Found]:
    final, days = f"{deployment.prefix}-final", _kept_days(deployment)
    for snapshot in deployment.pages("rds", "describe_db_snapshots", "DBSnapshots", region=region):
        if _named(deployment, str(snapshot["DBInstanceIdentifier"])):
            id = str(snapshot["DBSnapshotIdentifier"])
            automated = (
                f"an automated backup, retained for {days} days" if snapshot.get("SnapshotType") == "automated" else ""
            )
            yield id, "the database's final snapshot" if id == final else automated


def _retained_backups(deployment: Deployment, region: str) -> Iterable[Found]:
    found = deployment.pages(
        "rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups", region=region
    )
    for backup in found:
        # those of an existing instance are part of it; in the recovery region they are a copy, which has to be stopped
        if _named(deployment, str(backup["DBInstanceIdentifier"])) and backup.get("Status") != "active":
            days = backup.get("BackupRetentionPeriod", "its")
            kept = (
                f"automated backups of the deleted database, retained for {days} days"
                if backup["Status"] == "retained"
                else ""
            )
            yield str(backup.get("DBInstanceAutomatedBackupsArn") or backup["DbiResourceId"]), kept


def _cache_snapshots(deployment: Deployment, region: str) -> Iterable[Found]:
    final = f"{deployment.prefix}-final"
    for snapshot in deployment.pages("elasticache", "describe_snapshots", "Snapshots", region=region):
        if _named(deployment, str(snapshot["SnapshotName"])):
            id = str(snapshot["SnapshotName"])
            yield id, "the cache's final snapshot" if id == final else ""


def _providers(deployment: Deployment, region: str) -> Iterable[Found]:
    """The CI system's OIDC provider, if this environment owns the resources that an account has once."""
    own = names.identity_provider(deployment.target, deployment.environment.identity)
    if names.settings(deployment.target).owns_account:
        for provider in deployment.call("iam", "list_open_id_connect_providers")["OpenIDConnectProviderList"]:
            if provider["Arn"] == own:
                yield str(provider["Arn"]), ""


def _detectors(deployment: Deployment, region: str) -> Iterable[Found]:
    if names.settings(deployment.target).owns_account:
        for detector in deployment.pages("guardduty", "list_detectors", "DetectorIds", region=region):
            yield str(detector), ""


def _alarms(deployment: Deployment, region: str) -> Iterable[Found]:
    for field in ("MetricAlarms", "CompositeAlarms"):
        found = deployment.pages(
            "cloudwatch", "describe_alarms", field, region=region, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        for alarm in found:
            if _named(deployment, str(alarm["AlarmName"])):
                yield str(alarm["AlarmName"]), ""


def _report_plans(deployment: Deployment, region: str) -> Iterable[Found]:
    prefix = deployment.prefix.replace("-", "_")  # their names have no hyphens
    for plan in deployment.pages("backup", "list_report_plans", "ReportPlans"):
        if str(plan["ReportPlanName"]).startswith(f"{prefix}_"):
            yield str(plan["ReportPlanName"]), ""


def _searches(deployment: Deployment, region: str) -> Iterable[Found]:
    if not deployment.environment.lake.sensitive_data_discovery:
        return  # without Macie, its API refuses the call
    try:
        jobs = deployment.pages("macie2", "list_classification_jobs", "items")
    except TerraceError as error:
        if "not enabled" in str(error).lower():
            return
        raise
    for job in jobs:
        if _named(deployment, str(job["name"])):
            kept = "cancelled; Macie lists it for 30 days" if job["jobStatus"] == "CANCELLED" else ""
            yield str(job["jobId"]), kept


def _budgets(deployment: Deployment, region: str) -> Iterable[Found]:
    account = names.account(deployment.target)
    for budget in deployment.pages("budgets", "describe_budgets", "Budgets", AccountId=account):
        if _named(deployment, str(budget["BudgetName"])):
            yield str(budget["BudgetName"]), ""


def _zones(deployment: Deployment, region: str) -> Iterable[Found]:
    entry = deployment.environment.network.entry
    domains = (*([f"{entry.domain}."] if entry else []), f"{deployment.prefix}.internal.")
    for zone in deployment.pages("route53", "list_hosted_zones", "HostedZones"):
        if zone["Name"] in domains:
            yield str(zone["Id"]).removeprefix("/hostedzone/"), ""


def _certificates(deployment: Deployment, region: str) -> Iterable[Found]:
    entry = deployment.environment.network.entry
    if entry is None:
        return
    for certificate in deployment.pages("acm", "list_certificates", "CertificateSummaryList", region=region):
        if certificate["DomainName"] == entry.domain:
            yield str(certificate["CertificateArn"]).rpartition("/")[2], ""


def _access_list(deployment: Deployment, region: str) -> Iterable[Found]:
    for acl in deployment.pages("wafv2", "list_web_acls", "WebACLs", region=region, Scope="REGIONAL"):
        if _named(deployment, str(acl["Name"])):
            yield str(acl["Name"]), ""


def _groups(deployment: Deployment, region: str) -> Iterable[Found]:
    for group in deployment.pages("ec2", "describe_security_groups", "SecurityGroups", region=region):
        if _named(deployment, str(group["GroupName"])) or _named(deployment, name_of(group)):
            yield str(group["GroupId"]), ""


LISTINGS: tuple[Listing, ...] = (
    Listing("s3", "bucket", _buckets, both_regions=False),
    by_name("rds", "db", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    Listing("rds", "snapshot", _snapshots),
    Listing("rds", "auto-backup", _retained_backups),
    by_name("rds", "subgrp", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    by_name("rds", "pg", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    by_name("rds", "es", "describe_event_subscriptions", "EventSubscriptionsList", "CustSubscriptionId"),
    by_name(
        "elasticache", "replicationgroup", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"
    ),
    by_name("elasticache", "user", "describe_users", "Users", "UserId"),
    by_name("elasticache", "usergroup", "describe_user_groups", "UserGroups", "UserGroupId"),
    by_name(
        "elasticache",
        "parametergroup",
        "describe_cache_parameter_groups",
        "CacheParameterGroups",
        "CacheParameterGroupName",
    ),
    by_name("elasticache", "subnetgroup", "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"),
    Listing("elasticache", "snapshot", _cache_snapshots),
    by_name("kafka", "cluster", "list_clusters", "ClusterInfoList", "ClusterName"),
    by_name("kafka", "configuration", "list_configurations", "Configurations", "Name"),
    by_name("eks", "cluster", "list_clusters", "clusters"),
    by_name("ecr", "repository", "describe_repositories", "repositories", "repositoryName"),
    by_name("elbv2", "loadbalancer", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    by_name("elbv2", "targetgroup", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    Listing("wafv2", "regional", _access_list),
    Listing("acm", "certificate", _certificates),
    Listing("route53", "hostedzone", _zones, both_regions=False),
    by_name("iam", "role", "list_roles", "Roles", "RoleName")._replace(both_regions=False),
    by_name("iam", "policy", "list_policies", "Policies", "PolicyName", Scope="Local")._replace(both_regions=False),
    Listing("iam", "oidc-provider", _providers, both_regions=False),
    Listing("kms", "key", _keys),
    Listing("kms", "alias", _aliases),
    Listing("secretsmanager", "secret", _secrets),
    Listing("logs", "log-group", _log_groups),
    by_name("logs", "query-definition", "describe_query_definitions", "queryDefinitions", "name"),
    Listing("cloudwatch", "alarm", _alarms),
    by_name("cloudwatch", "dashboard", "list_dashboards", "DashboardEntries", "DashboardName"),
    by_name("sns", "topic", "list_topics", "Topics", "TopicArn"),
    by_name("events", "rule", "list_rules", "Rules", "Name"),
    by_name("scheduler", "schedule", "list_schedules", "Schedules", "Name"),
    by_name("scheduler", "schedule-group", "list_schedule_groups", "ScheduleGroups", "Name"),
    by_name("cloudtrail", "trail", "list_trails", "Trails", "Name"),
    by_name("config", "config-rule", "describe_config_rules", "ConfigRules", "ConfigRuleName"),
    by_name("config", "configuration-recorder", "describe_configuration_recorders", "ConfigurationRecorders", "name"),
    by_name("config", "delivery-channel", "describe_delivery_channels", "DeliveryChannels", "name"),
    Listing("guardduty", "detector", _detectors),
    by_name("accessanalyzer", "analyzer", "list_analyzers", "analyzers", "name"),
    by_name("backup", "backup-vault", "list_backup_vaults", "BackupVaultList", "BackupVaultName"),
    by_name("backup", "backup-plan", "list_backup_plans", "BackupPlansList", "BackupPlanName"),
    Listing("backup", "report-plan", _report_plans, both_regions=False),
    by_name(
        "route53resolver",
        "resolver-query-log-config",
        "list_resolver_query_log_configs",
        "ResolverQueryLogConfigs",
        "Name",
    )._replace(both_regions=False),
    Listing("macie2", "classification-job", _searches, both_regions=False),
    by_name("resource-groups", "group", "list_groups", "GroupIdentifiers", "GroupName"),
    Listing("budgets", "budget", _budgets, both_regions=False),
    by_name("ce", "anomalymonitor", "get_anomaly_monitors", "AnomalyMonitors", "MonitorName")._replace(
        both_regions=False
    ),
    by_tags("vpc", "describe_vpcs", "Vpcs", "VpcId"),
    by_tags("subnet", "describe_subnets", "Subnets", "SubnetId"),
    by_tags("natgateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", gone=("deleted", "deleting")),
    by_tags("elastic-ip", "describe_addresses", "Addresses", "AllocationId"),
    by_tags("internet-gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    by_tags("route-table", "describe_route_tables", "RouteTables", "RouteTableId"),
    by_tags("network-acl", "describe_network_acls", "NetworkAcls", "NetworkAclId"),
    by_tags("vpc-endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", gone=("deleted", "deleting")),
    by_tags("vpc-flow-log", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    by_tags("launch-template", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateId"),
    by_tags("vpn-gateway", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", gone=("deleted", "deleting")),
    by_tags(
        "customer-gateway", "describe_customer_gateways", "CustomerGateways", "CustomerGatewayId", gone=("deleted",)
    ),
    by_tags(
        "vpn-connection", "describe_vpn_connections", "VpnConnections", "VpnConnectionId", gone=("deleted", "deleting")
    ),
    by_tags("volume", "describe_volumes", "Volumes", "VolumeId", gone=("deleting",)),
    by_tags("snapshot", "describe_snapshots", "Snapshots", "SnapshotId"),
    Listing("ec2", "security-group", _groups),
    Listing("ec2", "security-group-rule", lambda deployment, region: ()),  # gone with their group
    Listing("ec2", "network-interface", _interfaces),
)
