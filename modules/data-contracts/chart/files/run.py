"""Compares data contracts with the tables that they describe.

Usage: run.py FOLDER [SCHEMA]. FOLDER has contracts.json: data product to the `schema` of its tables, the schemas of
`tables` that are elsewhere, and the `text` of its contract. With SCHEMA, only tables in it are compared. The variables of
libpq name the database. The log has names of tables and columns and numbers of rows, no values of rows. Exit codes: 0 all
tables are as their contracts say, 1 one is not.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from datacontract.data_contract import DataContract

SERVER = "platform"


def main(folder: Path, only: str) -> int:
    contracts = json.loads((folder / "contracts.json").read_text(encoding="utf-8"))
    holds = True
    for product, given in sorted(contracts.items()):
        content = yaml.safe_load(given["text"])
        places: dict[str, list[Any]] = {}
        for table in content["schema"]:
            places.setdefault(given["tables"].get(table["name"], given["schema"]), []).append(table)
        for schema, tables in places.items():
            if only in ("", schema):
                holds = _holds(product, schema, {**content, "schema": tables}) and holds
    return 0 if holds else 1


def _holds(product: str, schema: str, content: dict[str, Any]) -> bool:
    """Whether the tables of a product in a schema are as its contract says; prints each difference."""
    address = {"host": os.environ["PGHOST"], "port": int(os.environ["PGPORT"]), "database": os.environ["PGDATABASE"]}
    content["servers"] = [{"server": SERVER, "type": "postgres", "schema": schema, **address}]
    # The software asks for a password; the file has the token of the moment.
    os.environ["DATACONTRACT_POSTGRES_USERNAME"] = os.environ["PGUSER"]
    os.environ["DATACONTRACT_POSTGRES_PASSWORD"] = _password(Path(os.environ["PGPASSFILE"]).read_text(encoding="utf-8"))
    run = DataContract(data_contract_str=yaml.safe_dump(content), server=SERVER, inline_references=False).test()
    print(f"{run.result.value:8} {product} {content.get('version', '')} in {schema}: {len(run.checks)} checks")
    for check in run.checks:
        if check.result.value != "passed":
            print(f"         {check.result.value}: {check.name}: {check.reason}")
    return str(run.result.value) == "passed"


def _password(file: str) -> str:
    """The last field of the first line, in which : and \\ are escaped."""
    return re.sub(r"\\(.)", r"\1", re.split(r"(?<!\\):", file.splitlines()[0], maxsplit=4)[4])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "".join(sys.argv[2:])))
