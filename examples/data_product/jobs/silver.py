"""Judges the events of bronze by the contract, and writes the good ones to the Iceberg table `orders` of silver, as the
candidate that is checked next.

A row of silver is the last event of an order, with its columns typed and personal data masked as the contract says. An
event that breaks a rule goes to silver's quarantine: where it is in bronze, and each reason; no value of it. The table `batches` has the numbers of each object.
"""

import gzip
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import sealing
import wiring

TYPES = {
    "string": "varchar", "number": "double", "integer": "bigint", "timestamp": "timestamptz", "date": "date",
    "boolean": "boolean",
}  # fmt: skip
MASKS = {"redact": "null::varchar", "hash": "sha256({})", "last4": "right({}, 4)"}
LATE = "1 day"
ERASED = "(erased)"


def rules(table: dict[str, Any], retention_days: int) -> list[tuple[str, str]]:
    """What is wrong with a row: the reason, and the condition in SQL. Conditions that are unknown do not hold."""
    found = [("line: not JSON", "event is null")]
    for column in table["properties"]:
        name, kind, options = column["name"], column["logicalType"], column.get("logicalTypeOptions", {})
        if column.get("required"):
            found.append((f"{name}: missing", f"event is not null and {name}_text is null"))
        if kind != "string":
            found.append((f"{name}: not a {kind}", f"{name}_text is not null and {name} is null"))
        if pattern := options.get("pattern", _own(column, "eventPattern")):
            found.append((f"{name}: unexpected value", f"not regexp_matches({name}, {_literal(pattern)})"))
        if "minimum" in options:
            found.append((f"{name}: below {options['minimum']}", f"{name} < {options['minimum']}"))
        if "maximum" in options:
            found.append((f"{name}: above {options['maximum']}", f"{name} > {options['maximum']}"))
    found.append(("received_at: before ordered_at", "received_at < ordered_at"))
    found.append((
        f"ordered_at: older than {retention_days} days when received",
        f"received_at - ordered_at > interval '{retention_days} days'",
    ))  # fmt: skip
    return found


def masked(column: dict[str, Any]) -> str:
    """The column as silver has it."""
    mask = _own(column, "mask")
    return f"{MASKS[mask].format(column['name']) if mask else column['name']} as {column['name']}"


def _own(column: dict[str, Any], name: str) -> Any:
    """A property of a column that the standard of contracts does not define."""
    return next((one["value"] for one in column.get("customProperties", []) if one["property"] == name), None)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def main() -> None:
    objects = wiring.objects("spark", "bronze")
    table = wiring.promised("orders")
    with tempfile.TemporaryDirectory(prefix="silver-") as scratch:
        keys = objects.names("events/")
        if not keys:
            sys.exit("bronze has no events")
        opener, erased = sealing.Opener(), set()
        for key in keys:
            content = objects.read(key)
            with (Path(scratch) / Path(key).stem).open("w", encoding="utf-8") as file:
                for line in gzip.decompress(content).decode().splitlines():
                    id, _, event = opener.line(line)
                    file.write(f"{ERASED if event is None else event}\n")
                    if event is None:
                        erased.add(id)
        _judge(table, keys, sorted(erased), Path(scratch))


def _judge(table: dict[str, Any], keys: list[str], erased: list[str], folder: Path) -> None:
    columns = table["properties"]
    connection = duckdb.connect(config={"temp_directory": str(folder / "spill")})
    connection.execute("set timezone = 'UTC'")
    # one row for each line, with where it is in bronze
    connection.execute(
        "create table lines (object varchar, line bigint, text varchar)"
    )
    for key in keys:
        connection.execute(
            "insert into lines select ?, row_number() over (), text from read_csv(?, columns = {'text': 'VARCHAR'}, "
            "delim = '\x01', quote = '', escape = '', header = false, parallel = false, auto_detect = false)",
            [key, str(folder / Path(key).stem)],
        )
    texts = ", ".join(f"event ->> '$.{column['name']}' as {column['name']}_text" for column in columns)
    types = ", ".join(
        f"try_cast({column['name']}_text as {TYPES[column['logicalType']]}) as {column['name']}" for column in columns
    )
    reasons = ", ".join(
        f"case when {condition} then {_literal(reason)} end"
        for reason, condition in rules(table, wiring.GIVEN["retention_days"])
    )
    connection.execute(
        f"create table judged as with parsed as (select object, line, case when json_valid(text) then text::json end "
        f"as event from lines where text <> '{ERASED}'), texts as (select *, event ->> '$.event_id' as event_id, {texts} from parsed), typed as "
        f"(select *, {types} from texts) select *, concat_ws('; ', {reasons}) as reason from typed"
    )
    connection.execute(
        f"create table good as select {', '.join(masked(column) for column in columns)} from judged where reason = '' "
        "qualify row_number() over (partition by order_id order by judged.received_at desc, event_id desc) = 1 "
        "order by order_id"
    )
    # the same bronze with the same keys judged by the same contract is the same silver
    source = hashlib.sha256(json.dumps([keys, erased, table], sort_keys=True).encode()).hexdigest()
    contract = json.dumps(wiring.CONTRACT)
    tables = {
        "orders": "select * from good",
        "quarantine": "select object, line, event_id, reason from judged where reason <> '' order by 1, 2",
        "batches": "select object, count(*) as events, count(*) filter (where reason <> '') as quarantined, "
        "quarantined / events as share from judged group by 1 order by 1",
    }
    for name, query in tables.items():
        rows = connection.execute(query).to_arrow_table()
        found = wiring.table("spark", "silver", name, rows.schema)
        written = wiring.replace(found, rows, source, wiring.CANDIDATE, contract=contract)
    origin = wiring.dataset("bronze", "events")
    names = [column["name"] for column in columns]
    every = [(origin, name) for name in names]
    wiring.trace("silver", {
        wiring.dataset("silver", "orders"): {name: [(origin, name)] for name in names},
        wiring.dataset("silver", "quarantine"): {"event_id": [(origin, "event_id")], "reason": every},
        wiring.dataset("silver", "batches"): {"quarantined": every, "share": every},
    })  # fmt: skip
    count = lambda query: connection.execute(query).fetchone()[0]  # noqa: E731
    judged, good = count("select count(*) from judged"), count("select count(*) from good")
    events = count("select count(*) from lines")
    quarantined = count("select count(*) from judged where reason <> ''")
    wiring.report(
        events=events,
        quarantined=quarantined,
        duplicates=judged - quarantined - good,
        erased=events - judged,
        late=count(f"select count(*) from judged where reason = '' and received_at - ordered_at > interval '{LATE}'"),
        silver=good,
        written=written,
        reasons=dict(
            connection.execute(
                "select reason, count(*) from judged where reason <> '' group by 1 order by 2 desc, 1"
            ).fetchall()
        ),
    )


if __name__ == "__main__":
    main()
