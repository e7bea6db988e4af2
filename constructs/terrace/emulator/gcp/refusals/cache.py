"""Refusals of Memorystore."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("memorystore", "instances")
def instance(resource: Json, call: Call) -> Iterator[str]:
    """Source: Memorystore for Valkey API, instances: 4 to 63 characters, 5 replicas, one shard without a cluster."""
    name = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,61}[a-z0-9]", name):
        yield f"Invalid instance id '{name}': 4 to 63 of [a-z0-9-]."
    if not 0 <= int(resource.get("replicaCount") or 0) <= 5:
        yield f"The number of replicas must be 0 to 5, not {resource['replicaCount']}."
    if resource.get("mode") == "CLUSTER_DISABLED" and int(resource.get("shardCount") or 1) != 1:
        yield "An instance with the mode CLUSTER_DISABLED must have exactly one shard."


@refuses("memorystore", "instances")
def backups(resource: Json, call: Call) -> Iterator[str]:
    """Source: Memorystore for Valkey documentation, "Backups": automated ones are retained for 1 to 365 days."""
    config = resource.get("automatedBackupConfig") or {}
    retention = float(str(config.get("retention", "86400s")).removesuffix("s")) / 86400
    if not 1 <= retention <= 365:
        yield f"Automated backups are kept 1 to 365 days, not {retention:.0f}."
