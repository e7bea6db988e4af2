"""Evaluation of IAM policies: statements, their actions and resources, and conditions that narrow or do not.

What a caller can choose, such as a request's parameters, never counts against a permission; what identifies a caller
does. So the result is what could be allowed at most. Source: IAM User Guide, "Policy evaluation logic", "IAM JSON
policy elements: Condition operators" and "AWS global condition context keys".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from terrace.assurance.access.aws import actions
from terrace.assurance.access.model import Unknown

Context = Mapping[str, str | None]
"""Condition keys in lower case to values; None for a key that the request does not have. The caller chooses the value
of a key that is not in the context."""

_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One statement. `resources` None: any, as in a trust policy or a repository's policy. `by` is the resource that
    has the policy."""

    allows: bool
    patterns: tuple[str, ...]
    all_but: bool
    resources: tuple[str, ...] | None
    resources_all_but: bool
    principals: Mapping[str, tuple[str, ...]] | None
    principals_all_but: bool
    condition: Mapping[str, Mapping[str, Sequence[str]]]
    by: str

    def services(self) -> frozenset[str]:
        """The services whose actions it names."""
        if self.all_but:
            return actions.services()
        return frozenset().union(*(actions.services_of(pattern) for pattern in self.patterns))

    def actions(self, service: str) -> frozenset[str]:
        """Its actions of a service."""
        named = actions.matching(self.patterns, service)
        return actions.of(service) - named if self.all_but else named

    def covers(self, arn: str) -> bool:
        """Whether it is about a resource."""
        if self.resources is None:
            return True
        return matches(self.resources, arn) is not self.resources_all_but

    def applies(self, context: Context) -> bool:
        """Whether its conditions hold: all that the caller cannot choose for a permission, all for a denial."""
        if not self.condition:
            return True
        answer = holds(self.condition, context)
        return answer is not False if self.allows else answer is True


def statements(document: Any, by: str, text: Callable[[Any], str]) -> Iterator[Statement | Unknown]:
    """The statements of a parsed policy document. `text` makes an ARN of a resolved attribute."""
    if not isinstance(document, Mapping) or "Statement" not in document:
        yield Unknown(f"the policy cannot be read: {document}", by)
        return
    listed = document["Statement"]
    for written in listed if isinstance(listed, list) else [listed]:
        statement = _statement(written, by, text)
        yield statement
        if isinstance(statement, Statement):
            yield from _unknown(statement)


def administrator(by: str) -> Statement:
    """A statement that allows everything."""
    return Statement(True, ("*",), False, ("*",), False, None, False, {}, by)


def _statement(written: Any, by: str, text: Callable[[Any], str]) -> Statement | Unknown:
    if not isinstance(written, Mapping) or set(written) - _ELEMENTS or written.get("Effect") not in ("Allow", "Deny"):
        return Unknown(f"the statement cannot be read: {written}", by)
    about = written.get("Resource", written.get("NotResource"))
    who = written.get("Principal", written.get("NotPrincipal"))
    return Statement(
        allows=written["Effect"] == "Allow",
        patterns=tuple(one.lower() for one in _texts(written.get("Action", written.get("NotAction")), str)),
        all_but="NotAction" in written,
        resources=None if about is None else tuple(_variables(one) for one in _texts(about, text)),
        resources_all_but="NotResource" in written,
        principals=None if who is None else _principals(who, text),
        principals_all_but="NotPrincipal" in written,
        condition={
            operator: {key: _texts(values, text) for key, values in keys.items()}
            for operator, keys in (written.get("Condition") or {}).items()
        },
        by=by,
    )


def _texts(value: Any, text: Callable[[Any], str]) -> list[str]:
    if value is None:
        return []
    return [text(one) for one in value] if isinstance(value, list | tuple) else [text(value)]


def _variables(pattern: str) -> str:
    """A policy variable may be anything."""
    return re.sub(r"\$+\{[^}]*\}", "*", pattern)


def _principals(who: Any, text: Callable[[Any], str]) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(who, Mapping):
        return {"AWS": tuple(_texts(who, text))}
    return {kind: tuple(_texts(values, text)) for kind, values in who.items()}


