"""The tables of a data product, from its contract: a file in the Open Data Contract Standard, version 3.

Only what decides about access is read here: tables, columns, and which of them contain personal data. Source of the
keys: https://bitol-io.github.io/open-data-contract-standard/v3.0.2/
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from terrace.capabilities.data_access import Mask
from terrace.documents import messages
from terrace.documents.document import Node, along, plain
from terrace.documents.reading import read
from terrace.errors import InvalidFile, Problem

MASKS: tuple[Mask, ...] = get_args(Mask)
PROPERTY = "mask"
"""The custom property of a column with personal data; its value is the mask."""


class _Part(BaseModel):
    """A part of a contract, of which other keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True, defer_build=True)


class _CustomProperty(_Part):
    property: str
    """Name of the property."""
    value: Any = None
    """Its value."""


class _Column(_Part):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    """Name of the column."""
    customProperties: tuple[_CustomProperty, ...] = ()
    """Properties that the standard does not define."""


class _Table(_Part):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    """Name of the table."""
    properties: Annotated[tuple[_Column, ...], Field(min_length=1)]
    """Its columns."""


class _Contract(_Part):
    apiVersion: Annotated[str, Field(pattern=r"^v3\.")]
    """Version of the standard."""
    kind: Literal["DataContract"]
    """Kind of the file."""
    schema_: Annotated[tuple[_Table, ...], Field(alias="schema", min_length=1)]
    """The tables."""


@dataclass(frozen=True)
class Table:
    """A table of a data product: column to the mask of its personal data; None: it has none."""

    product: str
    name: str
    columns: Mapping[str, Mask | None]


def load(product: str, path: Path, shown: str) -> tuple[Table, ...]:
    """The tables of a contract. Raises InvalidFile with all problems, which name the file as `shown`."""
    document = read(path, shown)
    problems = list(document.problems)
    try:
        contract = _Contract.model_validate_json(json.dumps(plain(document.root)), strict=True)
    except ValidationError as error:
        raise InvalidFile([*problems, *messages.problems(error, document.root, _Contract)]) from error
    problems += _twice(contract, document.root)
    tables = []
    for number, table in enumerate(contract.schema_):
        columns: dict[str, Mask | None] = {}
        for position, column in enumerate(table.properties):
            try:
                columns[column.name] = _mask(column)
            except ValueError as error:
                where = _where(document.root, number, "properties", position)
                problems.append(Problem(str(error), where, hint=f"Use one of: {', '.join(MASKS)}."))
        tables.append(Table(product, table.name, columns))
    if problems:
        raise InvalidFile(problems)
    return tuple(tables)


def _mask(column: _Column) -> Mask | None:
    """The mask of a column. Raises ValueError for an unknown one."""
    for custom in column.customProperties:
        if custom.property == PROPERTY:
            for mask in MASKS:
                if custom.value == mask:
                    return mask
            raise ValueError(f"unknown mask {custom.value!r} of column {column.name}.")
    return None


def _twice(contract: _Contract, root: Node) -> Iterator[Problem]:
    tables: set[str] = set()
    for number, table in enumerate(contract.schema_):
        if table.name in tables:
            yield Problem(f"table {table.name!r} is described twice.", _where(root, number))
        tables.add(table.name)
        columns: set[str] = set()
        for position, column in enumerate(table.properties):
            if column.name in columns:
                where = _where(root, number, "properties", position)
                yield Problem(f"column {column.name!r} is described twice.", where)
            columns.add(column.name)


def _where(root: Node, *path: int | str) -> str:
    return along(root, ["schema", *map(str, path)])[-1].where
