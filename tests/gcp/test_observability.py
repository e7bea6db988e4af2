"""Cloud Monitoring and Logging (OBS-1 to OBS-4)."""

import json

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
    assert len(tiles) == len(SIGNALS) + 1
    assert "99.9 %" in tiles[0]["widget"]["title"]
    assert all(tile["xPos"] + tile["width"] <= 48 for tile in tiles)
