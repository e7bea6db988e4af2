"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import allows, condition, covers, principals, statements, values
from terrace.assurance.evaluation import Observation, check, empty, equal, includes
from terrace.assurance.view import Resource
from terrace.aws import names

_ISSUER = "token.actions.githubusercontent.com"
_NEVER = ("iam:CreateUser", "s3:PutObject", "s3:DeleteBucket", "ec2:TerminateInstances", "rds:DeleteDBInstance")
_DATA = ("secretsmanager:GetSecretValue", "s3:GetObject", "kms:Decrypt")
_STATIC = ("aws_iam_user", "aws_iam_access_key", "aws_iam_user_policy", "aws_iam_user_login_profile")


@check("ID-1")
def federated(stack: Subject) -> Iterator[Observation]:
    provider = names.arn(stack.target, "iam", f"oidc-provider/{_ISSUER}", region="")
    if stack.target.settings.owns_account:
        own = [str(one.get("url")) for one in stack.all("aws_iam_openid_connect_provider")]
        yield equal("account", "OIDC providers", own, [f"https://{_ISSUER}"])
    repository = f"repo:{stack.environment.identity.repository}:"
    for purpose in ("plan", "apply"):
        role = stack.one("aws_iam_role", f"pipelines/{purpose}")
        trusts = statements(role.get("assume_role_policy") or {})
        trusted = sorted({who for trust in trusts for who in _trusted(trust)})
        yield equal(str(role), "who may assume it", trusted, [provider])
        for trust in trusts:
            subjects = condition(trust, "StringEquals", f"{_ISSUER}:sub")
            foreign = [one for one in subjects if not one.startswith(repository) or "*" in one]
            fact = f"workflows that may assume it: {', '.join(subjects) or 'any'}"
            yield Observation(str(role), fact, bool(subjects) and not foreign, f"{repository}...")
            audience = condition(trust, "StringEquals", f"{_ISSUER}:aud")
            yield equal(str(role), "audience", audience, ["sts.amazonaws.com"])
    yield empty("account", "identities with static keys", [str(one) for kind in _STATIC for one in stack.all(kind)])


def _trusted(trust: dict[str, object]) -> list[str]:
    return [*principals(trust, "Federated"), *principals(trust), *principals(trust, "Service")]


@check("ID-1")
def plan_only_reads(stack: Subject) -> Iterator[Observation]:
    role = stack.one("aws_iam_role", "pipelines/plan")
    attached = stack.view.pointing("aws_iam_role_policy_attachment", "role", role)
    names_of = [str(one.get("policy_arn")).rpartition("/")[2] for one in attached]
    yield equal(str(role), "attached policies", names_of, ["ReadOnlyAccess"])
    inline = _inline(stack, role)
    # the lock beside its own state is the one thing that a plan writes
    granted = [one for one in inline if not all(place.endswith(".tflock") for place in values(one.get("Resource")))]
    writes = [action for action in _NEVER if any(allows(statement, action) for statement in granted)]
    yield empty(str(role), "what it may change", writes)
    refused = [one for one in inline if one.get("Effect") == "Deny"]
    unread = [action for action in _DATA if any(covers(values(one.get("Action")), action) for one in refused)]
    yield includes(str(role), "refused", unread, _DATA)


def _inline(stack: Subject, role: Resource) -> list[dict[str, object]]:
    return [
        statement
        for policy in stack.view.pointing("aws_iam_role_policy", "role", role)
        for statement in statements(policy.get("policy") or {})
    ]
