"""terrace.workloads.schemas: objects of Kubernetes and of custom resource definitions; unknown fields are errors."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from terrace.errors import UsageError
from terrace.workloads import charts, schemas
from terrace.workloads.schemas import Schemas

pytest.importorskip("kubernetes_validate")

DEFINITION: dict[str, Any] = {
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "example.com",
        "names": {"kind": "Shop"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer"},
                                    "port": {"x-kubernetes-int-or-string": True, "anyOf": []},
                                    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                                    "note": {"type": "string", "nullable": True},
                                    "items": {
                                        "type": "array",
                                        "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                                    },
                                },
                            }
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture(scope="module")
def known() -> Schemas:
    found = Schemas("1.35")
    found.add([DEFINITION])
    return found


def shop(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Shop", "metadata": {"name": "a"}, "spec": {"size": 1, **spec}}


@pytest.mark.parametrize(
    "document",
    [
        shop(port="http"),
        shop(port=80),
        shop(free={"any": [1]}),
        shop(labels={"a": "b"}),
        shop(items=[{"name": "x"}]),
        shop(note=None),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {}, "spec": {"ports": [{"port": 80}], "type": None}},
    ],
)
def test_valid_objects(known: Schemas, document: dict[str, Any]) -> None:
    assert known.problems(document) == ()


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (shop(size="big"), "spec.size: 'big' is not of type 'integer'"),
        (shop(sise=1), "spec: Additional properties are not allowed ('sise' was unexpected)"),
        (shop(labels={"a": 1}), "spec.labels.a: 1 is not of type 'string'"),
        (shop(items=[{"nome": "x"}]), "spec.items.0: Additional properties are not allowed ('nome' was unexpected)"),
        (shop() | {"spec": {}}, "spec: 'size' is a required property"),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "dat": {}},
            "Additional properties are not allowed ('dat' was unexpected)",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": 1}},
            "data.a: 1 is not of type 'string', 'null'",
        ),
    ],
)
def test_invalid_objects(known: Schemas, document: dict[str, Any], problem: str) -> None:
    assert known.problems(document) == (problem,)


def test_an_unknown_kind_has_no_answer(known: Schemas) -> None:
    assert known.problems({"apiVersion": "example.com/v1", "kind": "Other", "metadata": {}}) is None
    assert not known.knows("example.com/v1", "Other") and known.knows("apps/v1", "Deployment")


def test_a_version_without_schemas_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"there are no schemas of Kubernetes 9\.99"):
        Schemas("9.99")


def test_definitions_of_a_chart_are_read_once(tmp_path: Path) -> None:
    folder = tmp_path / "chart"
    (folder / "crds").mkdir(parents=True)
    (folder / "templates" / "crds").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("name: chart\n")
    (folder / "crds" / "a.yaml").write_text("kind: CustomResourceDefinition\nspec: {}\n---\nkind: ConfigMap\n")
    (folder / "templates" / "crds" / "b.yaml").write_text("kind: CustomResourceDefinition\n{{ template }}\n")
    chart = charts.local(folder)
    first = schemas.definitions(chart, tmp_path / "cache")
    assert first == [{"kind": "CustomResourceDefinition", "spec": {}}]
    (folder / "crds" / "a.yaml").unlink()
    assert schemas.definitions(chart, tmp_path / "cache") == first


def test_definitions_of_a_chart_can_be_read_at_the_same_time(tmp_path: Path) -> None:
    (tmp_path / "chart" / "crds").mkdir(parents=True)
    (tmp_path / "chart" / "Chart.yaml").write_text("name: chart\n")
    (tmp_path / "chart" / "crds" / "a.yaml").write_text("kind: CustomResourceDefinition\nspec: {}\n---\n" * 50)
    chart = charts.local(tmp_path / "chart")
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            cache = tmp_path / f"cache-{number}"
            reads = [pool.submit(schemas.definitions, chart, cache) for _ in range(8)]
            assert {len(read.result()) for read in reads} == {50}
            assert [path.suffix for path in cache.iterdir()] == [".json"]
