"""AWS Budgets and the sleep schedule on AWS (COST-1, COST-2)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def schedules(stack: SynthesizedStack) -> dict[str, dict[str, Any]]:
    return {path.removeprefix("cost/"): body for path, body in stack.all("aws_scheduler_schedule")}


@pytest.mark.parametrize(("environment", "usd"), [("dev", "500"), ("staging", "5000"), ("prod", "40000")])
def test_the_budget_alerts_at_its_thresholds(foundation: Foundation, environment: str, usd: str) -> None:
    budget = foundation(environment).one("aws_budgets_budget", "cost/budget")
    assert (budget["limit_amount"], budget["limit_unit"], budget["time_unit"]) == (usd, "USD", "MONTHLY")
    alerts = {(each["notification_type"], each["threshold"]) for each in budget["notification"]}
    assert alerts == {("ACTUAL", 50), ("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}  # COST-1
    for alert in budget["notification"]:
        assert alert["threshold_type"] == "PERCENTAGE"
        assert alert["subscriber_email_addresses"] == ["platform@example.com", "finance@example.com"]
        assert alert["subscriber_sns_topic_arns"][0].endswith(f":dpf-{environment}-warning")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_budget_counts_only_this_environment(foundation: Foundation, environment: str) -> None:
    budget = foundation(environment).one("aws_budgets_budget", "cost/budget")
    assert budget["cost_filter"] == [{"name": "TagKeyValue", "values": [f"user:environment${environment}"]}]


def test_dev_sleeps_at_night_and_over_the_weekend(foundation: Foundation) -> None:
    calls = schedules(foundation("dev"))
    assert calls.keys() == {
        f"{what}-{turn}" for what in ("database", "nodes-system", "nodes-spot") for turn in ("down", "up")
    }
    for name, body in calls.items():
        at = "cron(0 20 ? * MON-FRI *)" if name.endswith("-down") else "cron(0 7 ? * MON-FRI *)"
        assert body["schedule_expression"] == at  # COST-2
        assert body["schedule_expression_timezone"] == "Europe/Berlin"
        assert body["state"] == "ENABLED"
        assert body["flexible_time_window"] == {"mode": "OFF"}
        assert foundation("dev").resolve(body["kms_key_arn"]) == "keys/events"


def test_pools_scale_to_zero_and_start_with_a_node_for_the_autoscaler(foundation: Foundation) -> None:
    stack = foundation("dev")
    groups = {body["labels"]["terrace.dev/pool"]: body for _, body in stack.all("aws_eks_node_group")}
    for pool in ("system", "spot"):
        sizes = {}
        for turn in ("down", "up"):
            target = schedules(stack)[f"nodes-{pool}-{turn}"]["target"]
            assert target["arn"] == "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig"
            request = json.loads(target["input"])
            assert request["NodegroupName"] == groups[pool]["node_group_name"]
            sizes[turn] = request["ScalingConfig"]
        assert sizes["down"] == {"MinSize": 0, "DesiredSize": 0}
        assert sizes["up"]["MinSize"] == groups[pool]["scaling_config"]["min_size"]  # or every morning would be drift
        assert sizes["up"]["DesiredSize"] == (1 if pool == "system" else 0)


def test_the_schedule_stops_the_environments_database(foundation: Foundation) -> None:
    stack = foundation("dev")
    identifier = stack.one("aws_db_instance", "database/server")["identifier"]
    for turn, api in {"down": "stopDBInstance", "up": "startDBInstance"}.items():
        target = schedules(stack)[f"database-{turn}"]["target"]
        assert target["arn"] == f"arn:aws:scheduler:::aws-sdk:rds:{api}"
        assert json.loads(target["input"]) == {"DbInstanceIdentifier": identifier}
    rights = json.loads(stack.one("aws_iam_role_policy", "cost/sleep-role-sleep")["policy"])["Statement"]
    resources = [
        r for each in rights for r in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    ]
    assert "*" not in resources
    assert f"arn:aws:rds:eu-central-1:111122223333:db:{identifier}" in resources


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_an_environment_without_sleep_has_no_schedules(foundation: Foundation, environment: str) -> None:
    assert schedules(foundation(environment)) == {}
    assert foundation(environment).all("aws_scheduler_schedule_group") == []
