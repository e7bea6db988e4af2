"""Statements and conditions, evaluated as AWS does; what a caller chooses never narrows a permission."""

from typing import Any

import pytest

from terrace.authorization import aws
from terrace.authorization.aws import Context, Statement

A_ROLE = "arn:aws:iam::*:role/a*"
ONE, OTHER = "arn:aws:iam::111122223333:role/one", "arn:aws:iam::444455556666:role/other"
ROOT = "arn:aws:iam::111122223333:root"


def read(**written: Any) -> Statement:
    found = aws.statement({"Effect": "Allow", "Action": "s3:*", "Resource": "*"} | written, "by")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"aws:PrincipalAccount": "1"}}, {"aws:principalaccount": "1"}, True),
        ({"StringEquals": {"aws:PrincipalAccount": ["2", "1"]}}, {"aws:principalaccount": "1"}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "1"}}, {"aws:principalaccount": "2"}, False),
        ({"StringLike": {"aws:PrincipalAccount": "*"}}, {"aws:principalaccount": "2"}, True),
        ({"StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, False),
        ({"StringEqualsIfExists": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, True),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, True),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, True),
        ({"ForAnyValue:StringEquals": {"aws:SourceAccount": "1"}}, {"aws:sourceaccount": None}, False),
        ({"Null": {"aws:SourceAccount": "true"}}, {"aws:sourceaccount": None}, True),
        ({"Null": {"aws:SourceAccount": "false"}}, {"aws:sourceaccount": None}, False),
        ({"ArnLike": {"aws:PrincipalArn": A_ROLE}}, {"aws:principalarn": "arn:aws:iam::1:role/ab"}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": A_ROLE}}, {"aws:principalarn": "arn:aws:iam::1:role/b"}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, {"s3:tlsversion": "1.3"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:securetransport": "true"}, False),
        ({"StringEquals": {"s3:prefix": "home"}}, {}, None),
        ({"StringEquals": {"s3:prefix": "home", "aws:PrincipalAccount": "1"}}, {"aws:principalaccount": "2"}, False),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, {}, None),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws:tagkeys": ("a", "b")}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws:tagkeys": ("a", "c")}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws:tagkeys": ("a", "c")}, True),
        ({"Bool": {"aws:SecureTransport": False}}, {"aws:securetransport": "false"}, True),
    ],
)  # fmt: skip
def test_a_condition(condition: Any, context: Context, holds: bool | None) -> None:
    assert aws.holds(read(Condition=condition).condition, context) is holds


def test_what_the_caller_chooses_allows_and_does_not_deny() -> None:
    chosen = {"StringEquals": {"s3:prefix": "home"}}
    assert read(Condition=chosen).applies({})
    assert not read(Effect="Deny", Condition=chosen).applies({})


def test_a_request_has_no_value_for_what_it_does_not_state() -> None:
    folder = {"StringEquals": {"s3:prefix": "home"}}
    assert not read(Condition=folder).applies_to({})
    assert read(Condition=folder).applies_to({"s3:prefix": "home"})
    assert read(Effect="Deny", Condition={"StringNotEquals": {"s3:prefix": "home"}}).applies_to({})


@pytest.mark.parametrize(
    ("written", "principal", "delegated", "named"),
    [
        ({"Principal": "*"}, OTHER, True, True),
        ({"Principal": {"AWS": ONE}}, ONE, False, True),
        ({"Principal": {"AWS": ONE}}, OTHER, True, False),
        ({"Principal": {"AWS": ROOT}}, ONE, True, True),
        ({"Principal": {"AWS": ROOT}}, ONE, False, False),
        ({"Principal": {"AWS": ROOT}}, OTHER, True, False),
        ({"NotPrincipal": {"AWS": ONE}}, ONE, True, False),
        ({"NotPrincipal": {"AWS": ONE}}, OTHER, True, True),
        ({}, ONE, True, False),
    ],
)
def test_a_principal(written: Any, principal: str, delegated: bool, named: bool) -> None:
    assert read(**written).is_for("AWS", principal, delegated=delegated) is named


@pytest.mark.parametrize("written", ["everything", {"Effect": "Maybe"}, {"Effect": "Allow", "Actoin": "s3:*"}])
def test_what_is_not_a_statement(written: Any) -> None:
    assert aws.statement(written, "by") is None
