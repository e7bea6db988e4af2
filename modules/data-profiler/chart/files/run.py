"""Profiles the tables of the platform's database, and reports what changed since the earlier profiles.

Usage: run.py FOLDER. FOLDER has profiles.json: `schemas`, `rows` and `anomalies`. The variables of libpq name the
platform's database, and PROFILES_DATABASE the one in which profiles are kept. A profile has counts, shares, types and
the mean of numbers; no value of a row is kept. Exit codes: 0 nothing unusual, 1 an anomaly.
"""

import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import dataprofiler
import pandas
import psycopg2
from psycopg2.sql import SQL, Identifier

_KEPT = 20
"""Earlier profiles with which a table is compared."""
_TABLE = """create table if not exists profiles (
  made timestamptz not null default now(), "schema" text not null, "table" text not null, profile jsonb not null,
  anomalies jsonb not null, primary key ("schema", "table", made))"""


def main(folder: Path) -> int:
    wanted = json.loads((folder / "profiles.json").read_text(encoding="utf-8"))
    logging.disable(logging.WARNING)
    unusual = False
    with psycopg2.connect("") as platform, psycopg2.connect(dbname=os.environ["PROFILES_DATABASE"]) as own:
        cursor = own.cursor()
        cursor.execute(_TABLE)
        for schema, table in _tables(platform, wanted["schemas"]):
            profile = _profile(platform, schema, table, wanted["rows"])
            cursor.execute(
                'select profile from profiles where "schema" = %s and "table" = %s order by made desc limit %s',
                (schema, table, _KEPT),
            )
            found = list(_anomalies(profile, [row[0] for row in cursor.fetchall()], wanted["anomalies"]))
            cursor.execute(
                'insert into profiles ("schema", "table", profile, anomalies) values (%s, %s, %s, %s)',
                (schema, table, json.dumps(profile), json.dumps(found)),
            )
            own.commit()
            print(f"{'ANOMALY' if found else 'usual  '} {schema}.{table}: {profile['rows']} rows")
            for one in found:
                print(f"        {one}")
            unusual = unusual or bool(found)
    return 1 if unusual else 0


def _tables(platform: Any, schemas: list[str]) -> list[tuple[str, str]]:
    """The tables of these schemas that the module may read."""
    cursor = platform.cursor()
    cursor.execute(
        """select schemaname, tablename from pg_tables where schemaname = any(%s)
           and has_table_privilege(format('%%I.%%I', schemaname, tablename), 'select') order by 1, 2""",
        (schemas,),
    )
    return list(cursor.fetchall())


def _profile(platform: Any, schema: str, table: str, rows: int) -> dict[str, Any]:
    name, cursor = Identifier(schema, table), platform.cursor()
    cursor.execute(SQL("select count(*) from {}").format(name))
    count = cursor.fetchone()[0]
    # each row has the same chance, and some more than needed are read
    share = 100 if count <= rows else min(100.0, 110 * rows / count)
    cursor.execute(SQL("select * from {} tablesample bernoulli (%s) limit %s").format(name), (share, rows))
    frame = pandas.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])
    return {"rows": count, "columns": dict(_columns(frame)) if len(frame) else {}}


def _columns(frame: pandas.DataFrame) -> Iterator[tuple[str, dict[str, Any]]]:
    options = dataprofiler.ProfilerOptions()
    options.set({"data_labeler.is_enabled": False, "multiprocess.is_enabled": False})
    report = dataprofiler.Profiler(frame, options=options, profiler_type="structured").report(
        report_options={"output_format": "serializable"}
    )
    for column in report["data_stats"]:
        found = column["statistics"]
        mean = found.get("mean") if column["data_type"] in ("int", "float") else None
        yield (
            column["column_name"],
            {
                "type": column["data_type"],
                "nulls": round(found["null_count"] / found["sample_size"], 4),
                "unique": round(float(found.get("unique_ratio") or 0), 4),
                "mean": None if mean is None or mean != mean else float(mean),
            },
        )


def _anomalies(profile: dict[str, Any], earlier: list[dict[str, Any]], limits: dict[str, float]) -> Iterator[str]:
    if len(earlier) < limits["after"]:
        return
    usual = median(one["rows"] for one in earlier)
    if abs(profile["rows"] - usual) > limits["rows"] * usual:
        yield f"{profile['rows']} rows, usually {usual:g}"
    if not profile["columns"]:
        return
    last = next((one["columns"] for one in earlier if one["columns"]), {})
    yield from (f"column {name} is missing" for name in last if name not in profile["columns"])
    for name, column in profile["columns"].items():
        before = [one["columns"][name] for one in earlier if name in one["columns"]]
        if not before:
            yield f"column {name} is new"
            continue
        nulls = median(one["nulls"] for one in before)
        if abs(column["nulls"] - nulls) > limits["nulls"]:
            yield f"column {name}: {column['nulls']:.1%} nulls, usually {nulls:.1%}"
        types = {one["type"] for one in before if one["type"]}
        if column["type"] and types and column["type"] not in types:
            yield f"column {name} looks like {column['type']}, usually like {', '.join(sorted(types))}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
