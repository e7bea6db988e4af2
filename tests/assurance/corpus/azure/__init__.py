"""Dangerous edits on Azure."""

from tests.assurance.corpus.azure import (
    backup,
    data,
    detection,
    entry,
    grants,
    identities,
    network,
    services,
    structure,
)

DANGERS = (
    *network.DANGERS,
    *services.DANGERS,
    *entry.DANGERS,
    *grants.DANGERS,
    *identities.DANGERS,
    *data.DANGERS,
    *backup.DANGERS,
    *detection.DANGERS,
    *structure.DANGERS,
)
