"""One change a guarantee that breaks it, and no other, in a deployment that keeps them all."""

import json
from collections.abc import Callable
from typing import Any

from terrace.aws import names
from terrace.live.aws.audit import _FEATURES
from tests.live.aws.built.data import ALL_BLOCKED, make_cache, put_lock, rotate, set_parameters
from tests.live.aws.built.ground import GITHUB, document, open_to
from tests.live.aws.built.platform import backup_plan, draw, firewall_rules, let_in, machine, make_pool, record
from tests.live.aws.site import ACCOUNT, Site

Break = Callable[[Site], None]
BREAKS: dict[str, Break] = {}


def breaks(guarantee: str) -> Callable[[Break], Break]:
    def register(function: Break) -> Break:
        assert guarantee not in BREAKS, guarantee
        BREAKS[guarantee] = function
        return function

    return register


@breaks("NET-1")
def public_addresses_in_a_node_subnet(site: Site) -> None:
    site.client("ec2").modify_subnet_attribute(
        SubnetId=site.ids["subnets"]["nodes"][0], MapPublicIpOnLaunch={"Value": True}
    )


@breaks("NET-2")
def nodes_leave_by_the_internet_gateway(site: Site) -> None:
    site.client("ec2").replace_route(
        RouteTableId=site.ids["tables"]["nodes-a"],
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=site.ids["gateway"],
    )


@breaks("NET-3")
def an_endpoint_is_gone(site: Site) -> None:
    site.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[site.ids["endpoint kms"]])


@breaks("NET-4")
def database_open_to_everywhere(site: Site) -> None:
    place = {"CidrIp": "0.0.0.0/0", "Description": "just for a moment"}
    open_to(site, site.ids["groups"]["database"], 5432, IpRanges=[place])


@breaks("NET-5")
def only_refusals_are_logged(site: Site) -> None:
    ec2 = site.client("ec2")
    found = ec2.describe_flow_logs()["FlowLogs"][0]
    ec2.delete_flow_logs(FlowLogIds=[found["FlowLogId"]])
    ec2.create_flow_logs(
        ResourceIds=[site.ids["vpc"]],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogGroupName=found["LogGroupName"],
        DeliverLogsPermissionArn=found["DeliverLogsPermissionArn"],
        MaxAggregationInterval=60,
    )


@breaks("NET-6")
def the_firewall_only_counts(site: Site) -> None:
    waf, acl = site.client("wafv2"), site.ids["firewall"]
    lock = waf.get_web_acl(Name=acl["Name"], Scope="REGIONAL", Id=acl["Id"])["LockToken"]
    waf.update_web_acl(
        Name=acl["Name"],
        Scope="REGIONAL",
        Id=acl["Id"],
        LockToken=lock,
        DefaultAction={"Allow": {}},
        Rules=firewall_rules("Count"),
        VisibilityConfig={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"},
    )


@breaks("NET-7")
def the_link_is_gone(site: Site) -> None:
    site.client("ec2").delete_vpn_connection(VpnConnectionId=site.ids["vpn"])


@breaks("KEY-1")
def a_key_is_not_rotated(site: Site) -> None:
    site.client("kms").disable_key_rotation(KeyId=site.key("lake"))


@breaks("KEY-2")
def a_key_is_about_to_go(site: Site) -> None:
    site.client("kms").schedule_key_deletion(KeyId=site.key("logs").rpartition("/")[2], PendingWindowInDays=7)


@breaks("KEY-3")
def a_key_is_everybodys(site: Site) -> None:
    everybody = {"Effect": "Allow", "Principal": {"AWS": names.root(site.target)}, "Action": "kms:*", "Resource": "*"}
    site.client("kms").put_key_policy(KeyId=site.key("database"), PolicyName="default", Policy=document(everybody))


@breaks("SEC-1")
def a_secret_under_another_key(site: Site) -> None:
    site.client("secretsmanager").update_secret(SecretId=f"{site.prefix}/airflow/app", KmsKeyId=site.key("logs"))


@breaks("SEC-2")
def the_admin_password_hardly_rotates(site: Site) -> None:
    rotate(site, 400)


@breaks("SEC-3")
def whoever_iam_lets_reads_a_secret(site: Site) -> None:
    site.client("secretsmanager").delete_resource_policy(SecretId=f"{site.prefix}/airflow/app")


@breaks("K8S-1")
def the_api_answers_everybody(site: Site) -> None:
    site.client("eks").update_cluster_config(
        name=site.prefix, resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    )


@breaks("K8S-2")
def kubernetes_secrets_under_another_key(site: Site) -> None:
    site.client("eks").associate_encryption_config(
        clusterName=site.prefix,
        encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": site.key("logs")}}],
    )


@breaks("K8S-3")
def audit_log_off(site: Site) -> None:
    site.client("eks").update_cluster_config(
        name=site.prefix, logging={"clusterLogging": [{"types": ["api"], "enabled": True}]}
    )


def _new_machine(site: Site, pool: str, **different: Any) -> None:
    made = site.client("ec2").create_launch_template_version(
        LaunchTemplateId=site.ids[f"template {pool}"], LaunchTemplateData=machine(site, **different)
    )["LaunchTemplateVersion"]
    template = {"id": site.ids[f"template {pool}"], "version": str(made["VersionNumber"])}
    site.client("eks").update_nodegroup_version(clusterName=site.prefix, nodegroupName=pool, launchTemplate=template)


@breaks("K8S-4")
def pods_reach_the_nodes_credentials(site: Site) -> None:
    _new_machine(site, "general", MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 1})


