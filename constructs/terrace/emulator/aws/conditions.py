"""Conditions of IAM policies over the values of one request.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", and "Set operators for multivalued context
keys".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Context = Mapping[str, Sequence[str]]
"""Condition key in lower case to the values in the request; a key that the request does not have is not in it."""


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every operator holds for every key. An unknown operator does not hold."""
    return all(
        _compared(operator, _texts(wanted), context.get(key.lower()))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def matches(pattern: str, value: str) -> bool:
    """Whether a value matches a pattern with the wildcards * and ?."""
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _compared(operator: str, wanted: list[str], found: Sequence[str] | None) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) is (wanted[0].lower() == "true")
    optional, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    negated = "Not" in name
    test = _TESTS.get(name.replace("Not", ""))
    if test is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        return False
    if found is None:
        return optional or negated or quantifier == "ForAllValues"
    answers = [any(test(one, value) for one in wanted) is not negated for value in found]
    return any(answers) if quantifier == "ForAnyValue" else all(answers)


def _texts(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in listed]


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda wanted, value: wanted == value,
    "StringEqualsIgnoreCase": lambda wanted, value: wanted.lower() == value.lower(),
    "StringLike": matches,
    "ArnEquals": matches,
    "ArnLike": matches,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
}
