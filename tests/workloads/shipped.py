"""A context of the tests with one of the modules in `modules/`, as an environment that enables it resolves it."""

import os
from dataclasses import replace
from typing import Any

import pytest

from terrace.capabilities.identity import ModuleSpec
from terrace.modules import loading
from terrace.modules.resolution import resolve
from terrace.workloads import charts, helm
from terrace.workloads.context import Context, Object
from terrace.workloads.release import Release
from terrace.workloads.rendering import Renderer
from terrace.workloads.values import values
from tests.conftest import ROOT

ISSUER, KEYS = "https://login.example.com", "https://login.example.com/keys"
GROUPS = {"analysts": "viewer", "data-engineers": "editor", "platform-admins": "admin"}


def lake(cloud: str, layer: str) -> str:
    """The address of a layer, as it looks on the cloud."""
    return {
        "aws": f"s3://dpf-dev-{layer}",
        "azure": f"abfss://{layer}@dpfdev{layer}.dfs.core.windows.net",
        "gcp": f"gs://dpf-dev-{layer}",
    }[cloud]


def context(base: Context, name: str, **settings: Any) -> Context:
    """`base` with the module, a client for its log-in, and the outputs of a foundation with it."""
    own, available = base.environment, loading.folders(ROOT)
    assert own.identity.oidc
    oidc = own.identity.oidc.model_copy(update={"groups": GROUPS, "clients": {name: f"{name}-client"}})
    chosen = {name: ModuleSpec(enabled=True, settings=settings)}
    resolved = resolve(chosen, available, project=ROOT, cloud=own.cloud, tier=own.tier, gpu=False, clients=oidc.clients)
    module = resolved.enabled[name]
    database, cache = base.outputs.database, base.outputs.cache
    assert database and cache
    outputs = base.outputs.model_copy(
        update={
            "lake": {layer: lake(own.cloud, layer) for layer in ("bronze", "silver", "gold", "platinum", "artifacts")},
            "database": database.model_copy(update={"roles": {name: f"dpf%{name}"}}),
            "cache": cache.model_copy(update={"users": {name: f"dpf-{name}"}}),
            "secrets": {**base.outputs.secrets, name: f"dpf-{name}"},
            "identities": {**base.outputs.identities, name: f"identity-{name}"},
            "repositories": {name: f"registry.example.com/{name}"},
        }
    )
    environment = own.model_copy(update={"identity": own.identity.model_copy(update={"oidc": oidc})})
    return replace(base, environment=environment.with_modules({**base.modules, name: module}), outputs=outputs)


def rendered(context: Context, name: str) -> tuple[Object, ...]:
    """What the module's first chart renders to; skips the test where helm or the chart is not at hand."""
    program, module = helm.find(ROOT, os.environ), context.modules[name]
    if program is None:
        pytest.skip("helm is not installed")
    chart = module.contract.chart
    assert chart
    source = chart if chart.repository else module.folder / "chart"
    release = Release(name, name, name, source, values(module, context))
    found = Renderer(program, charts.directory(os.environ)).render(release, context)
    if found.skipped:
        pytest.skip(found.skipped)
    return found.objects
