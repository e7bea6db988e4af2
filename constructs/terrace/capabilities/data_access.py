"""Who may read which data: groups of people, layers of the lake and schemas of the database, tables and columns."""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from terrace.capabilities.database import SchemaName
from terrace.capabilities.spec import Layer, Name, Spec

Mask: TypeAlias = Literal["redact", "hash", "last4"]
"""What a reader of masked data sees in place of personal data: nothing; the SHA-256 of the text, equal for equal
values; its last four characters."""

UNMASKED: tuple[str, ...] = ("bronze", "raw")
"""The layer and the schema with data as it came in: nothing there is masked."""


def word(group: str) -> str:
    """A group in names: a-z, 0-9 and -, 24 characters at most. A group that is not such a word itself has a part of its
    SHA-256, so that no two groups have the same one."""
    plain = re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-")
    if plain == group and len(plain) <= 24:
        return plain
    return f"{plain[:15]}-{hashlib.sha256(group.encode()).hexdigest()[:8]}".lstrip("-")


class DataAccessSpec(Spec):
    """What groups of people may read; nothing else of the data can be read by people.

    A table that no contract of a data product describes may contain personal data, so only `personal_data: clear`
    without `products` and `rows` includes it.
    """

    groups: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=57)], ...], Field(min_length=1)]
    """Groups of `identity.oidc.groups`."""
    layers: tuple[Layer, ...] = ()
    """Layers of the lake whose tables the groups may read."""
    schemas: tuple[SchemaName, ...] = ()
    """Schemas of the database whose tables the groups may read."""
    products: tuple[Name, ...] = ()
    """Data products whose tables the groups may read; none: all."""
    personal_data: Literal["clear", "masked"] = "masked"
    """Whether columns with personal data, as the contracts of the data products mark them, are masked."""
    rows: Mapping[SchemaName, Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]] = {}
    """Column to the values of the rows that the groups may read. A table without the column cannot be read."""
    files: bool = False
    """Whether the groups may also read the files of the data products in the layers, with the cloud's own tools. Files
    have no masks and no conditions on rows, so it needs `personal_data: clear` without `products` and `rows`."""

    @property
    def places(self) -> tuple[str, ...]:
        """The layers and schemas."""
        return (*self.layers, *self.schemas)
