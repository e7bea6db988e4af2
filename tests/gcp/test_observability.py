"""Cloud Monitoring and Logging (OBS-1 to OBS-5)."""

import json
import re

import pytest

from terrace.capabilities.signals import BURNS

ENVIRONMENTS = ("dev", "staging", "prod")
SIGNALS = (
    "database-cpu",
    "database-storage",
    "database-connections",
    "cache-memory",
    "cache-evictions",
    "nodes-cpu",
    "nodes-memory",
    "nodes-failed",
    "nat-ports-europe-west3",
    "lake-denials",
    "api-denials",
)
AT_ONCE = ("database-failed", "database-maintenance", "findings-waiting")
RECOVERY = ("recovery-lag",)
EVENTS = ("owner-made", "trail-stopped", "key-ended", "backup-failed")


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("staging", 90), ("prod", 365)])
def test_logs_are_encrypted_with_the_environments_retention(gcp, environment, days):  # OBS-1
    stack = gcp(environment)
    for path, body in stack.all("google_logging_project_bucket_config"):
        assert body["location"] == "europe-west3", path
        assert body["cmek_settings"]["kms_key_name"].endswith("/cryptoKeys/logs"), path
        assert body["retention_days"] >= days, path
    assert stack.one("google_logging_project_bucket_config", "observability/platform-log")["retention_days"] == days
    assert stack.one("google_logging_project_sink", "observability/default-sink")["disabled"] is True


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_signal_warns_first_and_is_critical_if_it_persists(gcp, environment):  # OBS-2, OBS-3
    stack = gcp(environment)
    policies = {path.removeprefix("alarms/"): body for path, body in stack.all("google_monitoring_alert_policy")}
    assert {f"{name}-{severity}" for name in (*SIGNALS, *EVENTS) for severity in ("warning", "critical")} <= set(
        policies
    )
    for name in SIGNALS:
        soon, later = (
            policies[f"{name}-{severity}"]["conditions"][0]["condition_threshold"]
            for severity in ("warning", "critical")
        )
        assert soon["filter"] == later["filter"] and soon["threshold_value"] == later["threshold_value"]
        assert (soon["duration"], later["duration"]) == ("900s", "3600s")
    for name, body in policies.items():
        assert body["notification_channels"], name
        assert body["severity"].lower() in ("warning", "critical"), name


def test_the_pager_receives_critical_alerts_repeatedly_in_prod(gcp):  # OBS-3
    stack = gcp("prod")
    body = stack.one("google_monitoring_alert_policy", "alarms/database-cpu-critical")
    channels = [stack.resolve(channel) for channel in body["notification_channels"]]
    assert channels == [
        "observability/channel-platform",
        "observability/channel-pager",
        "observability/critical-channel",
    ]
    assert body["alert_strategy"]["notification_channel_strategy"][0]["renotify_interval"] == "1800s"
    pager = stack.one("google_monitoring_notification_channel", "observability/channel-pager")
    assert pager["labels"]["url"].startswith("https://events.pager.example.com/")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_signals_refer_to_existing_resources(gcp, environment):  # OBS-2
    stack = gcp(environment)
    policy = stack.one("google_monitoring_alert_policy", "alarms/database-cpu-warning")
    condition = policy["conditions"][0]["condition_threshold"]["filter"]
    assert f'resource.labels.database_id="acme-data-{environment}:dpf-{environment}"' in condition
    metric = stack.one("google_logging_metric", "alarms/lake-denials-count")["name"]
    denied = stack.one("google_monitoring_alert_policy", "alarms/lake-denials-warning")
    assert f'"logging.googleapis.com/user/{metric}"' in denied["conditions"][0]["condition_threshold"]["filter"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_objective_has_alerts_on_its_burn_rates(gcp, environment):  # OBS-4
    stack = gcp(environment)
    objective = stack.one("google_monitoring_slo", "alarms/objective")
    assert objective["goal"] == 0.999
    assert f'url_map_name="dpf-{environment}-entry"' in json.dumps(objective).replace('\\"', '"')
    for name, burn in BURNS.items():
        policy = stack.one("google_monitoring_alert_policy", f"alarms/objective-{name}")
        condition = policy["conditions"][0]["condition_threshold"]
        assert condition["threshold_value"] == burn.rate
        assert f'"{burn.window_seconds}s"' in condition["filter"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_dashboard_shows_every_signal_inside_its_grid(gcp, environment):  # OBS-4
    body = json.loads(gcp(environment).one("google_monitoring_dashboard", "alarms/dashboard")["dashboard_json"])
    tiles = body["mosaicLayout"]["tiles"]
    shown = (*SIGNALS, *AT_ONCE, *(RECOVERY if environment == "prod" else ()))
    assert len(tiles) == len(shown) + 1
    assert "99.9 %" in tiles[0]["widget"]["title"]
    assert all(tile["xPos"] + tile["width"] <= 48 for tile in tiles)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_failures_and_maintenance_of_the_database_alarm_at_once(gcp, environment):  # OBS-5
    stack, server = gcp(environment), f"acme-data-{environment}:dpf-{environment}"
    policies = {path.removeprefix("alarms/"): body for path, body in stack.all("google_monitoring_alert_policy")}
    for name in ("database-failed-warning", "database-failed-critical", "database-maintenance-warning"):
        condition = policies[name]["conditions"][0]["condition_threshold"]
        assert condition["duration"] == "0s"
        assert f'resource.labels.database_id=starts_with("{server}")' in condition["filter"]
    assert "database-maintenance-critical" not in policies
    failover = policies["database-failover-critical"]["conditions"][0]["condition_matched_log"]["filter"]
    pattern = re.search(r'database_id=~"([^"]+)"', failover)
    assert pattern and all(re.search(pattern[1], f"{server}{end}") for end in ("", "-recovery", "-replica-1"))
    assert not re.search(pattern[1], f"{server}2")


def test_the_replica_in_the_recovery_region_is_watched(gcp):  # AUD-4
    condition = gcp("prod").one("google_monitoring_alert_policy", "alarms/recovery-lag-critical")["conditions"][0]
    assert 'database_id="acme-data-prod:dpf-prod-recovery"' in condition["condition_threshold"]["filter"]
    paths = [path for path, _ in gcp("dev").all("google_monitoring_alert_policy")]
    assert "alarms/recovery-lag-warning" not in paths
