"""What Memorystore refuses of instances."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("memorystore", "instances")
def instance(found: Json, call: Call) -> Iterator[str]:
    """Source: Memorystore for Valkey API, instances: 4 to 63 characters, 5 replicas, one shard without a cluster."""
    name = str(found.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z][a-z0-9-]{2,61}[a-z0-9]", name):
        yield f"Invalid instance id '{name}': 4 to 63 of [a-z0-9-]."
    if not 0 <= int(found.get("replicaCount") or 0) <= 5:
        yield f"The number of replicas must be 0 to 5, not {found['replicaCount']}."
    if found.get("mode") == "CLUSTER_DISABLED" and int(found.get("shardCount") or 1) != 1:
        yield "An instance with the mode CLUSTER_DISABLED must have exactly one shard."


@refuses("memorystore", "instances")
def snapshots(found: Json, call: Call) -> Iterator[str]:
    """Source: Memorystore for Valkey documentation, "Backups": automated ones are kept 1 to 365 days."""
    config = found.get("automatedBackupConfig") or {}
    kept = float(str(config.get("retention", "86400s")).removesuffix("s")) / 86400
    if not 1 <= kept <= 365:
        yield f"Automated backups are kept 1 to 365 days, not {kept:.0f}."
