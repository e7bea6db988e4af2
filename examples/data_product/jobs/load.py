"""Makes the silver table `orders` the content of raw.orders, in one transaction. It reads as spark, and writes as dbt."""

import wiring

TYPES = {
    "string": "text", "number": "double precision", "integer": "bigint", "timestamp": "timestamptz", "date": "date",
    "boolean": "boolean",
}  # fmt: skip


def main() -> None:
    rows = wiring.table("spark", "silver", "orders").scan().to_arrow()
    table = next(one for one in wiring.CONTRACT if one["name"] == "orders")
    columns = [(one["name"], TYPES[one["logicalType"]]) for one in table["properties"]]
    names = ", ".join(name for name, _ in columns)
    with wiring.database("dbt") as connection, connection.cursor() as cursor:
        cursor.execute(f"create table if not exists raw.orders ({', '.join(' '.join(one) for one in columns)})")
        cursor.execute("truncate raw.orders")
        with cursor.copy(f"copy raw.orders ({names}) from stdin") as copy:
            for batch in rows.select([name for name, _ in columns]).to_batches():
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
    wiring.report(rows=rows.num_rows)


if __name__ == "__main__":
    main()
