"""Checks the tables of one schema of the platform's database, and writes the results as pages.

Usage: run.py FOLDER SCHEMA. FOLDER has checks.json: `suites` (schema to table to expectations) and `pages` (the site).
The variables of libpq name the database. The pages say how many rows are bad, and contain no value of a row, which may
be personal data. Exit codes: 0 all expectations hold, 1 one does not.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from sqlalchemy import URL

PAGES = "pages"


def main(folder: Path, schema: str) -> int:
    checks = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    context = gx.get_context(mode="ephemeral")
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    context.add_data_docs_site(PAGES, checks["pages"])
    # The password is in the password file, and TLS in variables; libpq reads both.
    address = URL.create(
        "postgresql+psycopg2", os.environ["PGUSER"], None, os.environ["PGHOST"], int(os.environ["PGPORT"]),
        os.environ["PGDATABASE"],
    )  # fmt: skip
    source = context.data_sources.add_postgres(
        "platform", connection_string=address.render_as_string(), create_temp_table=False
    )
    definitions = []
    for table, expectations in sorted(checks["suites"][schema].items()):
        batch = source.add_table_asset(table, table_name=table, schema_name=schema).add_batch_definition_whole_table(
            table
        )
        suite = context.suites.add(gx.ExpectationSuite(f"{schema}.{table}", expectations=_expectations(expectations)))
        definitions.append(context.validation_definitions.add(
            gx.ValidationDefinition(name=f"{schema}.{table}", data=batch, suite=suite)
        ))  # fmt: skip
    checkpoint = context.checkpoints.add(gx.Checkpoint(
        name=schema, validation_definitions=definitions,
        result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
    ))  # fmt: skip
    found = checkpoint.run()
    context.build_data_docs(site_names=[PAGES])
    for result in found.run_results.values():
        for one in result.results:
            _print(result.suite_name, one)
    return 0 if found.success else 1


def _expectations(described: list[dict[str, Any]]) -> list[Any]:
    """Each is a mapping of one expectation to its arguments."""
    return [
        ExpectationConfiguration(type=name, kwargs=arguments or {}).to_domain_obj()
        for one in described
        for name, arguments in one.items()
    ]


def _print(table: str, one: Any) -> None:
    kwargs = {name: value for name, value in one.expectation_config.kwargs.items() if name != "batch_id"}
    bad = one.result.get("unexpected_count")
    rows = f", {bad} bad rows" if bad else ""
    print(f"{'holds ' if one.success else 'FAILED'} {table} {one.expectation_config.type} {json.dumps(kwargs)}{rows}")
    for message in sorted(set(_messages(one.exception_info))):
        print(f"       {message}")


def _messages(info: Any) -> Iterator[str]:
    """Why an expectation could not be checked; the library nests this by the metrics that failed."""
    if isinstance(info, Mapping):
        if info.get("exception_message"):
            yield str(info["exception_message"])
        for inner in info.values():
            yield from _messages(inner)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
