"""Writes the marts to gold as Iceberg tables, and reports the checksum of each. It reads as dbt, and writes as spark."""

import hashlib

import pyarrow
import wiring

MARTS = ("customers", "daily_revenue")


def main() -> None:
    checksums, counts, made = {}, {}, {}
    with wiring.database("dbt") as connection:
        connection.execute("set timezone = 'UTC'")
        for mart in MARTS:
            cursor = connection.execute(f"select * from marts.{mart} as mart order by mart::text collate \"C\"")
            names = [column.name for column in cursor.description]
            found = cursor.fetchall()
            rows = pyarrow.Table.from_pylist([dict(zip(names, row, strict=True)) for row in found])
            checksums[mart] = hashlib.sha256("\n".join(map(str, found)).encode()).hexdigest()[:16]
            counts[mart] = rows.num_rows
            wiring.replace(wiring.table("spark", "gold", mart, rows.schema), rows, checksums[mart])
            made[wiring.dataset("gold", mart)] = {name: [(wiring.dataset("marts", mart), name)] for name in names}
    wiring.trace("gold", made)
    wiring.report(rows=sum(counts.values()), marts=counts, checksums=checksums)


if __name__ == "__main__":
    main()
