"""Policy documents have several equivalent shapes."""

import json

import pytest

from terrace.assurance.checks.aws.lookup import (
    allows,
    condition,
    condition_keys,
    covers,
    principals,
    statements,
    values,
)


def test_statements_of_text_and_parsed_documents() -> None:
    one = {"Effect": "Allow"}
    assert statements(json.dumps({"Statement": one})) == statements({"Statement": [one]}) == [one]


def test_a_single_value_is_a_list() -> None:
    assert values("s3:*") == values(["s3:*"]) == ["s3:*"]
    assert values(None) == []


@pytest.mark.parametrize(
    ("statement", "action", "expected"),
    [
        ({"Effect": "Allow", "Action": "*"}, "kms:Decrypt", True),
        ({"Effect": "Allow", "Action": ["KMS:dec*"]}, "kms:Decrypt", True),
        ({"Effect": "Allow", "Action": "kms:Describe*"}, "kms:Decrypt", False),
        ({"Effect": "Allow", "NotAction": "iam:*"}, "kms:Decrypt", True),
        ({"Effect": "Allow", "NotAction": ["kms:*"]}, "kms:Decrypt", False),
        ({"Effect": "Deny", "Action": "*"}, "kms:Decrypt", False),
    ],
)
def test_what_a_statement_allows(statement: dict[str, object], action: str, expected: bool) -> None:
    assert allows(statement, action) is expected


def test_actions_are_matched_as_iam_does() -> None:
    assert covers(["s3:Get?bject"], "s3:GetObject")
    assert not covers([], "s3:GetObject")


def test_principals_of_a_kind() -> None:
    assert principals({"Principal": "*"}) == ["*"]
    assert principals({"Principal": {"AWS": "arn:x"}}) == ["arn:x"]
    assert principals({"Principal": {"Service": ["a", "b"]}}, "Service") == ["a", "b"]
    assert principals({}) == []


def test_conditions_without_regard_to_case() -> None:
    statement = {"Condition": {"bool": {"AWS:securetransport": "false"}}}
    assert condition(statement, "Bool", "aws:SecureTransport") == ["false"]
    assert condition(statement, "StringEquals", "aws:SecureTransport") == []
    assert condition_keys(statement) == {"aws:securetransport"}
