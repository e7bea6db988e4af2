"""The base release of a module."""

import json
from collections.abc import Iterator

import pytest

from terrace.workloads import base, bootstrap, storage
from terrace.workloads.context import Context, Object
from terrace.workloads.release import WIRING
from tests.workloads.conftest import Make

CLUSTER_KINDS = {"Namespace", "StorageClass", "CiliumClusterwideNetworkPolicy"}


def _all(context: Context) -> Iterator[Object]:
    for module in context.modules.values():
        yield from base.objects(module, context)
    yield from bootstrap.objects(context)
    yield from storage.release(context).values["objects"]


def test_a_release_is_recorded_where_a_namespace_exists_before_it(make: Make) -> None:
    context = make()
    release = base.release(context.modules["warehouse"], context)
    assert (release.name, release.namespace, release.module, release.chart) == (
        "warehouse-base", "kube-system", "warehouse", WIRING,
    )  # fmt: skip


def test_a_release_follows_the_modules_whose_kinds_it_contains(make: Make) -> None:
    context = make()
    after = {name: base.release(module, context).after for name, module in context.modules.items()}
    assert after["warehouse"] == ("law", "vault")
    assert after["vault"] == after["law"] == after["loader"] == ()


def test_a_release_follows_the_one_that_creates_its_namespace(make: Make) -> None:
    context = make(change={"loader": {"namespace": "warehouse"}})
    assert base.release(context.modules["loader"], context).after == ("warehouse-base",)


def test_every_object_names_its_namespace_and_its_owner(context: Context) -> None:
    for one in _all(context):
        metadata = one["metadata"]
        assert (one["kind"] in CLUSTER_KINDS) == ("namespace" not in metadata), metadata["name"]
        assert metadata["labels"]["owner"] == context.environment.ownership.owner
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "terrace"


def test_no_two_objects_have_one_name(context: Context) -> None:
    seen = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in _all(context)]
    assert len(seen) == len(set(seen))


def test_objects_are_plain_data_without_large_numbers(context: Context) -> None:
    """Helm reads numbers as floating point, and prints a million as 1e+06."""

    def numbers(value: object) -> Iterator[int]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from numbers(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from numbers(inner)
        elif isinstance(value, int):
            yield value

    for one in _all(context):
        assert json.loads(json.dumps(one)) == one
        assert all(abs(number) < 1_000_000 for number in numbers(one)), one["metadata"]["name"]


def test_objects_are_valid_for_the_clusters_version(context: Context) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    own = {"v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "policy/v1", "storage.k8s.io/v1"}
    for one in _all(context):
        if one["apiVersion"] in own:
            validator.validate(one, context.environment.cluster.version, strict=True)
