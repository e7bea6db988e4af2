"""Audit logs, findings and asset feeds on Google Cloud (AUD-1 to AUD-3)."""

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
