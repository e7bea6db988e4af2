"""Statements and conditions, read from a stack and expanded to AWS's actions."""

from typing import Any

import pytest

from terrace.assurance.access.aws import policies
from terrace.assurance.access.model import Unknown
from terrace.authorization.aws import Statement

BUCKET = "arn:aws:s3:::lake"


def read(**written: Any) -> Statement:
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"} | written}
    (statement,) = policies.statements(document, "by", str)
    assert isinstance(statement, Statement)
    return statement


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
    assert (action in policies.named(statement, "s3") and statement.covers(arn)) is covers


def test_all_but() -> None:
    document = {"Statement": [{"Effect": "Allow", "NotAction": ["s3:*", "iam:*"], "NotResource": [f"{BUCKET}/*"]}]}
    (statement,) = policies.statements(document, "by", str)
    assert isinstance(statement, Statement)
    assert policies.named(statement, "s3") == frozenset()
    assert "kms:decrypt" in policies.named(statement, "kms")
    assert "kms" in policies.services(statement)
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