def _unknown(statement: Statement) -> Iterator[Unknown]:
    """What of a statement is not understood."""
    for pattern in statement.patterns if statement.allows else ():
        known = any(actions.matching((pattern,), service) for service in actions.services_of(pattern))
        if pattern != "*" and not known:
            yield Unknown(f"unknown action {pattern}", statement.by)
    for operator in statement.condition:
        if _parsed(operator) is None:
            yield Unknown(f"unknown condition operator {operator}", statement.by)


@lru_cache(maxsize=16384)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in text), re.DOTALL)


def matches(patterns: Iterable[str], value: str) -> bool:
    """Whether a value matches one of the patterns with the wildcards * and ?."""
    return any(one == "*" or one == value or (("*" in one or "?" in one) and _match(one, value)) for one in patterns)


@lru_cache(maxsize=1 << 18)
def _match(pattern: str, value: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def holds(condition: Mapping[str, Mapping[str, Sequence[str]]], context: Context) -> bool | None:
    """Whether a condition holds: None if the caller can choose."""
    answers = [
        _compared(operator, values, context, key.lower())
        for operator, keys in condition.items()
        for key, values in keys.items()
    ]
    return False if False in answers else None if None in answers else True


def _compared(operator: str, values: Sequence[str], context: Context, key: str) -> bool | None:
    parsed = _parsed(operator)
    if parsed is None:
        return None
    quantifier, base, optional = parsed
    if base == "Null":
        return None if key not in context else (context[key] is None) is (values[0].lower() == "true")
    negated = base in _NEGATIVE
    test = _TESTS[_NEGATIVE.get(base, base)]
    if key not in context:
        return None
    found = context[key]
    if found is None:
        return negated or optional or quantifier == "ForAllValues"
    if any("${" in value for value in values):
        return None
    return any(test(value, found) for value in values) is not negated


@lru_cache(maxsize=256)
def _parsed(operator: str) -> tuple[str, str, bool] | None:
    """Quantifier, base operator, and whether it ends in IfExists; None for an unknown operator."""
    quantifier, _, rest = operator.rpartition(":")
    base = rest.removesuffix("IfExists")
    if quantifier not in ("", "ForAllValues", "ForAnyValue") or base not in {*_TESTS, *_NEGATIVE, "Null"}:
        return None
    return quantifier, base, rest != base


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _arn(wanted: str, value: str) -> bool:
    """The six parts of an ARN are compared one by one, each with wildcards."""
    parts, found = wanted.split(":", 5), value.split(":", 5)
    if len(parts) != len(found):
        return wanted == "*"
    return all(matches((part,), each) for part, each in zip(parts, found, strict=True))


def _in_range(wanted: str, value: str) -> bool:
    try:
        return ip_address(value) in ip_network(wanted, strict=False)
    except ValueError:
        return False


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": lambda wanted, value: matches((wanted,), value),
    "ArnEquals": _arn,
    "ArnLike": _arn,
    "IpAddress": _in_range,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "NumericEquals": lambda wanted, value: _number(value) == _number(wanted),
    "NumericLessThan": lambda wanted, value: _number(value) < _number(wanted),
    "NumericLessThanEquals": lambda wanted, value: _number(value) <= _number(wanted),
    "NumericGreaterThan": lambda wanted, value: _number(value) > _number(wanted),
    "NumericGreaterThanEquals": lambda wanted, value: _number(value) >= _number(wanted),
}
_NEGATIVE = {
    "StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals", "NotIpAddress": "IpAddress",
}  # fmt: skip


def allowed(
    service: str, arn: str, context: Context, *, by: Sequence[Statement], limits: Sequence[Sequence[Statement]] = ()
) -> dict[str, tuple[str, ...]]:
    """The actions of a service on a resource that `by` allows and nothing denies, each with what allows it.

    `limits` are further policies: each has to allow an action too, such as a permissions boundary.
    """
    found: dict[str, list[str]] = {}
    denied: set[str] = set()
    for statement in by:
        named = statement.actions(service)
        if named and statement.covers(arn) and statement.applies(context):
            if statement.allows:
                for action in named:
                    found.setdefault(action, []).append(statement.by)
            else:
                denied |= named
    for limit in limits:
        if not found:
            break
        permitted: set[str] = set()
        for statement in limit:
            named = statement.actions(service)
            if named and statement.covers(arn) and statement.applies(context):
                (permitted if statement.allows else denied).update(named)
        found = {action: by_what for action, by_what in found.items() if action in permitted}
    return {action: tuple(dict.fromkeys(one)) for action, one in found.items() if action not in denied}
