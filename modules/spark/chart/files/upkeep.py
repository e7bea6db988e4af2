"""Keeps the tables of the lake small and fast: compacts files, and expires old versions.

Usage: upkeep.py FILE. FILE has `iceberg` (whether there is a catalogue), `delta` (addresses of tables) and `keepDays`.
Exit codes: 0 all tables were kept up, 1 one failed; the others are kept up all the same.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

CATALOGUE = "lake"


def main(file: Path) -> int:
    from pyspark.sql import SparkSession

    wanted = json.loads(file.read_text(encoding="utf-8"))
    session = SparkSession.builder.appName("upkeep").getOrCreate()
    failed = 0
    for table, statements in _work(session, wanted, datetime.now(UTC)):
        for statement in statements:
            try:
                session.sql(statement).collect()
            except Exception as error:  # the engine's errors have many classes, and one table must not keep the others
                failed += 1
                print(f"FAILED {table}: {statement}\n       {str(error).partition(chr(10))[0]}")
                break
        else:
            print(f"done   {table}")
    session.stop()
    return 1 if failed else 0


def _work(session: Any, wanted: dict[str, Any], now: datetime) -> Iterator[tuple[str, list[str]]]:
    """Each table with its statements."""
    keep = wanted["keepDays"]
    if wanted["iceberg"]:
        for table in _tables(session):
            properties = dict(session.sql(f"show tblproperties {CATALOGUE}.{table}").collect())
            shared = properties.get("gc.enabled") == "false"
            yield table, iceberg(table, None if shared else now - timedelta(days=keep))
    for table in wanted["delta"]:
        yield table, delta(table, keep)


def _tables(session: Any) -> list[str]:
    """The tables of the catalogue: those in its namespaces of one or two levels."""
    names = [row[0] for row in session.sql(f"show namespaces in {CATALOGUE}").collect()]
    names += [row[0] for name in list(names) for row in session.sql(f"show namespaces in {CATALOGUE}.{name}").collect()]
    found = {
        f"{name}.{row[1]}" for name in names for row in session.sql(f"show tables in {CATALOGUE}.{name}").collect()
    }
    return sorted(found)


def iceberg(table: str, before: datetime | None) -> list[str]:
    """Statements for an Iceberg table. Without `before`, no version expires: branches of the catalogue share its files,
    and the catalogue's own tool knows which ones are not used. Otherwise files that no snapshot names are removed after
    three days more, since a write that still runs has some."""
    compact = [
        f"call {CATALOGUE}.system.rewrite_data_files(table => '{table}')",
        f"call {CATALOGUE}.system.rewrite_manifests(table => '{table}')",
    ]
    if before is None:
        return compact
    expire, orphans = (f"timestamp '{one:%Y-%m-%d %H:%M:%S}'" for one in (before, before - timedelta(days=3)))
    return [
        *compact,
        f"call {CATALOGUE}.system.expire_snapshots(table => '{table}', older_than => {expire})",
        f"call {CATALOGUE}.system.remove_orphan_files(table => '{table}', older_than => {orphans})",
    ]


def delta(table: str, keep_days: int) -> list[str]:
    """Statements for a Delta table, which its folder names. Delta refuses to keep less than a week."""
    return [f"optimize delta.`{table}`", f"vacuum delta.`{table}` retain {max(7, keep_days) * 24} hours"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
