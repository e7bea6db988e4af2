"""Breaks of the guarantees about observability, audit, backup, cost, governance and identity."""

from terrace.azure import names
from terrace.live.azure import backup
from terrace.live.azure.observability import SIGNALS
from tests.live.azure.breaks import breaks
from tests.live.azure.breaks.network import INTRUDER
from tests.live.azure.site import Site

GITHUB = "https://token.actions.githubusercontent.com"


@breaks("OBS-1")
def requests_are_also_logged_to_another_workspace(site: Site) -> None:
    properties = {"sku": {"name": "PerGB2018"}, "retentionInDays": 30}
    workspace = site.create("Microsoft.OperationalInsights/workspaces", "other", properties)
    service = f"{names.account_id(site.target, 'gold')}/blobServices/default"
    logs = [{"category": name, "enabled": True} for name in ("StorageRead", "StorageWrite", "StorageDelete")]
    site.put(
        f"{service}/providers/Microsoft.Insights/diagnosticSettings/copy", {"workspaceId": workspace, "logs": logs}
    )


@breaks("OBS-2")
def alarm_is_off(site: Site) -> None:
    alarms = site.deployment.all("Microsoft.Insights/metricAlerts")
    name = next(str(alarm["name"]) for alarm in alarms if "cpu" in alarm["name"] and "critical" in alarm["name"])
    site.change(names.id(site.target, "Microsoft.Insights/metricAlerts", name), enabled=False)


@breaks("OBS-3")
def critical_group_has_no_address(site: Site) -> None:
    site.change(names.topic_id(site.target, "critical"), emailReceivers=[])


@breaks("OBS-4")
def dashboard_lacks_a_signal(site: Site) -> None:
    workbook = names.id(site.target, "Microsoft.Insights/workbooks", names.guid(site.target, "dashboard"))
    data = site.reader.get(workbook)["properties"]["serializedData"]
    site.change(workbook, serializedData=data.replace(SIGNALS[0], "replaced"))


@breaks("OBS-5")
def deletion_of_the_database_is_not_reported(site: Site) -> None:
    name = f"{site.prefix}-database-deleted"
    site.change(names.id(site.target, "Microsoft.Insights/activityLogAlerts", name), enabled=False)


@breaks("AUD-1")
def policy_events_are_not_recorded(site: Site) -> None:
    site.stop_logs(names.subscription(site.target), "Policy")


@breaks("AUD-2")
def vaults_are_not_monitored(site: Site) -> None:
    plan = f"{names.subscription(site.target)}/providers/Microsoft.Security/pricings/KeyVaults"
    site.put(plan, {"pricingTier": "Free"})


@breaks("AUD-3")
def subscription_has_no_baseline(site: Site) -> None:
    assignments = f"{names.subscription(site.target)}/providers/Microsoft.Authorization/policyAssignments"
    site.delete(f"{assignments}/{site.prefix}-baseline")


@breaks("AUD-4")
def recovery_vault_is_not_recorded(site: Site) -> None:
    vault = names.vault_id(site.target, "recovery")
    site.delete(f"{vault}/providers/Microsoft.Insights/diagnosticSettings/trail")


@breaks("AUD-5")
def findings_stay_in_defender(site: Site) -> None:
    export = names.id(site.target, "Microsoft.Security/automations", f"{site.prefix}-findings")
    site.change(export, isEnabled=False)


@breaks("AUD-6")
def changed_roles_raise_no_alarm(site: Site) -> None:
    name = f"{site.prefix}-roles-changed"
    site.change(names.id(site.target, "Microsoft.Insights/scheduledQueryRules", name), enabled=False)


@breaks("BAK-1")
def gold_is_not_backed_up(site: Site) -> None:
    site.delete(f"{backup.vault_id(site.deployment)}/backupInstances/gold")


@breaks("BAK-2")
def no_pod_has_veleros_identity(site: Site) -> None:
    credentials = f"{names.identity_id(site.target, 'velero')}/federatedIdentityCredentials"
    for credential in site.reader.pages(credentials):
        site.delete(f"{credentials}/{credential['name']}")


@breaks("BAK-3")
def failed_backups_raise_no_alert(site: Site) -> None:
    for rule in site.deployment.all("Microsoft.AlertsManagement/actionRules"):
        site.change(str(rule["id"]), enabled=False)


@breaks("BAK-4")
def backup_jobs_are_not_reported(site: Site) -> None:
    vault = backup.vault_id(site.deployment)
    site.delete(f"{vault}/providers/Microsoft.Insights/diagnosticSettings/reports")


@breaks("COST-1")
def budget_has_no_alert_at_50_percent(site: Site) -> None:
    budget = f"{names.subscription(site.target)}/providers/Microsoft.Consumption/budgets/{site.prefix}"
    alerts = site.reader.get(budget)["properties"]["notifications"]
    site.change(budget, notifications={name: alert for name, alert in alerts.items() if alert["threshold"] != 50})


@breaks("COST-2")
def cluster_has_no_sleep_schedule(site: Site) -> None:
    workflow = names.id(site.target, "Microsoft.Logic/workflows", f"{site.prefix}-cluster-down")
    site.change(workflow, state="Disabled")


@breaks("GOV-1")
def network_has_another_owner(site: Site) -> None:
    network = names.network_id(site.target)
    site.retag(network, {**site.reader.get(network)["tags"], "owner": "another-team"})


@breaks("GOV-2")
def group_allows_every_region(site: Site) -> None:
    site.delete(f"{names.group_id(site.target)}/providers/Microsoft.Authorization/policyAssignments/locations")


@breaks("ID-1")
def another_repository_may_plan(site: Site) -> None:
    subject = "repo:another/repository:pull_request"
    trust = {"issuer": GITHUB, "subject": subject, "audiences": ["api://AzureADTokenExchange"]}
    site.put(f"{names.pipeline_id(site.target, 'plan')}/federatedIdentityCredentials/another", trust)


@breaks("ID-2")
def another_identity_changes_the_network(site: Site) -> None:
    site.grant(INTRUDER, "Network Contributor", names.group_id(site.target))


@breaks("GOV-4")
def the_lock_of_the_vault_is_deleted(site: Site) -> None:
    site.delete(f"{names.vault_id(site.target)}/providers/Microsoft.Authorization/locks/keep-vault")
