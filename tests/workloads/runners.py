"""The modules whose chart is a job of ours: rendered, and with a real server, run as their pods run."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.modules import loading
from terrace.modules.enabled import EnabledModule
from terrace.workloads import helm
from terrace.workloads.context import Context
from terrace.workloads.release import Release
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads.conftest import outputs
from tests.workloads.postgres import HOST, Server
from tests.workloads.test_bootstrap import MODULE_PASSWORD

LAKE = {
    "aws": "s3://dpf-dev-{}-1a2b",
    "azure": "abfss://{}@dpfdev1a2b.dfs.core.windows.net",
    "gcp": "gs://dpf-dev-{}-1a2b",
}
IMAGE = {"tag": "1", "digest": f"sha256:{'0' * 64}"}


def with_module(found: Context, name: str, settings: Mapping[str, Any]) -> Context:
    """The context with a module of the project enabled, with these settings over its own."""
    folder = ROOT / "modules" / name
    contract = loading.load(folder, f"modules/{name}").contract
    module = EnabledModule(name, contract, folder, name, "small", {**contract.settings, **settings}, {}, ())
    modules = {**found.modules, name: module}
    cloud = found.environment.cloud
    made = outputs(cloud, found.target.region, modules)
    lake = {layer: LAKE[cloud].format(layer) for layer in ("bronze", "silver", "gold", "platinum", "artifacts")}
    repositories = {one: f"registry.example.com/dpf-dev/{one}" for one in modules}
    assert made.cache
    cache = made.cache.model_copy(update={"users": {one: f"dpf-{one}" for one in modules}})
    made = made.model_copy(update={"repositories": repositories, "lake": lake, "cache": cache})
    return replace(found, environment=found.environment.with_modules(modules), outputs=made)


def rendered(context: Context, name: str, further: str = "") -> list[dict[str, Any]]:
    """The objects of a module's own chart, which may be a further one of this name."""
    program = helm.find(ROOT, os.environ)
    if program is None:
        pytest.skip("helm is not installed")
    chart = ROOT / "modules" / name / "chart"
    release = Release(name, name, name, chart, values(context.modules[name], context, further), ())
    return program.template(release, chart, kubernetes="1.35.0")


def python(variable: str) -> str:
    """The Python with the module's software that a variable names."""
    program = os.environ.get(variable, "")
    if not program:
        pytest.skip(f"{variable} names no Python with the software")
    return program


def environment(server: Server, module: str, container: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """The variables of a rendered container, with the address and the authority of the test's server, and with a
    password file as the container beside it writes it."""
    file = folder / "password"
    file.write_text(f"{HOST}:*:*:{module}:{MODULE_PASSWORD}\n")
    file.chmod(0o600)
    own = {one["name"]: one["value"] for one in container["env"] if one["name"] != "HOME"}
    place = server.environment(module, "", own["PGDATABASE"]) | {"PGPASSFILE": str(file), "HOME": str(folder)}
    del place["PGPASSWORD"]
    return own | place
