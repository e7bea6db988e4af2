"""Evaluates IAM policies as AWS does within one account; raises on whatever it does not know.

Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Statement = Mapping[str, Any]
_ELEMENTS = {
    "Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip


class UnknownElementError(Exception):
    """A policy uses an element, operator or principal that this evaluation does not know."""


@dataclass(frozen=True)
class Request:
    """An action on a resource. `context` are condition keys; the principal is a role's ARN or a service's name."""

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Policies:
    """The policies that decide on a request: those of the role, its boundary, and the resource's own, if any."""

    identity: Sequence[Statement]
    boundary: Sequence[Statement]
    resource: Sequence[Statement] = ()
    root: str = ""
    """The account's root, to which a resource's policy delegates."""
    by_resource: bool = False
    """Whether the resource's policy must allow too, as a key's must."""


def parse(text: str) -> list[Statement]:
    """The statements of a policy document."""
    document = json.loads(text)
    if unknown := set(document) - {"Version", "Id", "Statement"}:
        raise UnknownElementError(f"element {unknown}")
    if document["Version"] != "2012-10-17":
        raise UnknownElementError(f"version {document['Version']}")
    statements: list[Statement] = document["Statement"]
    for statement in statements:
        if unknown := set(statement) - _ELEMENTS:
            raise UnknownElementError(f"element {unknown}")
        if statement["Effect"] not in ("Allow", "Deny"):
            raise UnknownElementError(f"effect {statement['Effect']}")
    return statements


def is_allowed(request: Request, policies: Policies) -> bool:
    """Whether AWS allows the request: no policy denies it, the boundary allows it, and so do the role's policies.

    A resource's policy that names the role itself replaces the role's policies. One that names the account delegates to
    them, which is required where `by_resource`.
    """
    own = [one for one in policies.resource if _names(one, request.principal)]
    if not _allows(own, request):
        delegated = [one for one in policies.resource if not _names(one, request.principal)]
        if not _allows(policies.identity, request):
            return False
        if policies.by_resource and not _allows(delegated, request, policies.root):
            return False
    attached = [*policies.identity, *policies.boundary, *policies.resource]
    denied = any(_applies(one, request, policies.root) for one in attached if one["Effect"] == "Deny")
    return not denied and _allows(policies.boundary, request)


def trusts(request: Request, trust: Sequence[Statement], root: str) -> bool:
    """Whether a role's trust policy lets the principal, a role or a service, assume it."""
    attached = [one for one in trust if _applies(one, request, root, trust=True)]
    return any(one["Effect"] == "Allow" for one in attached) and not any(one["Effect"] == "Deny" for one in attached)


def _allows(statements: Iterable[Statement], request: Request, root: str = "") -> bool:
    return any(_applies(one, request, root) for one in statements if one["Effect"] == "Allow")


def _names(statement: Statement, principal: str) -> bool:
    return principal in _listed(statement.get("Principal", {}), "AWS")


def _applies(statement: Statement, request: Request, root: str, *, trust: bool = False) -> bool:
    action, not_action = statement.get("Action"), statement.get("NotAction")
    if (action is None) == (not_action is None):
        raise UnknownElementError("a statement needs Action or NotAction")
    if action is not None and not _has_action(tuple(_list(action)), request.action):
        return False
    if not_action is not None and _has_action(tuple(_list(not_action)), request.action):
        return False
    if "Principal" in statement and not _is_principal(statement["Principal"], request.principal, root):
        return False
    if not trust:
        resource, not_resource = statement.get("Resource"), statement.get("NotResource")
        if (resource is None) == (not_resource is None):
            raise UnknownElementError("a statement needs Resource or NotResource")
        if resource is not None and not _matches_any(resource, request.resource):
            return False
        if not_resource is not None and _matches_any(not_resource, request.resource):
            return False
    return all(
        _holds(operator, key, _list(wanted), request.context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _is_principal(principal: Any, who: str, root: str) -> bool:
    if principal == "*":
        return True
    if unknown := set(principal) - {"AWS", "Service", "Federated"}:
        raise UnknownElementError(f"principal {unknown}")
    named = _listed(principal, "AWS")
    if who.startswith("arn:"):
        return (
            who in named or "*" in named or (bool(root) and root in named and who.split(":")[4] == root.split(":")[4])
        )
    return who in _listed(principal, "Service")


def _listed(principal: Any, kind: str) -> list[str]:
    return _list(principal.get(kind, [])) if isinstance(principal, Mapping) else []


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    if "${" in text:
        raise UnknownElementError(f"policy variable in {text}")
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text), re.DOTALL)


@cache
def _has_action(patterns: tuple[str, ...], action: str) -> bool:
    """Actions are compared without regard to case."""
    return any(_pattern(pattern.lower()).fullmatch(action.lower()) is not None for pattern in patterns)


def _matches_any(patterns: Any, value: str) -> bool:
    return any(_pattern(pattern).fullmatch(value) is not None for pattern in _list(patterns))


def _arn(wanted: str, value: str) -> bool:
    """The six parts of an ARN are compared one by one, each with wildcards."""
    parts, found = wanted.split(":", 5), value.split(":", 5)
    return len(parts) == len(found) and all(
        _pattern(part).fullmatch(each) is not None for part, each in zip(parts, found, strict=True)
    )


_POSITIVE: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringLike": lambda wanted, value: _pattern(wanted).fullmatch(value) is not None,
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "NumericLessThan": lambda wanted, value: float(value) < float(wanted),
}
_NEGATIVE = {
    "StringNotEquals": "StringEquals", "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}  # fmt: skip


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str | Sequence[str]]) -> bool:
    lower = {name.lower(): value for name, value in context.items()}
    found = lower.get(key.lower())
    if operator == "Null":
        return wanted == ["true" if found is None else "false"]
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues") or base not in {*_POSITIVE, *_NEGATIVE}:
        raise UnknownElementError(f"operator {operator}")
    if found is None:  # a missing key satisfies what is negated, optional, or about all of no values
        return base in _NEGATIVE or rest != base or quantifier == "ForAllValues"
    test = _POSITIVE[_NEGATIVE.get(base, base)]
    if not quantifier and not isinstance(found, str):
        raise UnknownElementError(f"{operator} of the list {key}")
    one = [any(test(each, value) for each in wanted) for value in _list(found)]
    return all(answer is not (base in _NEGATIVE) for answer in one)
