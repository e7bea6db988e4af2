"""Exceptions from policies: the condition, evaluated with CEL, holds for the module's own objects only."""

from typing import Any

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_optional

from terrace.workloads import exceptions
from terrace.workloads.context import Context, Object
from tests.workloads.conftest import Make, of


def _exception(context: Context) -> Object:
    objects = exceptions.objects(context.modules["warehouse"], context)
    return of(objects, "PolicyException")["warehouse-probes-on-long-running-containers"]


def _holds(exception: Object, metadata: dict[str, Any]) -> bool:
    (condition,) = exception["spec"]["matchConditions"]
    environment = cel.NewEnv(variables={"object": cel.Type.DYN}, extensions=[ext_optional.ExtOptional()])
    return bool(environment.compile(condition["expression"]).eval(data={"object": {"metadata": metadata}}).value())


def test_an_exception_names_its_policy_its_reason_and_its_end(make: Make) -> None:
    exception = _exception(make())
    assert exception["apiVersion"] == "policies.kyverno.io/v1"
    assert exception["metadata"]["namespace"] == "warehouse"
    assert exception["spec"]["policyRefs"] == [
        {"kind": "ValidatingPolicy", "name": "probes-on-long-running-containers"}
    ]
    assert exception["spec"]["expiresAt"] == "2027-06-30T23:59:59Z"
    assert exception["spec"]["properties"]["reason"].startswith("The worker has no port")


INSTALLED = {"meta.helm.sh/release-name": "warehouse", "meta.helm.sh/release-namespace": "warehouse"}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"namespace": "warehouse"}, True),
        ({"namespace": "loader"}, False),
        ({"namespace": "loader", "annotations": INSTALLED}, False),
        ({"name": "cluster-wide"}, False),
        ({"name": "cluster-wide", "annotations": INSTALLED}, True),
        ({"name": "cluster-wide", "annotations": {"meta.helm.sh/release-name": "warehouse"}}, False),
    ],
)
def test_an_exception_is_limited_to_the_modules_objects(make: Make, metadata: dict[str, Any], expected: bool) -> None:
    assert _holds(_exception(make()), metadata) == expected


def test_exceptions_of_modules_before_the_policies_come_with_the_policies(make: Make) -> None:
    context = make()
    for name in ("vault", "law"):
        assert exceptions.objects(context.modules[name], context) == []
    assert of(exceptions.deferred(context), "PolicyException").keys() == {
        "vault-no-wildcard-permissions",
        "law-no-wildcard-permissions",
    }


def test_without_admission_there_are_no_exceptions(make: Make) -> None:
    context = make(modules=("vault", "warehouse"))
    assert exceptions.objects(context.modules["warehouse"], context) == []
    assert exceptions.deferred(context) == []
