"""Statements and conditions, evaluated as AWS does; what a caller chooses never narrows a permission."""

from typing import Any

import pytest

from terrace.assurance.access.aws import policies
from terrace.assurance.access.aws.policies import Statement
from terrace.assurance.access.model import Unknown

A_ROLE = "arn:aws:iam::*:role/a*"
BUCKET = "arn:aws:s3:::lake"


def read(**written: Any) -> Statement:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"} | written}
    (statement,) = policies.statements(document, "by", str)
    assert isinstance(statement, Statement)
    return statement


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
    ],
)  # fmt: skip
def test_a_condition(condition: Any, context: dict[str, str | None], holds: bool | None) -> None:
    assert policies.holds(read(Condition=condition).condition, context) is holds


def test_what_the_caller_chooses_allows_and_does_not_deny() -> None:
    chosen = {"StringEquals": {"s3:prefix": "home"}}
    assert read(Condition=chosen).applies({})
    assert not read(Effect="Deny", Condition=chosen).applies({})


@pytest.mark.parametrize(
    ("written", "action", "arn", "covers"),
    [
        ({"Action": "s3:Get*"}, "s3:getobject", f"{BUCKET}/x", True),
        ({"Action": "S3:GETOBJECT"}, "s3:getobject", f"{BUCKET}/x", True),
        ({"Action": "s3:Get*"}, "s3:putobject", f"{BUCKET}/x", False),
        ({"Action": "*"}, "s3:putobject", BUCKET, True),
        ({"Resource": "arn:aws:s3:::*"}, "s3:getobject", f"{BUCKET}/x", True),
        ({"Resource": ["arn:aws:s3:::other/*", f"{BUCKET}/?"]}, "s3:getobject", f"{BUCKET}/x", True),
        ({"Resource": BUCKET}, "s3:getobject", f"{BUCKET}/x", False),
    ],
)
def test_a_statement(written: Any, action: str, arn: str, covers: bool) -> None:
    statement = read(**written)
    assert (action in statement.actions("s3") and statement.covers(arn)) is covers


def test_all_but() -> None:
    document = {"Statement": [{"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "NotResource": [f"{BUCKET}/*"]}]}
    (statement,) = policies.statements(document, "by", str)
    assert isinstance(statement, Statement)
    assert statement.actions("s3") == frozenset()
    assert "kms:decrypt" in statement.actions("kms")
    assert "kms" in statement.services()
    assert not statement.covers(f"{BUCKET}/x")
    assert statement.covers("arn:aws:s3:::other/x")


def test_a_denial_and_a_boundary_take_precedence() -> None:
    everything, no_reads = read(), read(Effect="Deny", Action="s3:GetObject")
    only_lists = read(Action="s3:ListBucket")
    found = policies.allowed("s3", BUCKET, {}, by=[everything, no_reads])
    assert "s3:putobject" in found
    assert "s3:getobject" not in found
    assert set(policies.allowed("s3", BUCKET, {}, by=[everything], limits=[[only_lists]])) == {"s3:listbucket"}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("${data.aws_iam_policy_document.x.json}", "the policy cannot be read"),
        ({"Statement": [{"Effect": "Maybe"}]}, "the statement cannot be read"),
        ({"Statement": [{"Effect": "Allow", "Action": "s3:Frobnicate", "Resource": "*"}]}, "unknown action"),
        ({"Statement": [{"Effect": "Allow", "Action": "nothing:*", "Resource": "*"}]}, "unknown action nothing:*"),
        (
            {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Near": {"a": "b"}}}]},
            "unknown condition operator Near",
        ),
    ],
)
def test_what_cannot_be_read_is_unknown(document: Any, text: str) -> None:
    found = [one for one in policies.statements(document, "by", str) if isinstance(one, Unknown)]
    assert [one.by for one in found] == ["by"]
    assert found[0].text.startswith(text)
