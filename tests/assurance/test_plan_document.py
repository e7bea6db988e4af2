"""A plan is evaluated as it is: by its own configuration and its planned values."""

import copy
import json
from typing import Any

import pytest

from terrace.assurance.plan_document import Unknown, differing, document_of
from terrace.assurance.view import Reference, View
from tests.assurance.plans import planned

Json = dict[str, Any]


def of(path: str, **attributes: Any) -> Json:
    return {"//": {"metadata": {"path": f"dev/{path}"}}, **attributes}


STACK: Json = {
    "provider": {"aws": [{"region": "here"}, {"alias": "other", "region": "there"}]},
    "resource": {
        "key": {"k": of("keys/lake", name="lake", enabled=True)},
        "bucket": {
            "b": of(
                "lake/gold",
                key="${key.k.arn}",
                name="gold-${key.k.name}",
                policy=json.dumps({"Statement": [{"Resource": "${key.k.arn}", "Action": "read"}]}),
                rule={"kind": {"name": "x", "key": "${key.k.arn}"}},
                parts=[{"name": "one", "of": "${key.k.id}"}, {"name": "two", "of": "two"}],
                networks=["${key.k.id}", "10.0.0.0/8"],
                lifecycle={"prevent_destroy": True},
                provider="aws.other",
                tags={"owner": "data"},
            )
        },
    },
}


def plan_of(**values: Any) -> Json:
    """The plan of STACK in which the bucket has these values; a value of ... is left out."""
    plan = planned(STACK)
    bucket = next(one for one in plan["planned_values"]["root_module"]["resources"] if one["type"] == "bucket")
    change = next(one["change"] for one in plan["resource_changes"] if one["type"] == "bucket")
    for name, value in values.items():
        bucket["values"].pop(name, None)
        change["after_unknown"].pop(name, None)
        if value is not ...:
            bucket["values"][name] = value
    return plan


def bucket(plan: Json, stack: Json = STACK) -> Any:
    return View.of_plan(plan, stack).only("bucket")


def test_a_plan_of_a_stack_is_that_stack() -> None:
    assert document_of(planned(STACK), STACK)["resource"] == STACK["resource"]
    assert document_of(planned(STACK), STACK)["provider"] == STACK["provider"]


@pytest.mark.parametrize("value", [None, [], ..., "", "another"])
@pytest.mark.parametrize("name", ["key", "policy", "rule", "parts", "networks", "tags", "name"])
def test_a_value_that_the_plan_does_not_have_is_not_filled_in(name: str, value: Any) -> None:
    """Whatever today's stack has there."""
    assert bucket(plan_of(**{name: value})).get(name) == ("another" if value == "another" else None)


def test_what_the_provider_adds_is_seen() -> None:
    assert bucket(plan_of(public=True)).get("public") is True
    assert bucket(plan_of(rule=[{"kind": [{"name": "x", "more": 1}]}])).get("rule.kind.more") == 1


def test_a_reference_stays_one_while_it_is_unknown_or_known_to_be_its_target() -> None:
    reference = Reference("key", "k", "keys/lake", "arn")
    assert bucket(plan_of()).get("key") == reference
    known = plan_of(key="arn:1")
    known["planned_values"]["root_module"]["resources"][0]["values"]["arn"] = "arn:1"
    assert bucket(known).get("key") == reference
    assert bucket(plan_of(key="arn:2")).get("key") == "arn:2"


def test_the_text_around_references_is_that_of_the_plans_own_configuration() -> None:
    document = copy.deepcopy(STACK)
    statement = {"Resource": "${key.k.arn}", "Action": "*"}
    document["resource"]["bucket"]["b"]["policy"] = json.dumps({"Statement": [statement]})
    assert bucket(planned(document)).get("policy.Statement.Action") == "*"


def test_a_known_policy_keeps_its_references_however_the_provider_sorts_it() -> None:
    plan = plan_of(policy='{"Statement":[{"Action":"read","Resource":"arn:1"}]}')
    plan["planned_values"]["root_module"]["resources"][0]["values"]["arn"] = "arn:1"
    assert bucket(plan).get("policy.Statement.Resource") == Reference("key", "k", "keys/lake", "arn")


def test_blocks_that_the_provider_sorts_are_in_the_written_order() -> None:
    plan = plan_of(parts=[{"name": "two", "of": "two"}, {"name": "one"}])
    change = next(one["change"] for one in plan["resource_changes"] if one["type"] == "bucket")
    change["after_unknown"]["parts"] = [{}, {"of": True}]
    assert bucket(plan).get("parts") == [
        {"name": "one", "of": Reference("key", "k", "keys/lake", "id")},
        {"name": "two", "of": "two"},
    ]


def test_a_removed_and_an_added_block_are_seen() -> None:
    assert [one["name"] for one in bucket(plan_of(parts=[{"name": "two", "of": "two"}])).blocks("parts")] == ["two"]
    assert len(bucket(plan_of(networks=["0.0.0.0/0", "10.0.0.0/8", "::/0"])).get("networks")) == 3


