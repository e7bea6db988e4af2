"""Namespaces, quotas and limit ranges."""

from typing import Any

import pytest

from terrace.errors import ContractError
from terrace.workloads import namespaces
from terrace.workloads.context import Context
from tests.workloads.conftest import Make, of


def _one(context: Context, module: str, kind: str, name: str = "") -> dict[str, Any]:
    found = of(namespaces.objects(context.modules[module], context), kind)
    return found[name or next(iter(found))]


def test_a_namespace_enforces_the_standard_of_its_module_at_the_clusters_version(context: Context) -> None:
    version = f"v{context.environment.cluster.version}"
    for module, level in (("warehouse", "restricted"), ("gauge", "privileged")):
        labels = _one(context, module, "Namespace")["metadata"]["labels"]
        assert labels["pod-security.kubernetes.io/enforce"] == level
        assert labels["pod-security.kubernetes.io/warn"] == labels["pod-security.kubernetes.io/audit"] == "restricted"
        assert {labels[f"pod-security.kubernetes.io/{mode}-version"] for mode in ("enforce", "warn", "audit")} == {
            version
        }
        assert labels["owner"] == context.environment.ownership.owner
        assert labels["app.kubernetes.io/part-of"] == context.environment.project


def test_a_quota_has_room_for_a_rolling_update_of_every_component(context: Context) -> None:
    module = context.modules["gauge"]
    hard = _one(context, "gauge", "ResourceQuota")["spec"]["hard"]
    nodes = sum(pool.max_nodes for pool in context.environment.cluster.pools.values())
    server, agents = (module.contract.components[name].sizes[module.size] for name in ("server", "nodes"))
    cpu = namespaces.millicores(server.cpu) * server.replicas + namespaces.millicores(agents.cpu) * nodes
    memory = namespaces.mebibytes(server.memory) * server.replicas + namespaces.mebibytes(agents.memory) * nodes
    assert int(hard["pods"]) >= 2 * (server.replicas + nodes)
    assert int(hard["requests.cpu"][:-1]) >= 2 * cpu
    assert int(hard["requests.memory"][:-2]) >= 2 * memory
    assert int(hard["requests.storage"][:-2]) >= (server.storage_gb or 0) * server.replicas
    limit = _one(context, "gauge", "LimitRange")["spec"]["limits"][0]
    assert int(limit["max"]["memory"][:-2]) >= namespaces.mebibytes(server.memory)
    assert "cpu" not in limit["default"]


def test_only_the_gateway_may_have_a_load_balancer(make: Make) -> None:
    context = make()
    assert "services.loadbalancers" not in _one(context, "door", "ResourceQuota")["spec"]["hard"]
    hard = _one(context, "warehouse", "ResourceQuota")["spec"]["hard"]
    assert (hard["services.loadbalancers"], hard["services.nodeports"]) == ("0", "0")


def test_pods_of_a_critical_class_have_a_quota_that_names_it(context: Context) -> None:
    """Without it, GKE refuses these pods outside kube-system."""
    spec = _one(context, "gauge", "ResourceQuota", "critical")["spec"]
    scope = {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
    assert spec["scopeSelector"]["matchExpressions"] == [scope]
    nodes = sum(pool.max_nodes for pool in context.environment.cluster.pools.values())
    assert spec["hard"] == {"pods": str(2 * nodes)}
    assert list(of(namespaces.objects(context.modules["warehouse"], context), "ResourceQuota")) == ["module"]


def test_classes_that_no_component_declares_are_found(make: Make) -> None:
    context = make()
    pods = [
        {"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [], "priorityClassName": name}}
        for name in ("system-node-critical", "system-cluster-critical", "batch")
    ]
    assert namespaces.undeclared(context.modules["gauge"], pods) == [
        "its pods have the priority class system-cluster-critical, which no component declares"
    ]


def test_the_clusters_own_namespace_is_left_alone(make: Make) -> None:
    context = make()
    assert namespaces.objects(context.modules["scaler"], context) == []


def test_modules_share_a_namespace_that_the_first_one_creates(make: Make) -> None:
    alone = make()
    shared = make(change={"gauge": {"namespace": "warehouse"}})
    assert namespaces.objects(shared.modules["warehouse"], shared) == []
    assert _one(shared, "gauge", "Namespace")["metadata"]["name"] == "warehouse"
    pods = [int(_one(one, "gauge", "ResourceQuota")["spec"]["hard"]["pods"]) for one in (alone, shared)]
    assert pods[1] == pods[0] + 2  # one more pod, twice
    assert (
        _one(shared, "gauge", "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "privileged"
    )


def test_nothing_is_in_the_default_namespace(make: Make) -> None:
    context = make(change={"loader": {"namespace": "default"}})
    with pytest.raises(ContractError, match="is in the namespace default"):
        namespaces.objects(context.modules["loader"], context)


@pytest.mark.parametrize(("quantity", "expected"), [("100m", 100), ("2", 2000), ("0.5", 500)])
def test_processor_time(quantity: str, expected: int) -> None:
    assert namespaces.millicores(quantity) == expected


@pytest.mark.parametrize(("quantity", "expected"), [("256Mi", 256), ("4Gi", 4096)])
def test_memory(quantity: str, expected: int) -> None:
    assert namespaces.mebibytes(quantity) == expected
