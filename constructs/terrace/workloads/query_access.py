"""Who may read what through the query engine: Trino's file-based access control, from the environment's `access`.

The first rule that fits applies, and what no rule allows is denied. A rule names columns one by one and allows all
others, so a table with a column that its contract does not describe shows no rows to readers of described columns.
Source: Trino documentation, "File-based access control".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from terrace.capabilities.data_access import Mask
from terrace.capabilities.spec import LAYERS
from terrace.environment.data_access import Readable, readable
from terrace.environment.schema import Environment

LAKE, DATABASE = "lake", "platform"
"""The catalogues of the engine: the lake, with a schema for each layer, and the schemas of the platform's database."""
METRICS = "terrace-metrics"
"""The user that reads metrics."""
_DESCRIBED = "terrace-columns"
"""The user with whose rights the rules ask for the columns of a table."""


def rules(environment: Environment) -> dict[str, Any]:
    """The content of the file with the rules. People read; administrators also make schemas and see queries."""
    found = readable(environment)
    readers = {
        catalog: sorted({one.group for one in found if catalog_of(one.place) == catalog})
        for catalog in (LAKE, DATABASE)
    }
    oidc = environment.identity.oidc
    admins = oidc.groups_of("admin") if oidc else []

    def of_admins(**rule: Any) -> list[dict[str, Any]]:
        return [{"group": _any(admins), **rule}] if admins else []

    return {
        "catalogs": [
            *of_admins(catalog=LAKE, allow="all"),
            *(
                {"group": _any(groups), "catalog": catalog, "allow": "read-only"}
                for catalog, groups in readers.items()
                if groups
            ),
            {"user": _DESCRIBED, "catalog": f"{LAKE}|{DATABASE}", "allow": "read-only"},
            {"allow": "none"},
        ],
        "schemas": [
            *of_admins(catalog=LAKE, owner=True),
            {"owner": False},
        ],
        "tables": [
            *(_table(one) for one in found),
            {"user": _DESCRIBED, "catalog": f"{LAKE}|{DATABASE}", "privileges": ["SELECT"]},
        ],
        "queries": [
            *of_admins(allow=["execute", "view", "kill"]),
            {"allow": ["execute"]},
        ],
        "impersonation": [],
        "system_information": [{"user": METRICS, "allow": ["read"]}],
        "functions": [],
        "procedures": [],
    }


def members(groups: Mapping[str, list[str]]) -> str:
    """The file with the members of groups: the engine reads no groups from a token."""
    return "".join(f"{name}:{','.join(sorted(people))}\n" for name, people in sorted(groups.items()))


def _table(one: Readable) -> dict[str, Any]:
    catalog = catalog_of(one.place)
    rule = {"group": _any([one.group]), "catalog": catalog, "schema": re.escape(one.place), "privileges": ["SELECT"]}
    if one.table is None:
        return rule
    masks = [{"name": name.lower(), "mask": _mask(name, mask)} for name, mask in one.columns.items() if mask]
    described = ", ".join(_text(name.lower()) for name in one.columns)
    table = one.table.lower()
    conditions = [
        f"NOT EXISTS (SELECT 1 FROM {catalog}.information_schema.columns WHERE table_schema = {_text(one.place)} "
        f"AND table_name = {_text(table)} AND column_name NOT IN ({described}))",
        *_rows(one),
    ]
    return {
        **rule,
        "table": re.escape(table),
        "columns": masks,
        "filter": " AND ".join(conditions),
        "filter_environment": {"user": _DESCRIBED},
    }


def catalog_of(place: str) -> str:
    """The catalogue of a layer or schema."""
    return LAKE if place in LAYERS else DATABASE


def _rows(one: Readable) -> Iterator[str]:
    for column, values in one.rows.items():
        yield f"CAST({_name(column)} AS varchar) IN ({', '.join(_text(value) for value in values)})"


def _mask(column: str, mask: Mask) -> str:
    text = f"CAST({_name(column)} AS varchar)"
    return {
        "redact": "NULL",
        "hash": f"lower(to_hex(sha256(to_utf8({text}))))",
        "last4": f"substr({text}, -4)",
    }[mask]


def _any(groups: list[str]) -> str:
    """A regular expression for these groups."""
    return "|".join(re.escape(group) for group in groups)


def _name(column: str) -> str:
    return '"' + column.lower().replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
