"""`terrace output`."""

import json

from tests.cli.conftest import GLASS, Command
from tests.deployment.conftest import resource


def applied(terrace: Command) -> None:
    terrace.small.stack(
        {"terraform_data": {"one": resource("dev/lake/one", input="a")}},
        output={
            "lake": {"value": {"bronze": "bucket-1", "zones": 3}},
            "version": {"value": "1"},
            "hidden": {"value": "swordfish", "sensitive": True},
        },
    )
    assert terrace.run("plan", "dev").returncode == 1
    assert terrace.run("apply", "dev", "--yes", *GLASS).returncode == 0


def test_outputs_as_a_table_as_json_and_by_name(terrace: Command) -> None:
    applied(terrace)
    table = terrace.run("output", "dev")
    assert table.stdout == (
        "output       value\nhidden       (sensitive)\nlake.bronze  bucket-1\nlake.zones   3\nversion      1\n"
    )
    data = json.loads(terrace.run("output", "dev", "--json").stdout)
    assert data["lake"]["value"] == {"bronze": "bucket-1", "zones": 3}
    assert data["hidden"] == {"sensitive": True, "type": "string", "value": "(sensitive)"}
    assert terrace.run("output", "dev", "version").stdout == "1\n"
    assert terrace.run("output", "dev", "lake.bronze").stdout == "bucket-1\n"
    assert json.loads(terrace.run("output", "dev", "lake.zones").stdout) == 3
    below = terrace.run("output", "dev", "lake.silver")
    assert (below.returncode, below.stderr) == (
        2,
        "error: no output 'lake.silver'\n\nhint: expected one of: bronze, zones\n",
    )
    unknown = terrace.run("output", "dev", "nope")
    assert (unknown.returncode, unknown.stderr.splitlines()[0]) == (2, "error: no output 'nope'")


def test_a_shell_reads_the_outputs(terrace: Command) -> None:
    applied(terrace)
    printed = terrace.run("output", "dev", "--shell").stdout
    assert printed == "OUTPUT_LAKE_BRONZE=bucket-1\nOUTPUT_LAKE_ZONES=3\nOUTPUT_VERSION=1\n"  # nothing sensitive
    assert terrace.run("output", "dev", "lake.bronze", "--shell").stdout == "OUTPUT_LAKE_BRONZE=bucket-1\n"


def test_before_the_first_apply(terrace: Command) -> None:
    terrace.small.stack({"terraform_data": {"one": resource("dev/lake/one")}})
    completed = terrace.run("output", "dev")
    assert completed.returncode == 1
    assert completed.stderr.startswith(
        "error: dev on aws has no outputs: nothing has been applied\n\nhint: run `terrace plan dev`"
    )
