"""The values that a plan changes."""

import json

from terrace.deployment.values import HIDDEN, UNKNOWN, ValueChange, changed_paths, dotted, value_changes


def test_a_path_is_formatted_with_dots_and_indexes() -> None:
    assert dotted(["rule", 0, "ports", 1]) == "rule[0].ports[1]"


def test_a_value_known_after_the_apply_counts_as_changed() -> None:
    change = {
        "before": {"a": 1, "b": [1]},
        "after": {"a": 1, "b": [2]},
        "after_unknown": {"c": True, "d": [False, True]},
    }
    assert changed_paths(change) == [("b", 0), ("c",), ("d", 1)]
    assert value_changes(change)[1:] == (ValueChange("c", None, UNKNOWN), ValueChange("d[1]", None, UNKNOWN))


def test_old_and_new_values_are_text_on_one_line() -> None:
    change = {
        "before": {"size": 20, "name": "a", "on": True, "tags": {"owner": "x"}, "gone": "", "text": "b"},
        "after": {"size": 40, "name": None, "on": False, "tags": {"owner": "y"}, "gone": " ", "text": "1\n2"},
    }
    assert value_changes(change) == (
        ValueChange("gone", '""', '" "'),
        ValueChange("name", "a", None),
        ValueChange("on", "true", "false"),
        ValueChange("size", "20", "40"),
        ValueChange("tags.owner", "x", "y"),
        ValueChange("text", "b", "1 2"),
    )


def test_a_sensitive_value_is_in_neither_side() -> None:
    change = {
        "before": {"user": {"word": "old"}, "made": None},
        "after": {"user": {"word": "new"}, "made": "new"},
        "before_sensitive": {"user": {"word": True}},
        "after_sensitive": {"made": True},
    }
    assert value_changes(change) == (ValueChange("made", None, HIDDEN), ValueChange("user.word", HIDDEN, HIDDEN))


def test_a_sensitive_element_hides_a_list_that_grows() -> None:
    change = {"before": {"a": ["x"]}, "after": {"a": ["x", "y"]}, "after_sensitive": {"a": [False, True]}}
    assert value_changes(change) == (ValueChange("a", HIDDEN, HIDDEN),)


def test_a_list_that_grows_has_an_entry_for_each_element() -> None:
    change = {"before": {"ranges": ["a", "b"]}, "after": {"ranges": ["b", "c", "d"]}}
    assert value_changes(change) == (
        ValueChange("ranges[]", "a", None),
        ValueChange("ranges[]", None, "c"),
        ValueChange("ranges[]", None, "d"),
    )


def test_a_policy_is_compared_by_its_values() -> None:
    policies = [json.dumps({"Statement": [{"Action": actions, "Effect": "Allow"}]}) for actions in (["a"], ["a", "b"])]
    change = {"before": {"policy": policies[0]}, "after": {"policy": policies[1]}}
    assert value_changes(change) == (ValueChange("policy.Statement[0].Action[]", None, "b"),)


def test_a_long_value_is_cut() -> None:
    (value,) = value_changes({"before": {"a": ""}, "after": {"a": "x" * 1000}})
    assert value.after is not None and len(value.after) == 300
