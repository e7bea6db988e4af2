"""CloudWatch and SNS on AWS (OBS-1 to OBS-4)."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from terrace.capabilities.observability import LogGroup
from tests.conftest import ACCOUNTS, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")
NODES = {"dev": 1, "staging": 2, "prod": 3}
ZONES = {"dev": 1, "staging": 2, "prod": 3}


def topic(environment: str, severity: str) -> str:
    return f"arn:aws:sns:eu-central-1:{ACCOUNTS['aws'][environment]}:dpf-{environment}-{severity}"


def alarms(stack: SynthesizedStack) -> dict[str, dict[str, Any]]:
    return {path.removeprefix("alarms/"): body for path, body in stack.all("aws_cloudwatch_metric_alarm")}


@pytest.mark.parametrize(
    ("environment", "days", "record"), [("dev", 30, 400), ("staging", 90, 400), ("prod", 365, 731)]
)
def test_logs_have_their_retention_and_the_logs_key(
    foundation: Foundation, environment: str, days: int, record: int
) -> None:
    stack = foundation(environment)
    ours = {path: body for path, body in stack.all("aws_cloudwatch_log_group") if path.startswith("observability/")}
    assert ours.keys() == {f"observability/{name}-log" for name in (*get_args(LogGroup), "dns")}
    for path, body in ours.items():
        assert body["retention_in_days"] == (record if path == "observability/trail-log" else days)  # OBS-1
        assert stack.resolve(body["kms_key_id"]) == "keys/logs"
    assert ours["observability/cluster-log"]["name"] == f"/aws/eks/dpf-{environment}/cluster"
    assert ours["observability/waf-log"]["name"].startswith("aws-waf-logs-")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_signal_warns_first_and_is_critical_if_it_persists(foundation: Foundation, environment: str) -> None:
    by_name = alarms(foundation(environment))
    lasting = {
        *("database-cpu", "database-storage", "database-connections", "nodes-cpu", "nodes-memory", "nodes-failed"),
        *(f"cache-memory-{number:03}" for number in range(1, NODES[environment] + 1)),
        *(f"cache-evictions-{number:03}" for number in range(1, NODES[environment] + 1)),
        *(f"nat-ports-eu-central-1{letter}" for letter in "abc"[: ZONES[environment]]),
        *("lake-denials", "api-denials"),
    }
    events = {
        *("root-used", "sign-in-without-mfa", "trail-stopped", "configuration-record-changed"),
        *("detectors-changed", "keys-disabled"),
    }
    warned = {
        *("sign-in-failed", "identities-changed", "buckets-changed", "security-groups-changed"),
        *("access-lists-changed", "gateways-changed", "routes-changed", "networks-changed"),
        "event-rules-changed",
    }
    expected = {f"{name}-{severity}" for name in lasting | events for severity in ("warning", "critical")}
    expected |= {f"{name}-warning" for name in warned}
    assert by_name.keys() == expected | {"objective-fast", "objective-slow"}  # OBS-2, AUD-6
    for name in lasting:
        warning, critical = by_name[f"{name}-warning"], by_name[f"{name}-critical"]
        assert warning["period"] == critical["period"] == 300
        assert warning["evaluation_periods"] == warning["datapoints_to_alarm"] == 3
        assert critical["evaluation_periods"] == critical["datapoints_to_alarm"] == 12  # 60 minutes, OBS-3
        same = ("namespace", "metric_name", "statistic", "comparison_operator", "threshold", "dimensions")
        assert [warning.get(key) for key in same] == [critical.get(key) for key in same]
    for name in events:
        # a single record raises the alarm, because no other one may follow
        assert by_name[f"{name}-critical"]["evaluation_periods"] == 1
        assert by_name[f"{name}-critical"]["threshold"] == 0


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_alarms_go_to_the_topic_of_their_severity(foundation: Foundation, environment: str) -> None:
    for name, body in alarms(foundation(environment)).items():
        loud = name.endswith("-critical") or name == "objective-fast"
        assert body["alarm_actions"] == [topic(environment, "critical" if loud else "warning")]  # OBS-3
        assert body["alarm_name"] == f"dpf-{environment}-{name}"


def test_thresholds_follow_the_environment(foundation: Foundation) -> None:
    by_name = alarms(foundation("prod"))
    assert by_name["database-storage-warning"]["threshold"] == 500 * 1024**3 // 10  # a tenth of storage_gb, in bytes
    assert by_name["database-storage-warning"]["comparison_operator"] == "LessThanThreshold"
    assert by_name["database-cpu-warning"]["threshold"] == 80
    assert by_name["lake-denials-warning"]["threshold"] == 20


def test_metrics_have_the_dimensions_that_services_publish(foundation: Foundation) -> None:
    stack = foundation("prod")
    by_name = alarms(stack)
    assert by_name["database-cpu-warning"]["dimensions"] == {"DBInstanceIdentifier": "dpf-prod"}
    # ElastiCache publishes metrics by node and none for a replication group
    assert by_name["cache-memory-003-warning"]["dimensions"].keys() == {"CacheClusterId"}
    assert by_name["cache-memory-003-warning"]["dimensions"]["CacheClusterId"].endswith("-003")
    gateways = {
        stack.resolve(by_name[f"nat-ports-eu-central-1{letter}-warning"]["dimensions"]["NatGatewayId"])
        for letter in "abc"
    }
    assert len(gateways) == 3


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_count_in_the_audit_logs_has_an_alarm(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    counted = {
        (change["namespace"], change["name"]): (body["pattern"], body["log_group_name"])
        for _, body in stack.all("aws_cloudwatch_log_metric_filter")
        for change in [body["metric_transformation"]]
    }
    watched = {(b["namespace"], b["metric_name"]) for b in alarms(stack).values() if "namespace" in b}
    own = {pair for pair in watched if pair[0].startswith("Terrace/")}
    assert own == counted.keys()
    assert {group for _, group in counted.values()} == {f"/terrace/dpf-{environment}/trail"}
    refusals, _ = counted[(f"Terrace/dpf-{environment}", "LakeDenials")]
    assert "s3.amazonaws.com" in refusals
    changed, _ = counted[(f"Terrace/dpf-{environment}", "TrailStopped")]
    assert all(f'"{call}"' in changed for call in ("StopLogging", "UpdateTrail", "PutEventSelectors"))  # AUD-6
    assert max(len(pattern) for pattern, _ in counted.values()) <= 1024  # PutMetricFilter


@pytest.mark.parametrize(
    ("environment", "critical"), [("dev", {"platform"}), ("staging", {"platform"}), ("prod", {"platform", "pager"})]
)
def test_topics_reach_the_channels_of_the_escalation(
    foundation: Foundation, environment: str, critical: set[str]
) -> None:
    stack = foundation(environment)
    endpoints = {
        "platform": ("email", "platform@example.com"),
        "pager": ("https", "https://events.pager.example.com/integration/platform/enqueue"),
    }
    for severity, channels in {"warning": {"platform"}, "critical": critical}.items():
        subscribed = {
            (body["protocol"], body["endpoint"])
            for _, body in stack.all("aws_sns_topic_subscription")
            if stack.resolve(body["topic_arn"]) == f"observability/{severity}"
        }
        assert subscribed == {endpoints[name] for name in channels}  # OBS-3
        topic = stack.one("aws_sns_topic", f"observability/{severity}")
        assert topic["name"] == f"dpf-{environment}-{severity}"
        assert stack.resolve(topic["kms_master_key_id"]) == "keys/events"
        policy = json.loads(stack.one("aws_sns_topic_policy", f"observability/{severity}-policy")["policy"])
        allowed = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
        assert [each["Condition"] for each in allowed] == [
            {"StringEquals": {"aws:SourceAccount": ACCOUNTS["aws"][environment]}}
        ]


@pytest.mark.parametrize(("name", "window", "rate"), [("fast", 3600, 14.4), ("slow", 21600, 6)])
def test_the_objective_has_alarms_on_its_burn_rates(
    foundation: Foundation, name: str, window: int, rate: float
) -> None:
    stack = foundation("prod")
    alarm = alarms(stack)[f"objective-{name}"]
    queries = {each["id"]: each for each in alarm["metric_query"]}
    assert alarm["threshold"] == rate
    assert "/ 0.001" in queries["burn"]["expression"]  # OBS-4: 99.9 %
    assert [each["id"] for each in alarm["metric_query"] if each.get("return_data")] == ["burn"]
    metrics = {id: each["metric"] for id, each in queries.items() if id != "burn"}
    assert {each["period"] for each in metrics.values()} == {window}
    assert {each["metric_name"] for each in metrics.values()} == {
        "RequestCount",
        "HTTPCode_Target_5XX_Count",
        "HTTPCode_ELB_5XX_Count",
    }
    for metric in metrics.values():
        assert metric["dimensions"]["LoadBalancer"].endswith(".arn_suffix}")
        assert metric["stat"] == "Sum"


def test_the_platform_alarm_needs_user_impact_and_a_cause(foundation: Foundation) -> None:
    stack = foundation("prod")
    alarm = stack.one("aws_cloudwatch_composite_alarm", "alarms/platform")
    felt, causes = alarm["alarm_rule"].split(" AND ")
    assert "objective-fast" in felt
    assert causes.count(" OR ") == 2
    assert alarm["alarm_actions"] == [topic("prod", "critical")]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_dashboard_shows_every_signal_and_the_objective(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    board = stack.one("aws_cloudwatch_dashboard", "alarms/dashboard")
    widgets = json.loads(board["dashboard_body"])["widgets"]
    shown = {tuple(metric[:2]) for each in widgets for metric in each["properties"].get("metrics", [])}
    watched = {(b["namespace"], b["metric_name"]) for b in alarms(stack).values() if "namespace" in b}
    assert shown == watched  # OBS-4
    objective = widgets[0]["properties"]
    assert "99.9 %" in objective["title"]
    names = {body["alarm_name"] for body in alarms(stack).values()}
    assert {arn.rsplit(":", 1)[-1] for arn in objective["alarms"]} <= names
    places = [(each["x"], each["y"]) for each in widgets]
    assert len(places) == len(set(places))
    assert all(each["x"] + each["width"] <= 24 for each in widgets)


def test_saved_queries_search_log_groups_that_exist(foundation: Foundation) -> None:
    stack = foundation("dev")
    groups = {body["name"] for _, body in stack.all("aws_cloudwatch_log_group")}
    queries = stack.all("aws_cloudwatch_query_definition")
    assert queries
    assert {group for _, body in queries for group in body["log_group_names"]} <= groups
