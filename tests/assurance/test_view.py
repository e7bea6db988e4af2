"""The view: what checks see of a stack as written, and of the same stack as planned."""

import json
from typing import Any

import pytest

from terrace.assurance.plan_document import Unknown
from terrace.assurance.view import Absent, Reference, View, at, blocks, flag
from terrace.errors import TerraceError


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


@pytest.mark.parametrize("absent", [None, [], ""])
def test_what_a_provider_writes_for_an_unset_argument_is_absent(absent: object) -> None:
    one = View({"resource": {"bucket": {"b": {"rule": [{"kind": absent}], "policy": absent}}}}).only("bucket")
    assert one.get("policy") is None and one.get("policy", 1) == 1
    assert one.get("rule.kind") is None
    assert one.blocks("policy") == [] and one.blocks("rule.kind") == []


@pytest.mark.parametrize("value", [0, False, {}])
def test_a_value_that_is_set_is_not_absent(value: object) -> None:
    assert View({"resource": {"bucket": {"b": {"size": value}}}}).only("bucket").get("size", "default") == value


def test_what_is_unknown_until_the_apply_is_not_read_as_absent() -> None:
    one = View({"resource": {"bucket": {"b": {"rule": {"key": Unknown("bucket.b.rule.key")}}}}}).only("bucket")
    with pytest.raises(TerraceError, match=r"bucket\.b\.rule\.key is unknown until the apply"):
        one.get("rule.key")
