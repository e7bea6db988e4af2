"""What people may read: an environment's `access` and the contracts of its data products, as one table of rights.

Every engine's rights are made from this table, so that all engines give the same answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from terrace.capabilities.data_access import DataAccessSpec, Mask
from terrace.capabilities.identity import Granted, LakeAccess, LakeRight
from terrace.capabilities.spec import LAYERS
from terrace.environment.contracts import Table
from terrace.environment.schema import Environment

Answer = Literal["clear", "masked", "denied"]
"""Whether a group reads the values of a column: as they are, masked, or not at all."""


@dataclass(frozen=True)
class Readable:
    """What a group may read in a place, which is a layer or a schema: one table, or with None every table.

    `columns` has the mask of each column, None for a clear one; it is empty for every table, whose columns are all
    clear. `rows` are the conditions that a row must meet, column to values.
    """

    group: str
    place: str
    product: str | None
    table: str | None
    columns: Mapping[str, Mask | None]
    rows: Mapping[str, tuple[str, ...]]


def readable(environment: Environment) -> list[Readable]:
    """All that groups may read, by group, place and table; nothing else may be read by people."""
    found = [
        one
        for rule in environment.access
        for group in rule.groups
        for place in rule.places
        for one in _of_place(rule, group, place, tables_of(environment, place))
    ]
    return sorted(found, key=lambda one: (one.group, one.place, one.product or "", one.table or ""))


def reads_whole(environment: Environment, group: str, place: str) -> bool:
    """Whether a group may read all of a place, described by a contract or not: only such a group may be given its files
    or topics, which have no masks and no conditions on rows."""
    return any(one.group == group and one.place == place and one.table is None for one in readable(environment))


def topics(environment: Environment) -> dict[str, tuple[str, ...]]:
    """Group to the topics that its members may read. Topics contain data as it came in, as bronze does."""
    names = tuple(environment.all_topics)
    groups = sorted({group for rule in environment.access for group in rule.groups})
    return {group: names for group in groups if names and reads_whole(environment, group, "bronze")}


def files(environment: Environment) -> dict[str, LakeAccess]:
    """Group to the folders of the lake whose files its members may read: those of all data products of a layer."""
    found: dict[str, dict[Granted, dict[str, LakeRight]]] = {}
    for rule in environment.access:
        for group in rule.groups if rule.files else ():
            for layer in rule.layers:
                folders = {one.name for one in environment.data_products if layer in one.layers}
                if folders and reads_whole(environment, group, layer):
                    found.setdefault(group, {})[layer] = dict.fromkeys(sorted(folders), "read")
    return dict(sorted(found.items()))


def answer(environment: Environment, group: str, place: str, table: str, column: str) -> Answer:
    """Whether a group reads a column of a table, in the rows that it may read."""
    found: Answer = "denied"
    for one in readable(environment):
        if one.group != group or one.place != place:
            continue
        if one.table is None or (one.table == table and column in one.columns and one.columns[column] is None):
            return "clear"
        if one.table == table and column in one.columns:
            found = "masked"
    return found


def tables_of(environment: Environment, place: str) -> tuple[Table, ...]:
    """The tables of data products in a place: a product is in the layers that it names, and in every schema."""
    elsewhere = {one.name for one in environment.data_products if place in LAYERS and place not in one.layers}
    return tuple(table for table in environment.product_tables if table.product not in elsewhere)


def _of_place(rule: DataAccessSpec, group: str, place: str, tables: tuple[Table, ...]) -> Iterator[Readable]:
    clear = rule.personal_data == "clear"
    if clear and not rule.products and not rule.rows:
        yield Readable(group, place, None, None, {}, {})
        return
    for table in tables:
        if (rule.products and table.product not in rule.products) or not rule.rows.keys() <= table.columns.keys():
            continue
        columns = {name: None if clear else mask for name, mask in table.columns.items()}
        yield Readable(group, place, table.product, table.name, columns, rule.rows)
