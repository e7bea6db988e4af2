"""The budget and the sleep schedule on Azure (COST-1, COST-2)."""

import json
from zoneinfo import available_timezones

import pytest

from terrace.azure.cost import _TIME_ZONES, _time_zone
from terrace.errors import ContractError
from tests.azure.conftest import ENVIRONMENTS


@pytest.mark.parametrize(("environment", "amount"), [("dev", 500), ("staging", 5000), ("prod", 40000)])
def test_the_budget_alerts_at_50_80_and_100_percent(azure, environment, amount):  # COST-1
    budget = azure(environment).one("azurerm_consumption_budget_subscription", "cost/budget")
    assert budget["amount"] == amount
    assert budget["filter"]["tag"] == [{"name": "environment", "values": [environment]}]
    alerts = {(alert["threshold_type"], alert["threshold"]) for alert in budget["notification"]}
    assert alerts == {("Actual", 50), ("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    for alert in budget["notification"]:
        assert alert["enabled"] is True
        assert alert["contact_emails"] and alert["contact_groups"]


def test_only_dev_has_a_sleep_schedule(azure):  # COST-2
    stack = azure("dev")
    assert len(stack.all("azurerm_logic_app_workflow")) == 4
    for environment in ("staging", "prod"):
        assert azure(environment).all("azurerm_logic_app_workflow") == []


@pytest.mark.parametrize(("name", "hour", "action"), [("cluster-down", 20, "stop"), ("cluster-up", 7, "start")])
def test_the_cluster_stops_at_night_and_starts_in_the_morning(azure, name, hour, action):  # COST-2
    stack = azure("dev")
    trigger = stack.one("azurerm_logic_app_trigger_recurrence", f"cost/{name}-time")
    assert trigger["schedule"]["at_these_hours"] == [hour]
    assert "Saturday" not in trigger["schedule"]["on_these_days"]
    assert trigger["time_zone"] == "W. Europe Standard Time"
    call = json.loads(stack.one("azurerm_logic_app_action_custom", f"cost/{name}-call")["body"])
    assert f"/managedClusters/dpf-dev/{action}?api-version=" in call["inputs"]["uri"]
    assert call["inputs"]["authentication"]["type"] == "ManagedServiceIdentity"


def test_the_workflows_may_only_stop_and_start(azure):  # COST-2
    (permissions,) = azure("dev").one("azurerm_role_definition", "cost/sleep")["permissions"]
    assert {action.rsplit("/", 2)[-2] for action in permissions["actions"] if action.endswith("/action")} == {
        "start",
        "stop",
    }


def test_time_zones_have_windows_names():
    assert set(_TIME_ZONES) <= available_timezones()
    with pytest.raises(ContractError, match="Mars/Olympus"):
        _time_zone("Mars/Olympus")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_budget_starts_on_the_first_day_of_a_month(azure, environment):  # COST-1: Azure rejects any other day
    period = azure(environment).one("azurerm_consumption_budget_subscription", "cost/budget")["time_period"]
    assert period["start_date"].split("T")[0].endswith("-01")
