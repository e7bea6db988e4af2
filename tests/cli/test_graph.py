"""`terrace graph` as it is typed."""

import json
from pathlib import Path

import click

from terrace.cli import graph, modules
from terrace.workloads.graph import Graph
from tests.cli.test_validate import Terrace, terrace

__all__ = ["terrace"]


def test_table(terrace: Terrace) -> None:
    code, out, err = terrace("graph", "dev")
    assert (code, err) == (0, "")
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["from", "relation", "to", "port", "access", "purpose"]
    assert ["spark", "needs", "layer/gold", "write", "orders,", "web-events"] in rows


def test_modules_graph_is_the_same_command(terrace: Terrace) -> None:
    assert modules.command.get_command(click.Context(modules.command), "graph") is graph.command
    assert terrace("modules", "graph", "dev", "--json") == terrace("graph", "dev", "--json")


def test_json_is_the_documented_model(terrace: Terrace) -> None:
    code, out, _ = terrace("graph", "dev", "--cloud", "gcp", "--json")
    found = Graph.model_validate(json.loads(out))
    assert (code, found.environment, found.cloud) == (0, "dev", "gcp")
    assert terrace("graph", "dev", "--cloud", "gcp", "--output", "json")[1] == out


def test_the_suffix_of_the_file_decides_its_format(terrace: Terrace) -> None:
    for name, start in (("dev.svg", "<svg "), ("dev.mmd", "flowchart "), ("dev.json", "{"), ("dev.txt", "from ")):
        assert terrace("graph", "dev", "--out", name) == (0, "", f"wrote {name}\n")
        assert Path(name).read_text().startswith(start)
    terrace("graph", "dev", "--out", "dev.svg", "--output", "mermaid")
    assert Path("dev.svg").read_text().startswith("flowchart ")


def test_without_an_environment_it_has_all_modules_that_fit(terrace: Terrace) -> None:
    code, out, _ = terrace("graph", "--json")
    names = {node["name"] for node in json.loads(out)["nodes"] if node["kind"] == "module"}
    assert code == 0
    assert {"airflow", "spark", "superset"} <= names


def test_two_formats_are_a_usage_error(terrace: Terrace) -> None:
    code, out, err = terrace("graph", "dev", "--json", "--output", "svg")
    assert (code, out) == (2, "")
    assert "--json cannot be combined with --output svg" in err


def test_a_part_of_the_graph(terrace: Terrace) -> None:
    _, out, _ = terrace("graph", "dev", "--module", "spark", "--json")
    names = {node["name"] for node in json.loads(out)["nodes"]}
    assert {"spark", "bronze"} <= names
    assert not {"airflow", "database"} & names
    code, _, err = terrace("graph", "dev", "--module", "sparc")
    assert (code, "hint: did you mean 'spark'" in err.lower()) == (2, True)
