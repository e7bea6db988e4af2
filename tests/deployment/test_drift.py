"""Drift in plans of Terraform. (`tests/cli/test_drift.py` has a live case.)"""

from typing import Any

from terrace.deployment.drift import AttributeDrift, report
from terrace.deployment.values import HIDDEN


def record(before: Any, after: Any, actions: list[str], **more: Any) -> dict[str, Any]:
    change = {"actions": actions, "before": before, "after": after, **more}
    return {"address": "aws_x.a", "type": "aws_x", "mode": "managed", "change": change}


def test_a_change_that_the_plan_reverts_is_drift() -> None:
    plan = {
        "resource_drift": [record({"size": 1, "tags": {"a": "1"}}, {"size": 2, "tags": {"a": "1"}}, ["update"])],
        "resource_changes": [record({"size": 2}, {"size": 1}, ["update"])],
    }
    (drift,) = report(plan, {"aws_x.a": "dev/lake/a"}, lambda construct: "environments/dev.yaml:3:1").effective
    assert drift.attributes == (AttributeDrift("size", 1, 2),)
    assert (drift.construct, drift.capability, drift.environment_line) == (
        "dev/lake/a",
        "lake",
        "environments/dev.yaml:3:1",
    )


def test_a_change_that_no_plan_reverts_is_informational() -> None:
    plan = {
        "resource_drift": [record({"desired": 1}, {"desired": 2}, ["update"])],
        "resource_changes": [record({"desired": 2}, {"desired": 2}, ["no-op"])],
    }
    result = report(plan, {})
    assert result.effective == []
    assert [drift.repaired for drift in result.drifts] == [False]


def test_a_deleted_resource_is_drift() -> None:
    plan = {
        "resource_drift": [record({"size": 1}, None, ["delete"])],
        "resource_changes": [record(None, {"size": 1}, ["create"])],
    }
    (drift,) = report(plan, {}).effective
    assert (drift.kind, drift.attributes) == ("deleted", ())


def test_a_changed_stack_is_pending_and_not_drift() -> None:
    plan = {"resource_changes": [record({"size": 1}, {"size": 2}, ["update"])]}
    result = report(plan, {})
    assert (result.drifts, result.pending) == ((), ("aws_x.a",))


def test_null_and_empty_values_are_equal() -> None:
    plan = {"resource_drift": [record({"rules": None, "note": ""}, {"rules": [], "note": None}, ["update"])]}
    assert report(plan, {}).drifts == ()


def test_a_tag_is_reported_once() -> None:
    before, after = {"tags": {"a": "1"}, "tags_all": {"a": "1"}}, {"tags": {"a": "2"}, "tags_all": {"a": "2"}}
    plan = {
        "resource_drift": [record(before, after, ["update"])],
        "resource_changes": [record(after, before, ["update"])],
    }
    (drift,) = report(plan, {}).effective
    assert [attribute.path for attribute in drift.attributes] == ["tags.a"]


def test_a_sensitive_value_is_never_shown() -> None:
    plan = {
        "resource_drift": [
            record(
                {"user": {"name": "x", "word": "old"}},
                {"user": {"name": "x", "word": "new"}},
                ["update"],
                before_sensitive={"user": {"word": True}},
                after_sensitive={},
            )
        ],
        "resource_changes": [record({"user": 1}, {"user": 2}, ["update"])],
    }
    (drift,) = report(plan, {}).effective
    assert drift.attributes == (AttributeDrift("user.word", HIDDEN, HIDDEN),)
