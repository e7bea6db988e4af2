"""The data modules as one platform: what each is configured to use is what it declares, and nothing else."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.environment.schema import DataProduct
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context
from terrace.workloads.graph import graph
from terrace.workloads.openings import openings
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads.conftest import Make
from tests.workloads.runners import IMAGE, LAKE, with_module

DATA = (
    "kafka", "landing", "spark", "dbt", "great-expectations", "data-contracts", "data-profiler", "nessie", "trino",
    "mlflow", "airflow", "superset", "jupyterhub", "openmetadata",
)  # fmt: skip
"""The modules of the flow; those without values of their own yet are left out."""
LAYERS = ("bronze", "silver", "gold", "platinum", "artifacts")
PEOPLES_CODE = {"airflow", "jupyterhub", "spark", "superset"}
"""Modules that run code of people, or that people point to things by hand: what that uses is not in their values."""
THROUGH_THE_CATALOGUE = {"trino"}
"""Modules that learn the addresses of files from the catalogue."""
RUNNERS = ("landing",)
"""Modules with an image of the project's own, beside those that are started."""
STARTED = ("dbt", "great-expectations", "data-contracts", "data-profiler", "spark")
"""Modules whose jobs the orchestrator starts."""
PRODUCTS = {
    "orders": {
        "layers": ["bronze", "silver", "gold"],
        "topics": ["orders.placed"],
        "modules": {"landing": "write", "spark": "write", "trino": "read"},
    },
    "task-logs": {"layers": ["silver"], "modules": {"airflow": "write"}},
    "spark-events": {"layers": ["silver"], "modules": {"spark": "write"}},
    "models": {"layers": ["platinum"], "modules": {"mlflow": "write"}},
    "warehouse": {
        "layers": ["silver", "gold", "platinum"],
        "modules": {"nessie": "write", "spark": "write", "trino": "read"},
    },
}


def platform(make: Make, cloud: str) -> Context:
    """A context with the data modules, their images, and the data products of the guide."""
    found = make(cloud, modules=())
    for name in ("cert-manager", "external-secrets", "envoy-gateway", "prometheus", "opensearch", *DATA):
        if (ROOT / "modules" / name / "values.yaml.j2").is_file():
            settings = {"image": IMAGE} if name in (*STARTED, *RUNNERS) else {}
            found = with_module(found, name, settings)
    oidc = found.environment.identity.oidc
    assert oidc
    oidc = oidc.model_copy(update={"clients": {name: f"{name}-client" for name in found.modules}})
    identity = found.environment.identity.model_copy(update={"oidc": oidc})
    common = {"owner": "sales", "classification": "internal", "retention_days": 30}
    products = tuple(
        DataProduct.model_validate({"name": name, **common, **one}, strict=False) for name, one in PRODUCTS.items()
    )
    return replace(
        found, environment=found.environment.model_copy(update={"identity": identity, "data_products": products})
    )


@pytest.fixture(scope="module", params=CLOUDS)
def context(request: pytest.FixtureRequest, make: Make) -> Context:
    return platform(make, request.param)


def flow(context: Context) -> Iterator[tuple[EnabledModule, str]]:
    """Each data module, and the values of its charts as text; they are rendered once for a context and copies."""
    for name in DATA:
        if module := context.modules.get(name):
            charts = ("", *(chart.name for chart in module.contract.charts))
            if name not in context.memo:
                context.memo[name] = "\n".join(json.dumps(values(module, context, chart)) for chart in charts)
            yield module, context.memo[name]


def called(module: EnabledModule, text: str, context: Context) -> set[str]:
    """The other modules whose Services the values of a module name."""
    spaces = {other.namespace: name for name, other in context.modules.items() if other is not module}
    found = re.findall(r"\b[a-z][a-z0-9-]*\.([a-z][a-z0-9-]*)(?:\.svc(?:\.cluster\.local)?)?:\d+", text)
    return {spaces[one] for one in found if one in spaces}


def layers(text: str, cloud: str) -> set[str]:
    """The layers whose addresses are in the values of a module, also as a bucket alone."""

    def named(layer: str) -> str:
        uri = LAKE[cloud].format(layer)
        return f'{layer}@|container": "{layer}"' if cloud == "azure" else re.escape(uri.partition("//")[2])

    return {layer for layer in LAYERS if re.search(named(layer), text)}


def test_what_the_values_name_is_open_and_nothing_else(context: Context) -> None:
    paths = {(one.source, one.destination) for one in openings(context)}
    assert ("landing", "kafka") in paths or "landing" not in context.modules, "landing has no path to kafka"
    declared = {
        name: {call.partition(":")[0] for call in module.contract.network.calls} & set(context.modules)
        for name, module in context.modules.items()
    }
    for module, text in flow(context):
        used = called(module, text, context)
        assert {(module.name, one) for one in used} <= paths, f"{module.name} has no path to what it uses"
        if module.name not in PEOPLES_CODE:
            assert declared[module.name] <= used, f"{module.name} declares calls that its values do not make"


def test_each_module_has_the_rights_on_the_layers_that_its_values_name_and_no_others(context: Context) -> None:
    for module, text in flow(context):
        named, needed = layers(text, context.environment.cloud), set(module.needs.lake)
        assert named <= needed, f"{module.name} has no right on a layer that it uses"
        if module.name not in PEOPLES_CODE | THROUGH_THE_CATALOGUE:
            assert needed <= named, f"{module.name} has rights on layers that it does not use"


