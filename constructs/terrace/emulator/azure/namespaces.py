"""Every type that is known and every list that is not simply what was written: the tables of all namespaces, merged."""

from terrace.emulator.azure import (
    authorization,
    cache,
    compute,
    containerregistry,
    containerservice,
    dataprotection,
    dbforpostgresql,
    dns,
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
"""Type, in lower case, to what is special about it."""

KINDS |= dict.fromkeys({type.split("/")[0] for type in KINDS}, resources.PROVIDER)

COLLECTIONS: dict[str, Collection] = {
    type.lower(): collection for table in _TABLES for type, collection in getattr(table, "COLLECTIONS", {}).items()
}
"""Collections that are computed, by the type of their members."""
