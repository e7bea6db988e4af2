"""Invalid requests that validate and plan accept, by topic."""

from tests.emulator.gcp.invalid_requests import (
    backup,
    cluster,
    database,
    entry,
    general,
    identity,
    keys,
    network,
    observation,
    schema,
    secrets,
    storage,
)

_TOPICS = (backup, cluster, database, entry, general, identity, keys, network, observation, schema, secrets, storage)

INVALID_REQUESTS = tuple(invalid for topic in _TOPICS for invalid in topic.INVALID_REQUESTS)
