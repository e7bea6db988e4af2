"""The budget and the sleep schedule on Google Cloud (COST-1, COST-2)."""

import base64
import json

import pytest

from terrace.gcp.cost import _cron

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize(("environment", "dollars"), [("dev", "500"), ("staging", "5000"), ("prod", "40000")])
def test_the_budget_alerts_at_50_80_and_100_percent(gcp, environment, dollars):  # COST-1
    stack = gcp(environment)
    budget = stack.one("google_billing_budget", "cost/budget")
    assert budget["amount"]["specified_amount"] == {"currency_code": "USD", "units": dollars}
    rules = {(rule["spend_basis"], rule["threshold_percent"]) for rule in budget["threshold_rules"]}
    assert rules == {
        ("CURRENT_SPEND", 0.5),
        ("CURRENT_SPEND", 0.8),
        ("CURRENT_SPEND", 1),
        ("FORECASTED_SPEND", 1),
    }
    channels = [stack.resolve(each) for each in budget["all_updates_rule"]["monitoring_notification_channels"]]
    assert channels == ["observability/channel-platform", "observability/channel-finance"]


def test_only_dev_has_a_sleep_schedule(gcp):  # COST-2
    assert not gcp("staging").all("google_cloud_scheduler_job")
    stack = gcp("dev")
    jobs = {path.removeprefix("cost/"): body for path, body in stack.all("google_cloud_scheduler_job")}
    bodies = {name: json.loads(base64.b64decode(job["http_target"]["body"])) for name, job in jobs.items()}
    assert bodies["database-down"] == {"settings": {"activationPolicy": "NEVER"}}
    assert bodies["database-up"] == {"settings": {"activationPolicy": "ALWAYS"}}
    for pool in ("system", "spot"):
        assert bodies[f"nodes-{pool}-down"] == {"autoscaling": {"enabled": False}}
        assert bodies[f"nodes-{pool}-size-down"] == {"nodeCount": 0}
        made = stack.one("google_container_node_pool", f"cluster/pool-{pool}")["autoscaling"]
        up = bodies[f"nodes-{pool}-up"]["autoscaling"]
        assert up["totalMinNodeCount"] == made["total_min_node_count"]  # or every morning would be drift
        assert up["totalMaxNodeCount"] == made["total_max_node_count"]
    assert bodies["nodes-system-size-up"] == {"nodeCount": 1}
    assert bodies["nodes-spot-size-up"] == {"nodeCount": 0}
    name = stack.one("google_container_node_pool", "cluster/pool-system")["name"]
    at = f"/locations/europe-west3-a/clusters/dpf-dev/nodePools/{name}:setSize"
    assert jobs["nodes-system-size-up"]["http_target"]["uri"].endswith(at)


def test_cron_adds_minutes_and_stays_in_its_day():
    assert _cron("20:00", "mon-fri", 0) == "0 20 * * 1-5"
    assert _cron("07:50", "mon-sun", 15) == "5 8 * * *"
    assert _cron("23:55", "mon-fri", 30) == "59 23 * * 1-5"
