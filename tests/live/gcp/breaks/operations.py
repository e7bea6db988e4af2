"""Breaks of the guarantees about observability, audit, backup, cost, governance and identity."""

import json
from typing import Any

from terrace.gcp import names
from terrace.live.gcp import backup, cost
from terrace.live.gcp.observability import SIGNALS
from tests.live.gcp.breaks import breaks
from tests.live.gcp.site import ACCOUNT, PROJECT, Site


@breaks("OBS-1")
def platform_logs_have_no_sink(site: Site) -> None:
    site.do("logging", "projects.sinks.delete", sinkName=f"{site.project}/sinks/{site.prefix}-platform")


def _alarm(site: Site, name: str) -> dict[str, Any]:
    alarms = site.deployment.pages("monitoring", "projects.alertPolicies.list", "alertPolicies", name=site.project)
    return next(alarm for alarm in alarms if alarm["displayName"] == f"{site.prefix}-{name}")


def _patch_alarm(site: Site, alarm: dict[str, Any], field: str, value: Any) -> None:
    method = "projects.alertPolicies.patch"
    site.do("monitoring", method, name=alarm["name"], updateMask=field, body={field: value})


@breaks("OBS-2")
def alarm_is_off(site: Site) -> None:
    _patch_alarm(site, _alarm(site, "database-storage-critical"), "enabled", False)


@breaks("OBS-3")
def critical_alarm_reaches_the_warning_channels_only(site: Site) -> None:
    channels = _alarm(site, "nodes-failed-warning")["notificationChannels"]
    _patch_alarm(site, _alarm(site, "nodes-failed-critical"), "notificationChannels", channels)


@breaks("OBS-4")
def dashboard_lacks_a_signal(site: Site) -> None:
    boards = site.deployment.pages("monitoring/v1", "projects.dashboards.list", "dashboards", parent=site.project)
    board = json.loads(json.dumps(boards[0]).replace(SIGNALS[0], "replaced"))
    site.do("monitoring/v1", "projects.dashboards.patch", name=board["name"], body=board)


@breaks("AUD-1")
def reads_of_data_are_not_recorded(site: Site) -> None:
    policy = site.do("cloudresourcemanager", "projects.getIamPolicy", resource=site.project, body={})
    kinds = [{"logType": kind} for kind in ("ADMIN_READ", "DATA_WRITE")]
    configs = [{"service": "allServices", "auditLogConfigs": kinds}]
    body = {"policy": {**policy, "auditConfigs": configs}, "updateMask": "bindings,etag,auditConfigs"}
    site.do("cloudresourcemanager", "projects.setIamPolicy", resource=site.project, body=body)


@breaks("AUD-2")
def only_critical_findings_are_published(site: Site) -> None:
    path = f"v2/{site.project}/locations/global/notificationConfigs/{site.prefix}-findings"
    body = {"streamingConfig": {"filter": 'severity = "CRITICAL"'}}
    site.rest("PATCH", "securitycenter", f"{path}?updateMask=streamingConfig", body)


@breaks("AUD-3")
def public_database_servers_are_allowed(site: Site) -> None:
    site.constrain("sql.restrictPublicIp", {"enforce": False})


def _change_backup_rules(site: Site, **changes: Any) -> None:
    plan = backup.plan(site.deployment)
    rules = [{**rule, **changes} for rule in plan["backupRules"]]
    body = {"backupRules": rules}
    site.do("backupdr", "projects.locations.backupPlans.patch", name=plan["name"], updateMask="backupRules", body=body)


@breaks("AUD-4")
def archive_is_of_the_home_region(site: Site) -> None:
    name = f"{site.project}/sinks/{site.prefix}-flow"
    sink = site.do("logging", "projects.sinks.get", sinkName=name)
    place = f'resource.labels.location:"{site.target.region}"'
    body = {**sink, "filter": f"({sink['filter']}) AND {place}"}
    site.do("logging", "projects.sinks.update", sinkName=name, uniqueWriterIdentity=True, body=body)


@breaks("AUD-5")
def findings_are_not_watched(site: Site) -> None:
    _patch_alarm(site, _alarm(site, "findings-waiting-critical"), "enabled", False)


@breaks("AUD-6")
def firewall_rules_change_unnoticed(site: Site) -> None:
    site.do("monitoring", "projects.alertPolicies.delete", name=_alarm(site, "firewall-changed-warning")["name"])


@breaks("OBS-5")
def failovers_go_unnoticed(site: Site) -> None:
    site.do("monitoring", "projects.alertPolicies.delete", name=_alarm(site, "database-failover-critical")["name"])


@breaks("BAK-4")
def jobs_have_no_query(site: Site) -> None:
    name = f"{site.project}/locations/global/savedQueries/{site.prefix}-backup-jobs"
    site.do("logging", "projects.locations.savedQueries.delete", name=name)


@breaks("BAK-1")
def backups_are_kept_for_7_days(site: Site) -> None:
    _change_backup_rules(site, backupRetentionDays=7)


@breaks("BAK-2")
def velero_has_no_rights(site: Site) -> None:
    member = names.member(site.target, "velero")
    site.policy(
        PROJECT,
        {"resource": site.project},
        lambda bindings: [binding for binding in bindings if member not in binding["members"]],
    )


@breaks("BAK-3")
def backups_are_18_instead_of_12_hours_apart(site: Site) -> None:
    schedule = backup.plan(site.deployment)["backupRules"][0]["standardSchedule"]
    _change_backup_rules(site, standardSchedule={**schedule, "hourlyFrequency": 18})


@breaks("COST-1")
def budget_has_no_alert_at_80_percent(site: Site) -> None:
    budget = cost.budget(site.deployment)
    rules = [rule for rule in budget["thresholdRules"] if rule["thresholdPercent"] != 0.8]
    site.do(
        "billingbudgets",
        "billingAccounts.budgets.patch",
        name=budget["name"],
        updateMask="thresholdRules",
        body={"thresholdRules": rules},
    )


@breaks("COST-2")
def pool_has_no_sleep_schedule(site: Site) -> None:
    name = f"{site.place}/jobs/{site.prefix}-nodes-general-size-down"
    site.do("cloudscheduler", "projects.locations.jobs.delete", name=name)


@breaks("GOV-2")
def every_region_is_allowed(site: Site) -> None:
    site.constrain("gcp.resourceLocations", {"allowAll": True})


@breaks("ID-1")
def any_branch_may_apply(site: Site) -> None:
    subject = f"repo:{site.environment.identity.repository}:ref:refs/heads/any"
    pool = f"projects/{names.number(site.target)}/locations/global/workloadIdentityPools/{site.prefix}-github"
    account = f"{site.project}/serviceAccounts/{names.role_email(site.target, 'ci-apply')}"
    member = f"principal://iam.googleapis.com/{pool}/subject/{subject}"
    site.grant(ACCOUNT, {"resource": account}, "roles/iam.workloadIdentityUser", member)


@breaks("ID-2")
def a_person_changes_the_network(site: Site) -> None:
    site.grant(PROJECT, {"resource": site.project}, "roles/compute.networkAdmin", "user:someone@outside.example")


@breaks("GOV-4")
def an_organisation_policy_is_deleted(site: Site) -> None:
    name = f"{site.project}/policies/compute.requireOsLogin"
    site.do("orgpolicy", "projects.policies.delete", name=name)