def test_what_is_configured_and_unknown_without_a_reference_is_unknown() -> None:
    plan = planned(STACK)
    change = next(one["change"] for one in plan["resource_changes"] if one["type"] == "bucket")
    change["after_unknown"]["rule"] = [{"kind": [{"name": True}]}]
    del plan["planned_values"]["root_module"]["resources"][1]["values"]["rule"][0]["kind"][0]["name"]
    found = document_of(plan, STACK)["resource"]["bucket"]["b"]["rule"]["kind"]["name"]
    assert isinstance(found, Unknown) and found == "bucket.b.rule[0].kind[0].name"


def test_what_is_computed_and_not_configured_is_not_set() -> None:
    plan = planned(STACK)
    change = next(one["change"] for one in plan["resource_changes"] if one["type"] == "bucket")
    change["after_unknown"]["endpoint"] = True
    assert bucket(plan).get("endpoint") is None


@pytest.mark.parametrize(("references", "found"), [(["key.k.arn", "key.k"], True), (["key.k.arn", "key.l.arn"], False)])
def test_a_configuration_without_the_text_of_an_expression(references: list[str], found: bool) -> None:
    """Of a stack in Terraform's own language: one reference is the value, of several the plan does not tell how."""
    plan = planned(STACK)
    entry = next(one for one in plan["configuration"]["root_module"]["resources"] if one["type"] == "bucket")
    entry["expressions"]["key"] = {"references": references}
    key = document_of(plan, STACK)["resource"]["bucket"]["b"]["key"]
    assert key == "${key.k.arn}" if found else isinstance(key, Unknown)


def existing(before: Json, **values: Any) -> Json:
    """The plan of a bucket that exists."""
    plan = plan_of(**values)
    change = next(one["change"] for one in plan["resource_changes"] if one["type"] == "bucket")
    change |= {"actions": ["update"], "before": before}
    return plan


def test_what_exists_and_does_not_change_is_as_it_is_configured() -> None:
    """The state has the cloud's spelling, and whatever the cloud computed."""
    one = bucket(existing({"name": "projects/x/gold", "size": 3}, name="projects/x/gold", size=3))
    assert one.get("name") == "gold-lake"
    assert one.get("size") is None


def test_what_a_plan_changes_of_what_exists_is_seen() -> None:
    one = bucket(existing({"name": "old", "size": 3, "tags": {}}, name="new", size=4))
    assert (one.get("name"), one.get("size"), one.get("tags.owner")) == ("new", 4, "data")


def test_a_truth_value_of_what_exists_is_the_planned_one() -> None:
    plan = planned(STACK)
    plan["planned_values"]["root_module"]["resources"][0]["values"]["enabled"] = False
    change = plan["resource_changes"][0]["change"]
    change |= {"actions": ["no-op"], "before": {"name": "lake", "enabled": False}}
    assert View.of_plan(plan, STACK).only("key").get("enabled") is False


def test_an_ignored_change_leaves_what_exists() -> None:
    stack = copy.deepcopy(STACK)
    stack["resource"]["bucket"]["b"]["lifecycle"] = {"ignore_changes": ["name"]}
    assert bucket(existing({"name": "public"}, name="public"), stack).get("name") == "public"


def test_a_write_only_argument_is_as_configured() -> None:
    """No plan has its value."""
    stack = {"resource": {"version": {"v": of("secrets/a", data_wo="${ephemeral.random.r.value}", token_wo="x")}}}
    plan = planned(stack)
    plan["planned_values"]["root_module"]["resources"][0]["values"]["token_wo"] = None
    one = View.of_plan(plan, stack).only("version")
    assert str(one.get("data_wo")).startswith("ephemeral.random")
    assert one.get("token_wo") == "x"


def test_only_paths_and_lifecycle_come_from_the_stack() -> None:
    other = {"resource": {"bucket": {"b": of("lake/gold", lifecycle={"prevent_destroy": True}, name="other", new=1)}}}
    one = bucket(planned(STACK), other)
    assert (one.path, one.get("lifecycle.prevent_destroy"), one.get("new")) == ("lake/gold", True, None)
    assert [str(key) for key in View.of_plan(planned(STACK), other).all("key")] == ["key.k"]


def test_a_plan_without_configuration_or_changes_is_no_plan() -> None:
    for name in ("configuration", "resource_changes", "planned_values"):
        with pytest.raises(LookupError):
            View.of_plan({key: value for key, value in planned(STACK).items() if key != name}, STACK)


def test_planned_values_that_are_not_those_of_the_change_are_found() -> None:
    assert list(differing(planned(STACK))) == []
    plan = copy.deepcopy(planned(STACK))
    plan["planned_values"]["root_module"]["resources"][1]["values"]["tags"] = {}
    assert list(differing(plan)) == ["bucket.b"]
