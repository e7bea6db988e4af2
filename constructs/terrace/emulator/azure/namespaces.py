"""All known types and computed collections: the merged tables of all namespaces."""

from terrace.emulator.azure import (
    authorization,
    cache,
    compute,
    containerregistry,
    containerservice,
    dataprotection,
    dbforpostgresql,
    dns,
    eventhub,
    insights,
    keyvault,
    logic,
    managedidentity,
    network,
    operationalinsights,
    resources,
    security,
    storage,
)
from terrace.emulator.azure.arm import Collection
from terrace.emulator.azure.kind import Kind

_TABLES = (
    authorization,
    cache,
    compute,
    containerregistry,
    containerservice,
    dataprotection,
    dbforpostgresql,
    dns,
    eventhub,
    insights,
    keyvault,
    logic,
    managedidentity,
    network,
    operationalinsights,
    resources,
    security,
    storage,
)

KINDS: dict[str, Kind] = {type.lower(): kind for table in _TABLES for type, kind in table.KINDS.items()}
"""Lower-case type -> its definition."""

KINDS |= dict.fromkeys({type.split("/")[0] for type in KINDS}, resources.PROVIDER)

COLLECTIONS: dict[str, Collection] = {
    type.lower(): collection for table in _TABLES for type, collection in getattr(table, "COLLECTIONS", {}).items()
}
"""Computed collections, by the type of their members."""
