"""Breaks of the guarantees about observability, audit, backup, cost, governance and identity."""

from typing import Any

from terrace.aws import names
from terrace.live.aws.audit import _FEATURES
from tests.live.aws.breaks import breaks
from tests.live.aws.site import ACCOUNT, Site, document

GITHUB = "token.actions.githubusercontent.com"


@breaks("OBS-1")
def logs_are_kept_for_7_days(site: Site) -> None:
    group = names.log_group(site.target, "postgresql")
    site.client("logs").put_retention_policy(logGroupName=group, retentionInDays=7)


@breaks("OBS-2")
def alarm_actions_are_disabled(site: Site) -> None:
    cloudwatch = site.client("cloudwatch")
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{site.prefix}-")["MetricAlarms"]
    name = next(alarm["AlarmName"] for alarm in alarms if alarm.get("MetricName") == "FreeStorageSpace")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])


@breaks("OBS-3")
def critical_topic_lacks_a_subscriber(site: Site) -> None:
    sns = site.client("sns")
    topic = names.topic_arn(site.target, "critical")
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=subscriptions[0]["SubscriptionArn"])


@breaks("OBS-4")
def dashboard_lacks_a_signal(site: Site) -> None:
    cloudwatch = site.client("cloudwatch")
    board = cloudwatch.get_dashboard(DashboardName=site.prefix)["DashboardBody"]
    cloudwatch.put_dashboard(DashboardName=site.prefix, DashboardBody=board.replace("Evictions", "Replaced"))


@breaks("OBS-5")
def failovers_of_the_database_are_not_sent(site: Site) -> None:
    rds = site.client("rds")
    (found,) = rds.describe_event_subscriptions(SubscriptionName=site.prefix)["EventSubscriptionsList"]
    rds.delete_event_subscription(SubscriptionName=site.prefix)
    rds.create_event_subscription(
        SubscriptionName=site.prefix,
        SnsTopicArn=found["SnsTopicArn"],
        SourceType=found["SourceType"],
        SourceIds=found["SourceIdsList"],
        EventCategories=["maintenance"],
        Enabled=True,
    )


@breaks("AUD-1")
def reads_of_gold_are_not_recorded(site: Site) -> None:
    trail = site.client("cloudtrail")
    gold = names.bucket_arn(site.target, "gold")
    selectors = trail.get_event_selectors(TrailName=site.prefix)["AdvancedEventSelectors"]
    for field in (field for selector in selectors for field in selector["FieldSelectors"]):
        if "StartsWith" in field:
            field["StartsWith"] = [arn for arn in field["StartsWith"] if not arn.startswith(gold)]
    trail.put_event_selectors(TrailName=site.prefix, AdvancedEventSelectors=selectors)


@breaks("AUD-2")
def database_logins_are_not_monitored(site: Site) -> None:
    guardduty = site.client("guardduty")
    features = [{"Name": name, "Status": "DISABLED" if name == "RDS_LOGIN_EVENTS" else "ENABLED"} for name in _FEATURES]
    guardduty.update_detector(DetectorId=guardduty.list_detectors()["DetectorIds"][0], Features=features)


@breaks("AUD-3")
def configuration_is_not_recorded(site: Site) -> None:
    site.client("config").stop_configuration_recorder(ConfigurationRecorderName=site.prefix)


@breaks("AUD-4")
def recovery_region_has_no_detector(site: Site) -> None:
    guardduty = site.client("guardduty", site.recovery_region)
    guardduty.delete_detector(DetectorId=guardduty.list_detectors()["DetectorIds"][0])


@breaks("AUD-5")
def failed_controls_are_not_sent(site: Site) -> None:
    site.client("events").disable_rule(Name=f"{site.prefix}-control-findings")


@breaks("AUD-6")
def disabled_keys_raise_no_alarm(site: Site) -> None:
    alarms = [f"{site.prefix}-keys-disabled-{severity}" for severity in ("warning", "critical")]
    site.client("cloudwatch").delete_alarms(AlarmNames=alarms)


def _change_backup_rules(site: Site, **changes: Any) -> None:
    backup = site.client("backup")
    plans = backup.list_backup_plans()["BackupPlansList"]
    id = next(plan["BackupPlanId"] for plan in plans if plan["BackupPlanName"] == site.prefix)
    plan = backup.get_backup_plan(BackupPlanId=id)["BackupPlan"]
    plan["Rules"] = [
        {name: value for name, value in {**rule, **changes}.items() if name != "RuleId"} for rule in plan["Rules"]
    ]
    backup.update_backup_plan(BackupPlanId=id, BackupPlan=plan)


@breaks("BAK-1")
def recovery_points_are_kept_for_7_days(site: Site) -> None:
    _change_backup_rules(site, Lifecycle={"DeleteAfterDays": 7})


@breaks("BAK-2")
def velero_has_no_rights(site: Site) -> None:
    iam, role = site.client("iam"), site.role("velero")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)


@breaks("BAK-3")
def backups_run_once_instead_of_twice_a_day(site: Site) -> None:
    _change_backup_rules(site, ScheduleExpression="cron(0 2 * * ? *)")


@breaks("BAK-4")
def copies_are_not_reported(site: Site) -> None:
    site.client("backup").delete_report_plan(ReportPlanName=f"{site.prefix}_copy".replace("-", "_"))


@breaks("COST-1")
def budget_has_no_alert_at_80_percent(site: Site) -> None:
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
def pool_has_no_sleep_schedule(site: Site) -> None:
    site.client("scheduler").delete_schedule(Name=f"{site.prefix}-nodes-general-down", GroupName=f"{site.prefix}-sleep")


@breaks("GOV-1")
def owner_tag_is_missing(site: Site) -> None:
    site.client("ec2").delete_tags(Resources=[site.vpc], Tags=[{"Key": "owner"}])


@breaks("GOV-2")
def permissions_boundary_allows_every_region(site: Site) -> None:
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
    site.client("iam").update_assume_role_policy(RoleName=site.role("ci-apply"), PolicyDocument=document(trust))


@breaks("ID-2")
def another_role_stops_the_database(site: Site) -> None:
    iam = site.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.create_role(RoleName="by-hand", AssumeRolePolicyDocument=document(trust))
    statement = {"Effect": "Allow", "Action": "rds:StopDBInstance", "Resource": "*"}
    iam.put_role_policy(RoleName="by-hand", PolicyName="stop", PolicyDocument=document(statement))


@breaks("GOV-4")
def a_protective_alarm_is_deleted(site: Site) -> None:
    site.client("cloudwatch").delete_alarms(AlarmNames=[f"{site.prefix}-nodes-failed-critical"])
