"""Keeps the product's Iceberg tables up: their last state remains, in few files; earlier ones are deleted with their files.

On a cluster the module spark does this with days in between; here nothing else writes meanwhile.
"""

from datetime import datetime, timezone
from typing import Any

import wiring

TABLES = {"silver": ("orders", "quarantine", "batches"), "gold": ("customers", "daily_revenue")}
FILES = 8


def main() -> None:
    compacted = expired = deleted = 0
    for layer, names in TABLES.items():
        objects = wiring.objects("spark", layer)
        for name in names:
            found = wiring.table("spark", layer, name)
            if len(found.inspect.files()) > FILES:
                last = wiring.said(found)
                kept = {key: value for key, value in last.items() if key in ("source", "contract")}
                found.overwrite(found.scan().to_arrow(), snapshot_properties=kept)
                compacted += 1
            if layer == "silver":
                found.manage_snapshots().remove_branch(wiring.CANDIDATE).commit()
            before = len(found.snapshots())
            found.maintenance.expire_snapshots().older_than(datetime.now(timezone.utc)).commit()
            expired += before - len(found.refresh().snapshots())
            needed = set(_needed(found))
            for key in objects.names(f"{name}/"):
                if f"{wiring.place(layer)}{key}" not in needed:
                    objects.delete(key)
                    deleted += 1
    wiring.report(compacted=compacted, expired=expired, deleted=deleted)


def _needed(found: Any) -> Any:
    """The files of the table's state."""
    yield found.metadata_location
    yield from (one.metadata_file for one in found.metadata.metadata_log)
    for snapshot in found.snapshots():
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(found.io):
            yield manifest.manifest_path
            yield from (one.data_file.file_path for one in manifest.fetch_manifest_entry(found.io))


if __name__ == "__main__":
    main()
