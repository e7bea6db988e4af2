"""Reading IAM policy documents: whoever wrote them, a string and a list of one mean the same."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any


def statements(document: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy, given as JSON or parsed."""
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def values(entry: object) -> list[str]:
    """A string, a list of strings or nothing, as a list."""
    if entry is None:
        return []
    return [str(value) for value in entry] if isinstance(entry, list | tuple) else [str(entry)]


def allows(statement: Mapping[str, Any], action: str) -> bool:
    """Whether the Allow statement's actions cover `action`; resources and conditions are the caller's business."""
    if statement.get("Effect") != "Allow":
        return False
    if "NotAction" in statement:
        return not covers(values(statement["NotAction"]), action)
    return covers(values(statement.get("Action")), action)


def covers(patterns: list[str], action: str) -> bool:
    """Whether one of the action patterns matches, as IAM matches: without regard to case, * and ? are wild."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def principals(statement: Mapping[str, Any], kind: str = "AWS") -> list[str]:
    """The principals of a kind (AWS, Service, Federated); `*` for everybody."""
    principal = statement.get("Principal")
    return ["*"] if principal == "*" else values((principal or {}).get(kind))


def condition(statement: Mapping[str, Any], operator: str, key: str) -> list[str]:
    """What a condition compares with; empty when the statement has none such."""
    for name, comparisons in (statement.get("Condition") or {}).items():
        if name.lower() == operator.lower():
            for compared, against in comparisons.items():
                if compared.lower() == key.lower():
                    return values(against)
    return []


def condition_keys(statement: Mapping[str, Any]) -> set[str]:
    """All keys that the statement's conditions look at, in lower case."""
    return {key.lower() for comparisons in (statement.get("Condition") or {}).values() for key in comparisons}
