"""Conditions of role assignments (ABAC), in the form that limits an action by comparisons of attributes.

Source: Azure documentation, "Azure role assignment condition format and syntax".
"""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

_CLAUSE = re.compile(
    r"\(\(!\(ActionMatches\{'(?P<actions>[^']+)'\}(?: AND (?P<lists>(?:NOT )?SubOperationMatches)\{'Blob\.List'\})?\)\)"
    r" OR \((?P<tests>[^()]+)\)\)"
)
_ROLES = re.compile(
    r"@(?:Request|Resource)\[Microsoft\.Authorization/roleAssignments:RoleDefinitionId\]"
    r" ForAnyOfAllValues:GuidNotEquals \{(?P<guids>[0-9a-fA-F, -]*)\}"
)
_TEST = re.compile(r"(?P<attribute>@(?:Resource|Request)\[[^\]]+\]) (?P<operator>\w+) '(?P<value>[^']*)'")
ROLE = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"


class Comparison(NamedTuple):
    """A comparison of an attribute, such as `@Resource[...containers:name]`, with a value."""

    attribute: str
    operator: str
    value: str

    def holds(self, attributes: Mapping[str, str]) -> bool:
        """False for an attribute that the request does not have, and for an unknown operator."""
        found = attributes.get(self.attribute)
        if found is None:
            return False
        if self.operator == "StringLike":
            return fnmatchcase(found, self.value.replace("[", "[[]"))
        if self.operator == "StringStartsWith":
            return found.startswith(self.value)
        return self.operator == "StringEquals" and found == self.value


class Clause(NamedTuple):
    """What one clause requires of actions that match a pattern. `lists` is "SubOperationMatches" for lists of blobs,
    "NOT SubOperationMatches" for everything else, and "" for both. The tests hold together if `every`, else one of
    them has to; `excluded` are roles that may not be assigned."""

    actions: str
    lists: str
    tests: tuple[Comparison, ...]
    every: bool
    excluded: frozenset[str]

    def holds(self, action: str, attributes: Mapping[str, str], *, lists: bool) -> bool:
        about = self.lists == "" or (self.lists == "SubOperationMatches") is lists
        if not about or not fnmatchcase(action.lower(), self.actions.lower()):
            return True
        if self.excluded:
            return attributes.get(ROLE, "").rpartition("/")[2].lower() not in self.excluded
        return (all if self.every else any)(test.holds(attributes) for test in self.tests)


def clauses(condition: str) -> list[Clause] | None:
    """The clauses of a condition, each of which has to hold; None for another form."""
    text = " ".join(condition.split())
    found = list(_CLAUSE.finditer(text))
    if " AND ".join(clause[0] for clause in found) != text:
        return None
    read = [_clause(one["actions"], one["lists"] or "", one["tests"]) for one in found]
    return None if None in read else [one for one in read if one is not None]


def _clause(actions: str, lists: str, text: str) -> Clause | None:
    if roles := _ROLES.fullmatch(text):
        excluded = frozenset(guid.strip().lower() for guid in roles["guids"].split(","))
        return Clause(actions, lists, (), True, excluded)
    for word, every in ((" AND ", True), (" OR ", False)):
        matches = [_TEST.fullmatch(test) for test in text.split(word)]
        tests = [Comparison(one["attribute"], one["operator"], one["value"]) for one in matches if one]
        if len(tests) == len(matches):
            return Clause(actions, lists, tuple(tests), every or len(tests) == 1, frozenset())
    return None


def holds(condition: str, action: str, attributes: Mapping[str, str], *, lists: bool = False) -> bool:
    """Whether a condition holds for an action; one of another form does not. `lists` for a list of blobs."""
    if not condition.strip():
        return True
    found = clauses(condition)
    return found is not None and all(one.holds(action, attributes, lists=lists) for one in found)