def test_each_module_that_uses_a_part_of_the_foundation_needs_it(context: Context) -> None:
    database, cache = context.outputs.database, context.outputs.cache
    assert database
    assert cache
    for module, text in flow(context):
        used = {name for name, part in (("database", database), ("cache", cache)) if part.host in text}
        needed = {name for name in ("database", "cache") if getattr(module.needs, name)}
        assert used <= needed, f"{module.name} does not need what it uses"
        if module.name not in PEOPLES_CODE:
            assert needed <= used, f"{module.name} needs what it does not use"


LOGS = {"airflow": "logs", "spark": "event-logs"}
"""Module to its setting with the data product that has its logs."""


def test_each_module_may_write_its_logs_where_its_values_say(context: Context) -> None:
    for module, text in flow(context):
        if module.name in LOGS:
            product = module.settings[LOGS[module.name]]
            assert re.search(rf"\b{product}/", text), f"{module.name} does not use its setting"
            rights = context.environment.lake_access(module).get("silver", {})
            assert rights.get(product) == "write", f"{module.name} has no right to write {product}"


def test_there_is_one_catalogue(context: Context) -> None:
    addresses = {found for _, text in flow(context) for found in re.findall(r"http://[\w.:-]+/iceberg[\w/]*", text)}
    assert addresses == {"http://nessie.nessie:19120/iceberg/main"}
    readers = {edge.source for edge in graph(context).edges if (edge.target, edge.port) == ("module/nessie", 19120)}
    assert {"module/spark", "module/trino"} <= readers


def test_data_gets_from_bronze_to_what_people_read(context: Context) -> None:
    """Along the rights on topics, layers and the platform's schemas, module by module."""
    reads: dict[str, set[str]] = {}
    writes: dict[str, set[str]] = {}
    for edge in graph(context).edges:
        if edge.kind == "needs" and (
            (edge.target.startswith("layer/") and edge.label) or edge.target.startswith("topic/")
        ):
            (reads if edge.access == "read" else writes).setdefault(edge.source, set()).add(edge.target)
    reached, before = {"topic/orders.placed"}, set[str]()
    while reached != before:
        before = set(reached)
        for module, targets in writes.items():
            if reads.get(module, set()) & reached or module == "module/nessie" or targets & reached:
                reached |= targets
    assert {"layer/bronze", "layer/silver", "layer/gold"} <= reached, "spark does not get what landing reads"
    assert {"layer/silver", "layer/gold"} <= reads["module/trino"]
    rights = {module.name: module.needs.database.platform for module, _ in flow(context) if module.needs.database}
    assert [name for name, right in rights.items() if right == "write"] == ["dbt"]
    assert all(rights[name] == "read" for name in ("great-expectations", "data-contracts", "data-profiler", "trino"))


def test_the_orchestrator_may_start_each_step(context: Context) -> None:
    starter = context.provider("orchestration")
    for module, text in flow(context):
        if module.name in STARTED:
            expected = {"name": starter.name, "namespace": starter.namespace} if starter else {}
            assert f'"startedBy": {json.dumps(expected)}' in text, module.name
    if starter:
        assert "kubernetes-api" in starter.contract.network.calls


PATHS = test_what_the_values_name_is_open_and_nothing_else
RIGHTS = test_each_module_has_the_rights_on_the_layers_that_its_values_name_and_no_others
KEPT = test_each_module_may_write_its_logs_where_its_values_say
FLOW = test_data_gets_from_bronze_to_what_people_read
PARTS = test_each_module_that_uses_a_part_of_the_foundation_needs_it


@pytest.mark.parametrize(
    ("check", "module", "part", "change"),
    [
        (PATHS, "trino", "network", {"calls": ("internet",)}),
        (PATHS, "dbt", "network", {"calls": ("nessie:http",)}),
        (PATHS, "landing", "needs", {"topics": {}}),
        (KEPT, "spark", "needs", {"lake": {"silver": "read"}}),
        (FLOW, "landing", "needs", {"lake": {}}),
        (FLOW, "landing", "needs", {"topics": {}}),
        (RIGHTS, "landing", "needs", {"lake": {}}),
        (RIGHTS, "landing", "needs", {"lake": {"bronze": "add", "silver": "read"}}),
        (RIGHTS, "great-expectations", "needs", {"lake": {}}),
        (
            RIGHTS,
            "nessie",
            "needs",
            {"lake": {"silver": "write", "gold": "write", "platinum": "write", "bronze": "read"}},
        ),
        (PARTS, "trino", "needs", {"database": None}),
        (PARTS, "dbt", "needs", {"cache": True}),
    ],
    ids=[
        "no path",
        "a path too many",
        "no path to topics",
        "no right on logs",
        "topics are not landed",
        "no topics",
        "no bronze",
        "a layer of landing too many",
        "no layer",
        "a layer too many",
        "no database",
        "a cache too many",
    ],
)
def test_a_wrong_declaration_is_found(
    make: Make, check: Callable[[Context], None], module: str, part: str, change: dict[str, Any]
) -> None:
    context = platform(make, "aws")
    check(context)
    enabled = context.modules[module]
    contract = enabled.contract.model_copy(update={part: getattr(enabled.contract, part).model_copy(update=change)})
    modules = {**context.modules, module: replace(enabled, contract=contract)}
    wrong = replace(context, environment=context.environment.with_modules(modules))
    # The values are those of the right declaration: a wrong one cannot always be rendered.
    wrong.memo.update({name: context.memo[name] for name in DATA if name in context.memo})
    with pytest.raises(AssertionError, match=module):
        check(wrong)
