"""Trino's file-based access control, as its documentation describes it: what a person with groups may do.

It decides as Trino does, and knows nothing of how the rules were made.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Person:
    """A user and the groups from the group provider."""

    user: str
    groups: Collection[str] = ()


@dataclass(frozen=True)
class Rules:
    """The content of the file."""

    content: dict[str, Any]

    def catalog(self, who: Person, catalog: str) -> str:
        """all, read-only or none."""
        return str(next(self._fitting("catalogs", who, catalog=catalog), {}).get("allow", "none"))

    def table(self, who: Person, catalog: str, schema: str, table: str) -> dict[str, Any] | None:
        """The rule of a table, if the person may select from it."""
        if self.catalog(who, catalog) == "none":
            return None
        found = next(self._fitting("tables", who, catalog=catalog, schema=schema, table=table), None)
        return found if found and "SELECT" in found["privileges"] else None

    def column(self, who: Person, catalog: str, schema: str, table: str, column: str) -> str:
        """clear, masked or denied."""
        rule = self.table(who, catalog, schema, table)
        if rule is None:
            return "denied"
        found: dict[str, Any] = next((one for one in rule.get("columns", ()) if one["name"] == column), {})
        if found.get("allow") is False:
            return "denied"
        return "masked" if "mask" in found else "clear"

    def _fitting(self, kind: str, who: Person, **names: str) -> Iterator[dict[str, Any]]:
        for rule in self.content[kind]:
            if not re.fullmatch(rule.get("user", ".*"), who.user):
                continue
            if "group" in rule and not any(re.fullmatch(rule["group"], group) for group in who.groups):
                continue
            if all(re.fullmatch(rule.get(key, ".*"), name) for key, name in names.items()):
                yield rule
