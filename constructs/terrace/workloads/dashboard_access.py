"""Which tables dashboards show, and which of them a group sees: from the environment's `access`, as all rights are.

Dashboards read through the query engine as the person who looks, so the engine decides about masks and rows.
"""

from typing import Any

from terrace.environment.data_access import readable, tables_of
from terrace.environment.schema import Environment
from terrace.workloads.query_access import catalog_of

PLACES = ("gold", "marts")
"""Where the tables for dashboards are: a layer, and a schema of the platform's database."""


def datasets(environment: Environment) -> list[dict[str, Any]]:
    """The tables of data products in these places, with the columns of their contracts."""
    return [
        {"database": catalog_of(place), "schema": place, "table": table.name, "columns": list(table.columns)}
        for place in PLACES
        for table in sorted(tables_of(environment, place), key=lambda one: (one.product, one.name))
    ]


def groups(environment: Environment) -> dict[str, list[dict[str, Any]]]:
    """Group to what it sees: one table, or with `table: null` every table of a layer or schema."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in readable(environment):
        if one.table is None or one.place in PLACES:
            seen = {"database": catalog_of(one.place), "schema": one.place, "table": one.table}
            if seen not in found.setdefault(one.group, []):
                found[one.group].append(seen)
    return found
