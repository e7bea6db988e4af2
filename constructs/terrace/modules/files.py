"""Rules of the files in a module's folder besides module.yaml."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from terrace.capabilities.spec import Name
from terrace.documents.document import Node, along
from terrace.documents.reading import read
from terrace.errors import InvalidFile, Problem
from terrace.modules.contract import RESERVED, ChartSpec, Module

VALUES, README, CHART, RESOURCES = "values.yaml.j2", "README.md", "chart", "resources.yaml.j2"


def check(folder: Path, shown: str, root: Node, module: Module | None) -> Iterator[Problem]:
    """The problems of a folder; those that depend on a module.yaml that is not valid are left out."""
    yield from _name(folder.name, shown)
    if not (folder / README).is_file():
        hint = "Describe what it is, how to log in, how to operate it and how to upgrade it."
        yield Problem(f"{README} is missing.", shown, hint=hint)
    if module is not None:
        yield from _values(folder, shown, module)
        yield from _chart(folder, shown, module)
        yield from _resources(folder, shown, module)
    yield from _alerts(folder, shown)
    yield from _dashboards(folder, shown)


@cache
def _name_type() -> TypeAdapter[Any]:
    return TypeAdapter(Name)


def _name(name: str, shown: str) -> Iterator[Problem]:
    try:
        _name_type().validate_python(name)
    except ValidationError:
        hint = "Use 2 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending with -."
        yield Problem(f"the folder's name {name!r} is not a module name.", shown, hint=hint)
    if name in RESERVED:
        hint = f"Rename it; these are reserved: {', '.join(sorted(RESERVED))}."
        yield Problem(f"the folder's name {name!r} is reserved for an end of network paths.", shown, hint=hint)


def _values(folder: Path, shown: str, module: Module) -> Iterator[Problem]:
    exists = (folder / VALUES).is_file()
    if module.chart is not None and not exists:
        yield Problem(f"{VALUES} is missing.", path="chart", hint="It renders the values of the chart.")
    elif module.chart is None and exists:
        yield Problem("the module has no chart that takes values.", f"{shown}/{VALUES}", hint="Delete the file.")


def _resources(folder: Path, shown: str, module: Module) -> Iterator[Problem]:
    exists = (folder / RESOURCES).is_file()
    if module.connector is not None and not exists:
        yield Problem(f"{RESOURCES} is missing.", path="connector", hint="It renders the connector's resources.")
    elif module.connector is None and exists:
        hint = "Delete the file, or add the key `connector`."
        yield Problem("the module is no connector.", f"{shown}/{RESOURCES}", hint=hint)


def _chart(folder: Path, shown: str, module: Module) -> Iterator[Problem]:
    own = folder / CHART / "Chart.yaml"
    charts = {f"charts.{number}": chart for number, chart in enumerate(module.charts)}
    if module.chart is not None:
        charts["chart"] = module.chart
    without_repository = {path: chart for path, chart in charts.items() if chart.repository is None}
    for path, chart in without_repository.items():
        if own.is_file():
            yield from _chart_file(own, f"{shown}/{CHART}/Chart.yaml", chart, path)
        else:
            hint = f"Add {CHART}/Chart.yaml, or the `repository` of an upstream chart."
            yield Problem("the chart has no repository, and the folder has no chart.", path=path, hint=hint)
    if not without_repository and (folder / CHART).exists():
        hint = "Delete the folder, or set `chart` without a repository."
        yield Problem("module.yaml names no chart of its own.", f"{shown}/{CHART}", hint=hint)


def _chart_file(path: Path, shown: str, chart: ChartSpec, at: str) -> Iterator[Problem]:
    try:
        root = read(path, shown).root
    except InvalidFile as error:
        yield from error.problems
        return
    for key, expected in (("name", chart.name), ("version", chart.version)):
        node = along(root, [key])[-1]
        if node is root or node.value != expected:
            found = "nothing" if node is root else repr(node.value)
            yield Problem(f"{expected!r} differs from {shown}, which has {found}.", path=f"{at}.{key}")


def _alerts(folder: Path, shown: str) -> Iterator[Problem]:
    for path in sorted((folder / "alerts").glob("*.yaml")):
        try:
            yield from read(path, f"{shown}/alerts/{path.name}").problems
        except InvalidFile as error:
            yield from error.problems


def _dashboards(folder: Path, shown: str) -> Iterator[Problem]:
    for path in sorted((folder / "dashboards").glob("*.json")):
        file = f"{shown}/dashboards/{path.name}"
        try:
            dashboard = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            yield Problem(f"invalid JSON: {error.msg}.", f"{file}:{error.lineno}:{error.colno}")
        except UnicodeDecodeError:
            yield Problem("file is not UTF-8.", file, hint="Save the file as UTF-8.")
        else:
            if not isinstance(dashboard, dict):
                yield Problem("expected a JSON object.", f"{file}:1:1")