@breaks("K8S-5")
def an_administrator_nobody_named(site: Site) -> None:
    let_in(site, f"arn:aws:iam::{ACCOUNT}:role/somebody", "AmazonEKSClusterAdminPolicy")


@breaks("K8S-6")
def a_pool_may_not_grow(site: Site) -> None:
    minimum = site.environment.cluster.pools["general"].min_nodes
    site.client("eks").update_nodegroup_config(
        clusterName=site.prefix, nodegroupName="general", scalingConfig={"minSize": minimum, "maxSize": minimum}
    )


def _remade_pool(site: Site, **different: Any) -> None:
    site.client("eks").delete_nodegroup(clusterName=site.prefix, nodegroupName="general")
    make_pool(site, "general", **different)


@breaks("K8S-7")
def sick_nodes_stay(site: Site) -> None:
    _remade_pool(site, nodeRepairConfig={"enabled": False})


@breaks("K8S-8")
def network_policies_are_only_written(site: Site) -> None:
    site.client("eks").update_addon(
        clusterName=site.prefix, addonName="vpc-cni", configurationValues=json.dumps({"enableNetworkPolicy": "false"})
    )


@breaks("K8S-9")
def a_node_disk_in_the_clear(site: Site) -> None:
    plain = [{"DeviceName": name, "Ebs": {"VolumeSize": 80}} for name in ("/dev/xvda", "/dev/xvdb")]
    _new_machine(site, "general", BlockDeviceMappings=plain)


@breaks("K8S-10")
def tags_move(site: Site) -> None:
    site.client("ecr").put_image_tag_mutability(repositoryName=f"{site.prefix}/airflow", imageTagMutability="MUTABLE")


def _modified(site: Site, **different: Any) -> None:
    site.client("rds").modify_db_instance(DBInstanceIdentifier=site.prefix, ApplyImmediately=True, **different)


@breaks("DB-1")
def database_public(site: Site) -> None:
    _modified(site, PubliclyAccessible=True)


@breaks("DB-2")
def plain_connections(site: Site) -> None:
    set_parameters(site, {"rds.force_ssl": "0"})


@breaks("DB-3")
def a_replica_under_another_key(site: Site) -> None:
    identifier = f"{site.prefix}-replica-1"
    rds = site.client("rds")
    was = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    rds.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier=identifier,
        SourceDBInstanceIdentifier=site.prefix,
        DBInstanceClass=was["DBInstanceClass"],
        KmsKeyId=site.key("logs"),
        DBParameterGroupName=f"{site.prefix}-pg16",
        PubliclyAccessible=False,
        AutoMinorVersionUpgrade=True,
        DeletionProtection=True,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=was["PerformanceInsightsRetentionPeriod"],
        MonitoringInterval=15,
        EnableCloudwatchLogsExports=was["EnabledCloudwatchLogsExports"],
        Tags=site.pairs(),
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=identifier, PreferredMaintenanceWindow=was["PreferredMaintenanceWindow"]
    )


@breaks("DB-4")
def no_standby(site: Site) -> None:
    _modified(site, MultiAZ=False)


@breaks("DB-5")
def fewer_days(site: Site) -> None:
    _modified(site, BackupRetentionPeriod=7)


@breaks("DB-6")
def database_unprotected(site: Site) -> None:
    _modified(site, DeletionProtection=False)


@breaks("DB-7")
def statements_unaudited(site: Site) -> None:
    set_parameters(site, {"pgaudit.log": "none"})


@breaks("DB-8")
def storage_does_not_grow(site: Site) -> None:
    _modified(site, MaxAllocatedStorage=600)


@breaks("DB-9")
def postgis_refused(site: Site) -> None:
    set_parameters(site, {"rds.allowed_extensions": "pgaudit"})


@breaks("DB-10")
def minor_versions_by_hand(site: Site) -> None:
    _modified(site, AutoMinorVersionUpgrade=False)


@breaks("CACHE-1")
def the_default_user_is_on(site: Site) -> None:
    site.client("elasticache").modify_user(UserId=f"{site.prefix}-default", AccessString="on ~* +@all")


def _remade_cache(site: Site, **different: Any) -> None:
    site.client("elasticache").delete_replication_group(ReplicationGroupId=site.prefix)
    make_cache(site, **different)


@breaks("CACHE-2")
def cache_without_tls(site: Site) -> None:
    _remade_cache(site, TransitEncryptionEnabled=False, TransitEncryptionMode="preferred")


@breaks("CACHE-3")
def cache_does_not_fail_over(site: Site) -> None:
    _remade_cache(site, AutomaticFailoverEnabled=False, MultiAZEnabled=False)


