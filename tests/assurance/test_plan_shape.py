"""A view as a plan: known values are values, references are references, and nothing is missing."""

from typing import Any

import pytest

from terrace.assurance.plan_document import Unknown
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.view import View

KEY = {"aws_kms_key": {"k": {"description": "lake"}}}
ARN = "${aws_kms_key.k.arn}"
POINTS = {"references": ["aws_kms_key.k.arn", "aws_kms_key.k"]}


def shaped(body: dict[str, Any], **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values, expressions) of a bucket."""
    plan = plan_of(View({"resource": {"aws_s3_bucket": {"b": body}, **KEY}, **more}))
    (values,) = [one for one in plan["planned_values"]["root_module"]["resources"] if one["type"] == "aws_s3_bucket"]
    (configured,) = [one for one in plan["configuration"]["root_module"]["resources"] if one["name"] == "b"]
    return values["values"], configured["expressions"]


@pytest.mark.parametrize(
    "body, values, expressions",
    [
        ({"bucket": "b", "force_destroy": False}, {"bucket": "b", "force_destroy": False}, {}),
        ({"arn": ARN}, {}, {"arn": POINTS}),
        ({"keys": [ARN, "x"]}, {"keys": [None, "x"]}, {"keys": POINTS}),
        (
            {"rule": {"key": ARN, "algorithm": "aws:kms"}},
            {"rule": [{"algorithm": "aws:kms"}]},
            {"rule": [{"key": POINTS}]},
        ),
        ({"rule": [{"a": 1}, {"b": ARN}]}, {"rule": [{"a": 1}, {}]}, {"rule": [{}, {"b": POINTS}]}),
        ({"tags": {"owner": "me"}}, {"tags": {"owner": "me"}}, {}),
        ({"lifecycle": {"prevent_destroy": True}, "depends_on": ["x"], "//": {}}, {}, {}),
    ],
)
def test_values_and_references(body: dict[str, Any], values: dict[str, Any], expressions: dict[str, Any]) -> None:
    assert shaped(body) == (values, expressions)


def test_text_is_resolved_as_far_as_the_stack_says() -> None:
    """What is written out is put in, and the rest becomes an address, so that the text stays what it was: JSON here."""
    policy = '{"Resource": ["${aws_kms_key.k.description}", "${aws_kms_key.k.arn}"]}'
    values, expressions = shaped({"policy": policy})
    assert (values, expressions) == ({"policy": '{"Resource": ["lake", "aws_kms_key.k.arn"]}'}, {})


def test_data_sources_of_the_stack_are_in_it() -> None:
    view = View({"resource": KEY, "data": {"aws_iam_policy_document": {"d": {"statement": []}}}})
    resources = plan_of(view)["planned_values"]["root_module"]["resources"]
    assert [(one["mode"], one["address"]) for one in resources] == [
        ("managed", "aws_kms_key.k"),
        ("data", "data.aws_iam_policy_document.d"),
    ]


def test_what_is_not_set_or_unknown_is_left_out() -> None:
    """checkov takes an empty list for a block that is set."""
    view = View({"resource": {"aws_s3_bucket": {"a": {"logging": [], "bucket": Unknown("x"), "rule": [{"of": []}]}}}})
    (resource,) = plan_of(view)["planned_values"]["root_module"]["resources"]
    assert resource["values"] == {"rule": [{}]}
