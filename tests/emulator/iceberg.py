"""What both blob stores are used for by pyiceberg, in a child process that has `catalog`."""

TABLE = """
catalog.create_namespace("sales")
table = catalog.create_table("sales.orders", schema=pyarrow.schema([("id", pyarrow.int64())]))
for start in (0, 1000):
    table.append(pyarrow.table({"id": list(range(start, start + 1000))}))
table.delete("id < 10")
print(json.dumps([table.scan().to_arrow().num_rows, len(table.history())]))
"""
"""Creates a table, appends twice and deletes rows; prints how many rows and snapshots there are."""
