"""Pipelines' identities (ID-1)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.access.aws import policies
from terrace.assurance.access.aws.objects import Objects
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import allows, condition, principals, statements
from terrace.assurance.evaluation import Observation, check, empty, equal
from terrace.authorization.aws import Statement
from terrace.aws import names

_BOUNDARY_CALLS = (
    "iam:createpolicyversion", "iam:deletepolicy", "iam:deletepolicyversion", "iam:setdefaultpolicyversion",
)  # fmt: skip
"""Calls on the boundary itself that it denies to every role, the pipeline that applies it included."""
_NEVER = (
    "iam:createuser", "iam:createaccesskey", "iam:createloginprofile", "iam:deleterolepermissionsboundary",
    "iam:createrole", "iam:putrolepermissionsboundary", "iam:createpolicyversion", "iam:deletepolicy",
    "iam:deletepolicyversion", "iam:setdefaultpolicyversion", "cloudtrail:deletetrail", "cloudtrail:stoplogging",
    "cloudtrail:updatetrail", "cloudtrail:puteventselectors", "cloudtrail:putinsightselectors",
    "config:deleteconfigurationrecorder", "config:stopconfigurationrecorder", "config:putconfigurationrecorder",
    "config:deletedeliverychannel", "config:putdeliverychannel", "config:deleteconfigrule",
    "guardduty:deletedetector", "guardduty:updatedetector", "guardduty:createfilter",
    "securityhub:disablesecurityhub", "securityhub:batchdisablestandards", "securityhub:batchupdatefindings",
    "access-analyzer:deleteanalyzer", "access-analyzer:createarchiverule", "macie2:disablemacie",
    "ec2:deleteflowlogs", "logs:deleteloggroup", "logs:deletemetricfilter", "cloudwatch:deletealarms",
    "cloudwatch:disablealarmactions", "events:deleterule", "events:disablerule", "events:putrule",
    "events:removetargets",
)  # fmt: skip
"""Creating users and keys, leaving the boundary or changing it, and stopping, narrowing or silencing a record, a
detector or an alarm."""
_PIPELINE_CALLS = (
    "iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepolicy", "iam:detachrolepolicy", "iam:putrolepolicy",
    "iam:updateassumerolepolicy",
)  # fmt: skip
"""Calls on the pipelines' roles that change who may use them, or what they may do."""
_STATIC_KEYS = ("aws_iam_user", "aws_iam_access_key", "aws_iam_user_policy", "aws_iam_user_login_profile")


@check("ID-1")
def federated_login(stack: Subject) -> Iterator[Observation]:
    identity = stack.environment.identity
    provider, host = names.identity_provider(stack.target, identity), identity.issuer_host
    if stack.target.settings.owns_account:
        issuers = [str(one.get("url")) for one in stack.all("aws_iam_openid_connect_provider")]
        yield equal("account", "OIDC providers", issuers, [identity.issuer])
    compared = names.condition_keys(stack.target, identity)
    for purpose, jobs in identity.jobs(stack.environment.name, stack.environment.tier).items():
        role = stack.one("aws_iam_role", f"pipelines/{purpose}")
        trusts = statements(role.get("assume_role_policy") or {})
        trusted = sorted({principal for trust in trusts for principal in _trusted(trust)})
        yield equal(str(role), "trusted principals", trusted, [provider])
        by_subject = {tuple(condition(trust, "StringEquals", f"{host}:sub")): trust for trust in trusts}
        expected = sorted((job.subject,) for job in jobs)
        yield equal(str(role), "trusted workflows", sorted(by_subject), expected)
        for job in jobs:
            trust = by_subject.get((job.subject,), {})
            claims = {claim: value for claim, value in job.claims.items() if claim in compared}
            for claim, value in {"aud": identity.audience(names.STS), **claims}.items():
                found = condition(trust, "StringEquals", f"{host}:{claim}")
                yield equal(str(role), f"{claim} of {job.subject}", found, [value])
    yield from _only_new_plans(stack)
    found = [str(one) for kind in _STATIC_KEYS for one in stack.all(kind, or_none=True)]
    yield empty("account", "users and static keys", found)


def _only_new_plans(stack: Subject) -> Iterator[Observation]:
    """The plan identity can create bundles of plans, and replace none."""
    policy = stack.one("aws_iam_role_policy", "pipelines/plan-state")
    for statement in statements(policy.get("policy") or {}):
        if statement.get("Effect") == "Allow" and allows(statement, "s3:PutObject"):
            only_new = condition(statement, "Null", "s3:if-none-match")
            yield equal(str(policy), "writes without If-None-Match", only_new, ["false"])


def _trusted(trust: dict[str, object]) -> list[str]:
    return [*principals(trust, "Federated"), *principals(trust), *principals(trust, "Service")]


@check("ID-1")
def declared_pipelines_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-1")


@check("ID-2")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "ID-2")


@check("ID-2")
def boundary_denials(stack: Subject) -> Iterator[Observation]:
    """What no role can do, whatever its own policies allow: escape the boundary, change the pipelines' roles, or stop
    the record of calls."""
    objects = Objects(stack)
    boundary = stack.one("aws_iam_policy", "governance/boundary")
    read = list(policies.statements(boundary.get("policy"), str(boundary), objects.text))
    limit = [one for one in read if isinstance(one, Statement)]
    everything = policies.administrator(str(boundary))
    for purpose, actions in (("any", (*_NEVER, *_PIPELINE_CALLS)), ("ci-apply", (*_BOUNDARY_CALLS, *_PIPELINE_CALLS))):
        context = {
            "aws:principalarn": names.role_arn(stack.target, purpose), "aws:requestedregion": stack.target.region,
            "iam:permissionsboundary": "another",
        }  # fmt: skip
        for action in actions:
            resource = _resource(stack, action)
            found = policies.allowed(action.partition(":")[0], resource, context, by=[everything], limits=[limit])
            fact = f"{action} is {'allowed' if action in found else 'denied'} to {purpose} with all permissions"
            yield Observation(str(boundary), fact, action not in found, "denied")


def _resource(stack: Subject, action: str) -> str:
    """What a call is about: the boundary, a pipeline's role, a rule of the deployment, or anything."""
    if action in _BOUNDARY_CALLS:
        return names.boundary_arn(stack.target)
    if action in _PIPELINE_CALLS:
        return names.role_arn(stack.target, "ci-apply")
    if action.startswith("events:"):
        return names.arn(stack.target, "events", f"rule/{stack.target.prefix}-findings")
    return "*"
