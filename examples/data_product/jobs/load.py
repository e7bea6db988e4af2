"""Makes the candidates of silver's tables `orders` and `batches` the content of those in raw, in one transaction, where
they are checked. It reads as spark, and writes as dbt."""

from typing import Any

import wiring

TYPES = {
    "string": "text", "number": "double precision", "integer": "bigint", "timestamp": "timestamptz", "date": "date",
    "boolean": "boolean",
}  # fmt: skip


BATCHES = {"object": "text", "events": "bigint", "quarantined": "bigint", "share": "double precision"}


def main() -> None:
    orders = {one["name"]: TYPES[one["logicalType"]] for one in wiring.promised("orders")["properties"]}
    with wiring.database("dbt") as connection, connection.cursor() as cursor:
        rows = _replace(cursor, "orders", orders)
        _replace(cursor, "batches", BATCHES)
    wiring.trace("load", {
        wiring.dataset("raw", table): {name: [(wiring.dataset("silver", table), name)] for name in columns}
        for table, columns in (("orders", orders), ("batches", BATCHES))
    })  # fmt: skip
    wiring.report(rows=rows)


def _replace(cursor: Any, name: str, columns: dict[str, str]) -> int:
    rows = wiring.table("spark", "silver", name).scan().use_ref(wiring.CANDIDATE).to_arrow().select(list(columns))
    cursor.execute(f"create table if not exists raw.{name} ({', '.join(' '.join(one) for one in columns.items())})")
    cursor.execute(f"truncate raw.{name}")
    with cursor.copy(f"copy raw.{name} ({', '.join(columns)}) from stdin") as copy:
        for batch in rows.to_batches():
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                copy.write_row(row)
    return int(rows.num_rows)


if __name__ == "__main__":
    main()
