"""Audit logs, findings and asset feeds on Google Cloud (AUD-1 to AUD-6)."""

import re

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")
DAY = 86400


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_call_of_every_service_is_recorded(gcp, environment):  # AUD-1, LAKE-6
    calls = gcp(environment).one("google_project_iam_audit_config", "audit/calls")
    assert calls["service"] == "allServices"
    assert {each["log_type"] for each in calls["audit_log_config"]} == {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
    assert not [each for each in calls["audit_log_config"] if each.get("exempted_members")]


@pytest.mark.parametrize(("environment", "days"), [("dev", 400), ("staging", 400), ("prod", 731)])
def test_the_audit_logs_are_stored_twice_and_immutable(gcp, environment, days):  # AUD-1
    stack = gcp(environment)
    trail = stack.one("google_logging_project_bucket_config", "observability/trail-log")
    assert trail["retention_days"] == days
    assert trail["locked"] is (environment == "prod")
    archive = stack.one("google_storage_bucket", "lake/audit/bucket")
    assert archive["retention_policy"]["retention_period"] == str(days * DAY)
    assert stack.one("google_logging_project_sink", "audit/archive")["destination"].endswith(archive["name"])
    for sink in ("observability/trail-sink", "audit/archive"):
        filter = stack.one("google_logging_project_sink", sink)["filter"]
        assert "cloudaudit.googleapis.com/activity" in filter and "cloudaudit.googleapis.com/data_access" in filter


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_findings_are_published(gcp, environment):  # AUD-2
    notifications = gcp(environment).one("google_scc_v2_project_notification_config", "audit/findings")
    filter = notifications["streaming_config"]["filter"]
    assert '"HIGH"' in filter and '"CRITICAL"' in filter
    assert ('"MEDIUM"' in filter) is (environment != "dev")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_changes_of_configuration_are_published(gcp, environment):  # AUD-3
    feeds = {body["content_type"]: body for _, body in gcp(environment).all("google_cloud_asset_project_feed")}
    assert set(feeds) == ({"RESOURCE"} if environment == "dev" else {"RESOURCE", "IAM_POLICY"})
    assert "storage.googleapis.com/Bucket" in feeds["RESOURCE"]["asset_types"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_findings_that_wait_raise_alarms_at_once(gcp, environment):  # AUD-5
    stack = gcp(environment)
    inbox = stack.one("google_pubsub_subscription", "audit/findings-inbox")
    assert stack.resolve(inbox["topic"]) == "audit/findings-topic" and "filter" not in inbox
    for severity in ("warning", "critical"):
        alarm = stack.one("google_monitoring_alert_policy", f"alarms/findings-waiting-{severity}")
        condition = alarm["conditions"][0]["condition_threshold"]
        assert f'subscription_id="{inbox["name"]}"' in condition["filter"]
        assert (condition["threshold_value"], condition["duration"]) == (0, "0s")


CHANGES = {
    "owner-made": [],
    "trail-stopped": [
        "google.logging.v2.ConfigServiceV2.DeleteSink",
        "google.logging.v2.ConfigServiceV2.CreateExclusion",
        "google.logging.v2.ConfigServiceV2.UpdateSettings",
        "google.logging.v2.ConfigServiceV2.UpdateBucketAsync",
        "google.logging.v2.LoggingServiceV2.DeleteLog",
    ],
    "key-ended": ["DestroyCryptoKeyVersion", "UpdateCryptoKeyVersion", "UpdateCryptoKey"],
    "detection-changed": [
        "google.cloud.securitycenter.v2.SecurityCenter.DeleteNotificationConfig",
        "google.cloud.securitycenter.v2.SecurityCenter.CreateMuteConfig",
        "google.cloud.asset.v1.AssetService.DeleteFeed",
        "google.monitoring.v3.AlertPolicyService.UpdateAlertPolicy",
        "google.logging.v2.MetricsServiceV2.DeleteLogMetric",
        "google.api.serviceusage.v1.ServiceUsage.DisableService",
    ],
    "policies-changed": [
        "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy",
        "SetOrgPolicy",
        "google.iam.v2.Policies.DeletePolicy",
        "google.cloud.binaryauthorization.v1.BinauthzManagementServiceV1.UpdatePolicy",
    ],
    "access-changed": ["SetIamPolicy", "google.iam.admin.v1.SetIAMPolicy", "google.iam.v1.IAMPolicy.SetIamPolicy"],
    "roles-changed": ["google.iam.admin.v1.UpdateRole", "google.iam.admin.v1.CreateServiceAccountKey"],
    "firewall-changed": ["v1.compute.firewalls.insert", "v1.compute.networkFirewallPolicies.patchRule"],
    "routes-changed": ["v1.compute.routes.delete", "v1.compute.routers.patch", "v1.compute.vpnTunnels.delete"],
    "network-changed": ["v1.compute.networks.addPeering", "v1.compute.subnetworks.patch", "dns.policies.patch"],
    "buckets-changed": ["storage.setIamPermissions", "storage.buckets.update", "storage.buckets.delete"],
    "database-changed": ["cloudsql.instances.update", "cloudsql.users.create"],
    "record-narrowed": [],
}
"""The kinds of changes, and methods of which each has to notice a call."""


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_of_security_settings_raises_an_alarm(gcp, environment, kind):  # AUD-6
    alarm = gcp(environment).one("google_monitoring_alert_policy", f"alarms/{kind}-warning")
    filter = alarm["conditions"][0]["condition_matched_log"]["filter"]
    patterns = re.findall(r'methodName=~"([^"]+)"', filter)
    for method in CHANGES[kind]:
        assert any(re.search(pattern, method) for pattern in patterns), method
    for read in ("storage.buckets.get", "google.iam.admin.v1.GetRole", "GetIamPolicy", "GetCryptoKey"):
        assert not any(re.search(pattern, read) for pattern in patterns), read


def test_the_sleep_schedule_is_no_change_of_the_database(gcp):  # AUD-6, COST-2
    alarm = gcp("dev").one("google_monitoring_alert_policy", "alarms/database-changed-warning")
    sleeps = 'NOT protoPayload.authenticationInfo.principalEmail="dpf-dev-sleep@acme-data-dev.iam.gserviceaccount.com"'
    assert sleeps in alarm["conditions"][0]["condition_matched_log"]["filter"]
