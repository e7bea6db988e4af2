"""The view: what checks see of a stack as written, and of the same stack as planned."""

import json
from typing import Any

import pytest

from terrace.assurance.view import Absent, Reference, View, at, blocks, flag


def resource(path: str, **attributes: Any) -> dict[str, Any]:
    return {"//": {"metadata": {"path": f"dev/{path}"}}, **attributes}


STACK: dict[str, Any] = {
    "provider": {"aws": [{"region": "here"}, {"alias": "recovery", "region": "there"}]},
    "ephemeral": {"random": {"word_1A": resource("secrets/word")}},
    "resource": {
        "key": {"keys_lake_1A": resource("keys/lake", name="lake")},
        "bucket": {
            "lake_gold_2B": resource(
                "lake/gold",
                key="${key.keys_lake_1A.arn}",
                title="of ${key.keys_lake_1A.name}, by ${key.keys_lake_1A.arn}",
                policy=json.dumps({"Statement": [{"Resource": "${key.keys_lake_1A.arn}"}]}),
                rule=[{"kind": {"name": "x"}}],
                secret="${ephemeral.random.word_1A.value}",
                lost="${key.gone_3C.arn}",
                none=None,
            ),
            "lake_golden_3C": resource("lake-golden", key="elsewhere"),
        },
    },
}


@pytest.fixture
def view() -> View:
    return View(STACK)


def test_resources_are_found_by_type_path_and_construct(view: View) -> None:
    assert [str(one) for one in view.all("bucket")] == ["lake-golden", "lake/gold"]
    assert [str(one) for one in view.all("bucket", "lake")] == ["lake/gold"]
    assert [one.address for one in view.under("lake")] == ["bucket.lake_gold_2B"]
    assert view.one("key", "keys/lake").get("name") == "lake"
    assert view.only("key").path == "keys/lake"


def test_a_missing_resource_is_named(view: View) -> None:
    with pytest.raises(Absent, match="no key at keys/gold"):
        view.one("key", "keys/gold")
    with pytest.raises(Absent, match="2 bucket, expected one"):
        view.only("bucket")
    with pytest.raises(Absent, match="no table"):
        view.only("table")


def test_a_reference_is_followed_both_ways(view: View) -> None:
    gold, key = view.one("bucket", "lake/gold"), view.one("key", "keys/lake")
    assert gold.get("key") == Reference("key", "keys_lake_1A", "keys/lake", "arn")
    assert view.target(gold.get("key")) == key
    assert view.pointing("bucket", "key", key) == [gold]
    assert view.target("keys/lake") is None


def test_a_reference_that_leads_nowhere_has_no_target(view: View) -> None:
    lost = view.one("bucket", "lake/gold").get("lost")
    assert isinstance(lost, Reference)
    assert lost.path == "" and view.target(lost) is None


def test_text_around_references_becomes_what_is_written_where_it_is(view: View) -> None:
    assert view.one("bucket", "lake/gold").get("title") == "of lake, by key keys/lake arn"


def test_a_policy_is_parsed_and_its_references_too(view: View) -> None:
    statement = view.one("bucket", "lake/gold").get("policy.Statement")[0]
    assert view.target(statement["Resource"]) == view.one("key", "keys/lake")


def test_an_ephemeral_value_is_told_from_a_written_one(view: View) -> None:
    secret = view.one("bucket", "lake/gold").get("secret")
    assert secret == Reference("ephemeral.random", "word_1A", "secrets/word", "value")


def test_blocks_are_stepped_into_whether_list_or_object(view: View) -> None:
    gold = view.one("bucket", "lake/gold")
    assert gold.get("rule.kind.name") == "x"
    assert gold.get("none", "default") == "default"
    assert at({"a": {"b": [{"c": 1}]}}, "a.b.c") == 1
    assert at({"a": [{"b": 1}, {"b": 2}]}, "a.b") is None
    assert blocks({"a": {"b": 1}}, "a") == [{"b": 1}] and blocks({}, "a") == []


@pytest.mark.parametrize(("value", "truth"), [("true", True), (True, True), ("false", False), (None, None), (1, None)])
def test_a_truth_may_be_text(value: object, truth: bool | None) -> None:
    assert flag(value) is truth


def test_providers_are_listed(view: View) -> None:
    assert [block["region"] for _, block in view.providers] == ["here", "there"]


def planned(**values: Any) -> dict[str, Any]:
    return {
        "planned_values": {"root_module": {"resources": [{"type": "bucket", "name": "lake_gold_2B", "values": values}]}}
    }


def test_a_plan_fills_in_what_the_provider_adds_and_keeps_references() -> None:
    plan = planned(size=3, key=None, rule=[{"kind": [{"name": "x", "more": True}]}], none="known")
    gold = View.of_plan(plan, STACK).one("bucket", "lake/gold")
    assert gold.get("size") == 3
    assert gold.get("none") == "known"
    assert gold.get("rule.kind.more") is True
    assert gold.get("key") == Reference("key", "keys_lake_1A", "", "arn")


def test_a_plan_knows_better_than_what_was_written() -> None:
    assert (
        View.of_plan(planned(rule=[{"kind": [{"name": "y"}]}]), STACK).one("bucket", "lake/gold").get("rule.kind.name")
        == "y"
    )


def test_what_is_not_planned_is_not_in_the_view() -> None:
    assert View.of_plan(planned(), STACK).all("key") == []


def test_what_exists_is_as_it_is_written_whatever_the_cloud_spells_and_computes() -> None:
    """The plan of what is there holds the state's values: computed ones, and spellings that mean the same."""
    refreshed = planned(size=9, endpoint="computed", rule=[{"kind": [{"name": "b/y"}]}])
    for actions, size, endpoint in (
        (["no-op"], None, None),
        (["update"], None, None),
        (["create"], 9, "computed"),
        (["delete", "create"], 9, "computed"),
    ):
        changes = [{"type": "bucket", "name": "lake_gold_2B", "change": {"actions": actions}}]
        gold = View.of_plan({**refreshed, "resource_changes": changes}, STACK).one("bucket", "lake/gold")
        assert gold.get("endpoint") == endpoint
        assert gold.get("size") == (size if size else View(STACK).one("bucket", "lake/gold").get("size"))
