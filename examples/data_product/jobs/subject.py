"""The rights of a person. Usage: subject.py someone | export FILE | erase FILE | find FILE.

`export` reads an e-mail address from its input, and writes all that is known of the person to FILE. `erase` deletes the
keys of their events; after it silver and all that is made from it are made again, and maintain.py deletes the files
before. `find` counts what is left of the content of FILE, by layer: also in files that no table has any more.
"""

import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.parquet
import sealing
import wiring

SCHEMAS = ("raw", "staging", "intermediate", "marts")
COLUMNS = ("order_id", "email", "customer")
"""The columns of tables by which a person is found."""


def someone() -> None:
    """A person of whom some events are good and one is quarantined, as if they asked."""
    bad = {(one["object"], one["line"]) for one in _quarantine()}
    good = set(wiring.table("spark", "silver", "orders").scan().to_arrow()["email"].to_pylist())
    for place, _, subject, event in _bronze():
        if place in bad and subject in good:
            wiring.report(address=json.loads(event)["email"])
            return


def export(file: Path) -> None:
    address = sys.stdin.read().strip()
    hashed = sealing.digest(address)
    events = [one for one in _bronze() if one[2] == hashed]
    said = {json.dumps(json.loads(event)[name]) for *_, event in events for name in ("name", "email", "phone")}
    # a line that cannot be read is theirs if it has one of their values
    events += [one for one in _bronze() if one[2].startswith(sealing.UNKNOWN) and any(text in one[3] for text in said)]
    orders = {json.loads(event)["order_id"] for _, _, subject, event in events if subject == hashed}
    known = {
        "subject": hashed,
        "keys": sorted({id for _, id, _, _ in events}),
        "values": sorted({hashed, *(one for one in orders if one)}),
        "said": sorted(said),
        "events": [event for *_, event in events],
        "places": sorted(place for place, *_ in events),
    }
    known["tables"] = {place: rows for place, rows in _tables(known["values"])}
    file.touch(mode=0o600)
    file.write_text(json.dumps(known, indent=2, default=str), encoding="utf-8")
    wiring.report(subject=hashed, found=_found(known))


def erase(file: Path) -> None:
    known = json.loads(file.read_text(encoding="utf-8"))
    with sealing.keys() as connection:
        done = connection.execute(
            "delete from subject_keys where product = %s and id = any(%s)", [wiring.PRODUCT, known["keys"]]
        )
    wiring.report(keys=done.rowcount)


def find(file: Path) -> None:
    wiring.report(found=_found(json.loads(file.read_text(encoding="utf-8"))))


def _found(known: dict[str, Any]) -> dict[str, int]:
    """Layer or table to the events, rows and rows in files of it that are the person's."""
    places = {tuple(place) for place in known["places"]}
    found = {"bronze": sum(any(text in event for text in known["said"]) for *_, event in _bronze())}
    found |= {place: len(rows) for place, rows in _tables(known["values"])}
    found["silver.quarantine"] = sum((one["object"], one["line"]) in places for one in _quarantine())
    for layer in ("silver", "gold"):
        found[f"files of {layer}"] = sum(_of(rows, known["values"]).num_rows for rows in _files(layer))
    return found


def _quarantine() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = wiring.table("spark", "silver", "quarantine").scan().to_arrow().to_pylist()
    return found


def _bronze() -> Iterator[tuple[tuple[str, int], str, str, str]]:
    """Where an event is, the id of its key, its subject, and itself, for each that can be opened."""
    objects, opener = wiring.objects("spark", "bronze"), sealing.Opener()
    for key in objects.names("events/"):
        content = objects.read(key)
        for number, line in enumerate(gzip.decompress(content).decode().splitlines(), 1):
            id, subject, event = opener.line(line)
            if subject is not None and event is not None:
                yield (key, number), id, subject, event


def _tables(values: list[str]) -> Iterator[tuple[str, list[Any]]]:
    """Each table with a column by which a person is found, and the person's rows."""
    for layer, name in (("silver", "orders"), ("gold", "customers")):
        yield f"{layer}.{name}", _of(wiring.table("spark", layer, name).scan().to_arrow(), values).to_pylist()
    with wiring.database("dbt") as connection:
        described = connection.execute(
            "select table_schema, table_name, array_agg(column_name::text) from information_schema.columns "
            "where table_schema = any(%s) and column_name = any(%s) group by 1, 2 order by 1, 2",
            [list(SCHEMAS), list(COLUMNS)],
        ).fetchall()
        for schema, table, columns in described:
            condition = " or ".join(f"{column} = any(%(values)s)" for column in columns)
            rows = connection.execute(f"select * from {schema}.{table} where {condition}", {"values": values}).fetchall()
            yield f"{schema}.{table}", rows


def _files(layer: str) -> Iterator[Any]:
    """The rows of each Parquet file of the product in a layer, whether a table has it or not."""
    objects = wiring.objects("spark", layer)
    for name in objects.names():
        if name.endswith(".parquet"):
            yield pyarrow.parquet.read_table(io.BytesIO(objects.read(name)))


def _of(rows: Any, values: list[str]) -> Any:
    found = [pyarrow.compute.is_in(rows[name], pyarrow.array(values)) for name in COLUMNS if name in rows.column_names]
    if not found:
        return rows.slice(0, 0)
    condition = found[0]
    for one in found[1:]:
        condition = pyarrow.compute.or_(condition, one)
    return rows.filter(condition)


if __name__ == "__main__":
    globals()[sys.argv[1]](*map(Path, sys.argv[2:]))
