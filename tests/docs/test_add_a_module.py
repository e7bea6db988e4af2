"""The example of docs/guides/add-a-module.md is one folder that works as written, on every cloud."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from tests.conftest import ROOT
from tests.docs.test_extending import apply, run, steps

PAGE = ROOT / "docs" / "guides" / "add-a-module.md"
COPIED = (
    "constructs",
    "docs",
    "environments",
    "modules",
    "policies",
    "stacks",
    "scripts",
    "cdktf.json",
    "pyproject.toml",
)
LINES = 40
"""Of the description of a simple module, at most."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with the files of the page, in which its commands have run."""
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)
    (root / ".venv").symlink_to(sys.prefix)
    for step in steps(PAGE):
        if step.verb == "Run":
            run(step.code, root)
        else:
            apply(step, root)
    return root


def terrace(project: Path, *arguments: str) -> Any:
    """What a command prints as JSON."""
    ended = subprocess.run(
        [sys.executable, "-m", "terrace.cli.main", "--project", str(project), *arguments, "--json"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{project}{os.pathsep}{project / 'constructs'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_example_is_a_folder_without_python(project: Path) -> None:
    before = {path.relative_to(ROOT) for path in (ROOT / "modules").rglob("*") if path.is_file()}
    after = {path.relative_to(project) for path in (project / "modules").rglob("*") if path.is_file()}
    added = {path for path in after - before if "__pycache__" not in path.parts}
    assert added and {path.parts[1] for path in added} == {"order-list"}
    assert not [path for path in added if path.suffix == ".py"]
    assert len((project / "modules/order-list/module.yaml").read_text().splitlines()) < LINES


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_example_has_its_three_releases_on_every_cloud(project: Path, cloud: str) -> None:
    terrace(project, "synth", "dev-workloads", "--cloud", cloud)
    stack = json.loads((project / "cdktf.out/stacks/dev-workloads/cdk.tf.json").read_text())
    releases = {release["name"]: release for release in stack["resource"]["helm_release"].values()}
    assert {"order-list-base", "order-list", "order-list-integration"} <= releases.keys()
    values = json.loads(releases["order-list"]["values"][0])
    assert values["database"]["name"] == "order-list"
    assert ("podLabels" in values) == (cloud == "azure")


def test_what_the_page_promises_is_rendered(project: Path) -> None:
    kinds = {document["kind"] for document in terrace(project, "modules", "render", "order-list", "dev")}
    assert kinds >= {"Namespace", "ResourceQuota", "LimitRange", "ServiceAccount", "NetworkPolicy"}
    assert kinds >= {"SecretStore", "HTTPRoute", "ExternalSecret", "SecurityPolicy", "PodMonitor", "PrometheusRule"}


def test_its_graph_has_the_declared_paths_and_no_others(project: Path) -> None:
    edges = terrace(project, "graph", "dev")["edges"]
    paths = {
        (edge["source"], edge["target"], edge["port"])
        for edge in edges
        if edge["kind"] == "opening" and "module/order-list" in (edge["source"], edge["target"])
    }
    assert paths == {
        ("module/envoy-gateway", "module/order-list", 8080),
        ("module/prometheus", "module/order-list", 9100),
        ("module/order-list", "database", 5432),
        *(("module/order-list", "module/opentelemetry", port) for port in (4317, 4318)),  # it is called by all modules
    }


def test_the_catalogue_lists_it(project: Path) -> None:
    assert "| [order-list](../modules/order-list/README.md) |" in (project / "docs/catalogue.md").read_text()
