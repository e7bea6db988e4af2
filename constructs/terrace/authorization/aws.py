"""Statements of IAM policies, and conditions over the values of a request.

Source: IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Condition operators", "Set operators for
multivalued context keys" and "AWS global condition context keys".
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

Values = str | tuple[str, ...] | None
"""The value of a condition key, the values of one with many, or None for a key that the request does not have."""
Context = Mapping[str, Values]
"""Condition keys in lower case to values. The caller chooses the value of a key that is not in the context."""

_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """One statement. `patterns` are those of its actions, in lower case. `resources` None: any, as in a trust policy or
    a repository's policy. `by` is what has the policy."""

    allows: bool
    patterns: tuple[str, ...]
    all_but: bool
    resources: tuple[str, ...] | None
    resources_all_but: bool
    principals: Mapping[str, tuple[str, ...]] | None
    principals_all_but: bool
    condition: Mapping[str, Mapping[str, Sequence[str]]]
    by: str

    def names(self, action: str) -> bool:
        """Whether it is about an action, in lower case."""
        return matches(self.patterns, action) is not self.all_but

    def covers(self, arn: str) -> bool:
        """Whether it is about a resource."""
        if self.resources is None:
            return True
        return matches(self.resources, arn) is not self.resources_all_but

    def is_for(self, kind: str, value: str, *, delegated: bool = True) -> bool:
        """Whether it names a principal, by kind ("AWS", "Service", ...) and ARN, service or name; `delegated` includes
        what it leaves to the identities of the principal's account. False without principals."""
        return self.principals is not None and self._lists(kind, value, delegated) is not self.principals_all_but

    def _lists(self, kind: str, value: str, delegated: bool) -> bool:
        listed = (self.principals or {}).get(kind, ())
        if kind != "AWS":
            return value in listed
        if value in listed or "*" in listed:
            return True
        account = value.split(":")[4] if value.count(":") > 4 else value
        return delegated and any(one == account or one.endswith(f":{account}:root") for one in listed)

    def applies(self, context: Context) -> bool:
        """Whether its conditions hold: all that the caller cannot choose for a permission, all for a denial."""
        if not self.condition:
            return True
        answer = holds(self.condition, context)
        return answer is not False if self.allows else answer is True

    def applies_to(self, request: Context) -> bool:
        """Whether its conditions hold for a request, whose other keys have no value."""
        absent: dict[str, Values] = {key.lower(): None for keys in self.condition.values() for key in keys}
        return holds(self.condition, absent | dict(request)) is True


def statement(written: Any, by: str, text: Callable[[Any], str] = str) -> Statement | None:
    """A statement of a parsed policy; None for what is not a statement. `text` makes an ARN of a resolved attribute."""
    if not isinstance(written, Mapping) or set(written) - _ELEMENTS or written.get("Effect") not in ("Allow", "Deny"):
        return None
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


def listed(document: Mapping[str, Any]) -> list[Any]:
    """What a parsed policy has as statements."""
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def is_operator(operator: str) -> bool:
    """Whether a condition operator is known."""
    return _parsed(operator) is not None


def _texts(value: Any, text: Callable[[Any], str]) -> list[str]:
    if value is None:
        return []
    values = value if isinstance(value, list | tuple) else [value]
    return [str(one).lower() if isinstance(one, bool) else text(one) for one in values]


def _variables(pattern: str) -> str:
    """A policy variable may be anything."""
    return re.sub(r"\$+\{[^}]*\}", "*", pattern)


def _principals(who: Any, text: Callable[[Any], str]) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(who, Mapping):
        return {"AWS": tuple(_texts(who, text))}
    return {kind: tuple(_texts(values, text)) for kind, values in who.items()}


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
    each = (found,) if isinstance(found, str) else found
    answers = [any(test(value, one) for value in values) is not negated for one in each]
    return any(answers) if quantifier == "ForAnyValue" else all(answers)


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