@breaks("LAKE-1")
def public_policies_possible(site: Site) -> None:
    site.client("s3").put_public_access_block(
        Bucket=names.bucket(site.target, "gold"),
        PublicAccessBlockConfiguration={**ALL_BLOCKED, "BlockPublicPolicy": False},
    )


@breaks("LAKE-2")
def plain_http(site: Site) -> None:
    site.client("s3").delete_bucket_policy(Bucket=names.bucket(site.target, "silver"))


@breaks("LAKE-3")
def bronze_immutable_for_a_day(site: Site) -> None:
    put_lock(site, names.bucket(site.target, "bronze"), "COMPLIANCE", 1)


@breaks("LAKE-4")
def nothing_moves(site: Site) -> None:
    site.client("s3").delete_bucket_lifecycle(Bucket=names.bucket(site.target, "platinum"))


@breaks("LAKE-5")
def no_copy(site: Site) -> None:
    site.client("s3").delete_bucket_replication(Bucket=names.bucket(site.target, "gold"))


@breaks("LAKE-6")
def access_unlogged(site: Site) -> None:
    site.client("s3").put_bucket_logging(Bucket=names.bucket(site.target, "gold"), BucketLoggingStatus={})


@breaks("LAKE-7")
def superset_writes_bronze(site: Site) -> None:
    bronze = f"{names.bucket_arn(site.target, 'bronze')}/*"
    site.client("iam").put_role_policy(
        RoleName=names.role_name(site.target, "module-superset"),
        PolicyName="more",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:PutObject", "Resource": bronze}),
    )


@breaks("OBS-1")
def logs_for_a_week(site: Site) -> None:
    group = names.log_group(site.target, "postgresql")
    site.client("logs").put_retention_policy(logGroupName=group, retentionInDays=7)


@breaks("OBS-2")
def an_alarm_is_muted(site: Site) -> None:
    alarm = f"{site.prefix}-FreeStorageSpace-0-critical"
    site.client("cloudwatch").disable_alarm_actions(AlarmNames=[alarm])


@breaks("OBS-3")
def nobody_hears(site: Site) -> None:
    sns = site.client("sns")
    found = sns.list_subscriptions_by_topic(TopicArn=names.topic_arn(site.target, "critical"))["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=found[0]["SubscriptionArn"])


@breaks("OBS-4")
def the_dashboard_lacks_a_signal(site: Site) -> None:
    draw(site, [alarm for alarm in site.ids["alarms"] if "Evictions" not in alarm])


@breaks("AUD-1")
def reads_of_gold_unrecorded(site: Site) -> None:
    record(site, ["bronze", "silver", "platinum"])


@breaks("AUD-2")
def databases_unwatched(site: Site) -> None:
    features = [{"Name": name, "Status": "DISABLED" if name == "RDS_LOGIN_EVENTS" else "ENABLED"} for name in _FEATURES]
    site.client("guardduty").update_detector(DetectorId=site.ids["detector"], Features=features)


@breaks("AUD-3")
def configuration_unrecorded(site: Site) -> None:
    site.client("config").stop_configuration_recorder(ConfigurationRecorderName=site.prefix)


@breaks("BAK-1")
def kept_for_a_week(site: Site) -> None:
    plan = backup_plan(site)
    plan["Rules"][0]["Lifecycle"]["DeleteAfterDays"] = 7
    site.client("backup").update_backup_plan(BackupPlanId=site.ids["plan"], BackupPlan=plan)


@breaks("BAK-2")
def velero_without_rights(site: Site) -> None:
    site.client("iam").delete_role_policy(RoleName=names.role_name(site.target, "velero"), PolicyName="velero")


@breaks("BAK-3")
def once_a_day_is_not_twice(site: Site) -> None:
    plan = backup_plan(site, schedule="cron(0 2 * * ? *)")
    site.client("backup").update_backup_plan(BackupPlanId=site.ids["plan"], BackupPlan=plan)


@breaks("COST-1")
def no_alert_at_80(site: Site) -> None:
    site.client("budgets").delete_notification(
        AccountId=ACCOUNT,
        BudgetName=site.prefix,
        Notification={
            "NotificationType": "ACTUAL",
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": 80,
            "ThresholdType": "PERCENTAGE",
        },
    )


@breaks("COST-2")
def a_pool_stays_awake(site: Site) -> None:
    site.client("scheduler").delete_schedule(Name=f"{site.prefix}-nodes-general-down", GroupName=f"{site.prefix}-sleep")


@breaks("GOV-1")
def an_owner_is_missing(site: Site) -> None:
    site.client("ec2").delete_tags(Resources=[site.ids["vpc"]], Tags=[{"Key": "owner"}])


@breaks("GOV-2")
def roles_may_act_anywhere(site: Site) -> None:
    site.client("iam").create_policy_version(
        PolicyArn=names.boundary_arn(site.target),
        PolicyDocument=document({"Effect": "Allow", "Action": "*", "Resource": "*"}),
        SetAsDefault=True,
    )


@breaks("ID-1")
def any_repository_may_apply(site: Site) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}},
    }
    site.client("iam").update_assume_role_policy(
        RoleName=names.role_name(site.target, "ci-apply"), PolicyDocument=document(trust)
    )
