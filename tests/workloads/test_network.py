"""Network policies: an evaluation of the objects, independent of how they are made, agrees with the openings."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from terrace.capabilities.network import EgressSpec
from terrace.workloads import network
from terrace.workloads.context import Context, Object
from terrace.workloads.openings import openings
from tests.workloads.conftest import Make, of


@dataclass(frozen=True)
class End:
    """An end of a connection: a pod in a namespace, or an address."""

    namespace: str = ""
    address: str = ""


def _objects(context: Context) -> list[Object]:
    return [one for module in context.modules.values() for one in network.objects(module, context)]


def allowed(policies: Iterable[Object], source: End, destination: End, port: int, protocol: str = "TCP") -> bool:
    """Whether Kubernetes' rules allow a connection: each end that is a pod must allow it."""
    sides = (("Egress", "to", source, destination), ("Ingress", "from", destination, source))
    return all(
        not own.namespace or _side(policies, direction, key, own, other, port, protocol)
        for direction, key, own, other in sides
    )


def _side(policies: Iterable[Object], direction: str, key: str, own: End, other: End, port: int, protocol: str) -> bool:
    selected = [
        one["spec"]
        for one in policies
        if one["kind"] == "NetworkPolicy"
        and one["metadata"]["namespace"] == own.namespace
        and direction in one["spec"]["policyTypes"]
    ]
    rules = [rule for spec in selected for rule in spec.get(direction.lower(), [])]
    return not selected or any(
        any(_is(peer, own, other) for peer in rule[key])
        and (not rule.get("ports") or {"protocol": protocol, "port": port} in rule["ports"])
        for rule in rules
    )


def _is(peer: dict[str, Any], own: End, other: End) -> bool:
    if "ipBlock" in peer:
        if not other.address:
            return False
        inside = ip_address(other.address) in ip_network(peer["ipBlock"]["cidr"])
        return inside and not any(
            ip_address(other.address) in ip_network(one) for one in peer["ipBlock"].get("except", [])
        )
    if "namespaceSelector" not in peer:
        return own.namespace == other.namespace
    return bool(peer["namespaceSelector"]["matchLabels"][network.NAMESPACE] == other.namespace)


def test_modules_reach_each_other_only_through_openings(context: Context) -> None:
    policies = _objects(context)
    declared = {(one.source, one.destination, one.port) for one in openings(context)}
    ports = sorted({port for _, _, port in declared} | {22, 8081})
    for source in context.modules.values():
        for destination in context.modules.values():
            if source.namespace == destination.namespace or "kube-system" in (source.namespace, destination.namespace):
                continue
            for port in ports:
                expected = (source.name, destination.name, port) in declared
                found = allowed(policies, End(source.namespace), End(destination.namespace), port)
                assert found == expected, (source.name, destination.name, port)


ADDRESSES = {
    "aws": {"database": "10.40.128.9", "kubernetes-api": "10.40.160.9", "lake": "52.219.1.1", "entry": "10.40.0.9"},
    "azure": {
        "database": "10.40.128.70", "kubernetes-api": "10.40.128.9", "lake": "10.40.128.140", "entry": "10.40.129.9",
    },
    "gcp": {"database": "10.40.32.9", "kubernetes-api": "10.40.48.2", "lake": "199.36.153.5", "entry": "35.191.0.1"},
}  # fmt: skip
"""An address of each party in the networks of the environments."""


@pytest.mark.parametrize("cloud", sorted(ADDRESSES))
def test_parties_outside_the_pod_network_are_reached_by_those_who_need_them(make: Make, cloud: str) -> None:
    context = make(cloud)
    policies = _objects(context)
    declared = {(one.source, one.destination) for one in openings(context)}
    port = {"database": 5432, "kubernetes-api": 443, "lake": 443}
    means = {"database": {"database"}, "kubernetes-api": {"kubernetes-api"}, "lake": {"lake", "cloud"}}
    if cloud == "aws":  # the control subnets also have the private paths to the cloud
        means["kubernetes-api"] = {"kubernetes-api", "cloud", "lake"}
    for module in context.modules.values():
        if module.namespace == "kube-system":
            continue
        for party, address in ADDRESSES[cloud].items():
            if party in port:
                expected = any((module.name, one) in declared for one in means[party])
                found = allowed(policies, End(module.namespace), End(address=address), port[party])
                assert found == expected, (module.name, party)
        entry = allowed(policies, End(address=ADDRESSES[cloud]["entry"]), End(module.namespace), 8443)
        assert entry == (module.name == "door")


def test_names_are_found_and_nothing_else_of_the_cluster(context: Context) -> None:
    policies = _objects(context)
    assert allowed(policies, End("warehouse"), End("kube-system"), 53, "UDP")
    assert not allowed(policies, End("warehouse"), End("kube-system"), 443)
    assert allowed(policies, End("warehouse"), End("warehouse"), 12345)


def test_metadata_endpoints_are_for_modules_with_an_identity(make: Make) -> None:
    endpoint = {"aws": ("169.254.170.23", 80), "azure": ("20.190.128.1", 443), "gcp": ("169.254.169.254", 80)}
    for cloud, (address, port) in endpoint.items():
        context = make(cloud)
        policies = _objects(context)
        assert allowed(policies, End("warehouse"), End(address=address), port), cloud
        assert not allowed(policies, End("door"), End(address=address), port), cloud
        assert not allowed(policies, End("law"), End(address="169.254.169.254"), 80), cloud


def test_the_internet_is_no_private_address(make: Make) -> None:
    policies = _objects(make())
    assert allowed(policies, End("warehouse"), End(address="93.184.216.34"), 443)
    for address in ("10.40.40.9", "172.20.3.4", "169.254.169.254", "192.168.1.1", "100.64.1.1"):
        assert not allowed(policies, End("warehouse"), End(address=address), 443), address
    assert not allowed(policies, End("loader"), End(address="93.184.216.34"), 443)


def test_narrow_destinations_narrow_the_internet(make: Make) -> None:
    egress = {"nat": "single", "destinations": {"partner": {"cidr": "203.0.113.0/24", "port": 8443}}}
    context = make("azure", network={"egress": EgressSpec.model_validate(egress)})
    policies = _objects(context)
    assert allowed(policies, End("warehouse"), End(address="203.0.113.9"), 8443)
    assert not allowed(policies, End("warehouse"), End(address="203.0.113.9"), 443)
    assert not allowed(policies, End("warehouse"), End(address="93.184.216.34"), 443)


def test_calls_of_nodes_are_a_policy_of_cilium_where_it_enforces(make: Make) -> None:
    for cloud in ("azure", "gcp"):
        (policy,) = of(_objects(make(cloud)), "CiliumClusterwideNetworkPolicy").values()
        assert policy["spec"]["endpointSelector"]["matchLabels"] == {"k8s:io.kubernetes.pod.namespace": "gauge"}
        ports = {one["port"] for one in policy["spec"]["egress"][0]["toPorts"][0]["ports"]}
        assert ports == {"10250", "9090", "9100"}
    aws = _objects(make("aws"))
    assert not of(aws, "CiliumClusterwideNetworkPolicy")
    assert allowed(aws, End("gauge"), End(address="10.40.40.9"), 10250)


def test_webhooks_are_called_through_the_pods_of_the_api_server_where_it_has_some(make: Make) -> None:
    rules = {
        cloud: of(network.objects(make(cloud).modules["law"], make(cloud)), "NetworkPolicy")["from-kubernetes-api"][
            "spec"
        ]
        for cloud in ("aws", "gcp")
    }
    selectors = {
        cloud: [one for one in spec["ingress"][0]["from"] if "podSelector" in one] for cloud, spec in rules.items()
    }
    assert selectors["aws"] == []
    assert selectors["gcp"][0]["podSelector"] == {"matchLabels": {"k8s-app": "konnectivity-agent"}}


def test_the_mesh_carries_openings_and_probes(make: Make) -> None:
    context = make()
    door = context.modules["door"]
    with_mesh = make(change={"door": {"contract": door.contract.model_copy(update={"provides": ("gateway", "mesh")})}})
    policies = of(network.objects(with_mesh.modules["warehouse"], with_mesh), "NetworkPolicy")
    assert {"protocol": "TCP", "port": 15008} in policies["from-gauge"]["spec"]["ingress"][0]["ports"]
    assert {"ipBlock": {"cidr": "169.254.7.127/32"}} in policies["inside"]["spec"]["ingress"][0]["from"]
    without = of(network.objects(context.modules["warehouse"], context), "NetworkPolicy")
    assert {"protocol": "TCP", "port": 15008} not in without["from-gauge"]["spec"]["ingress"][0]["ports"]


def test_every_policy_has_a_purpose(context: Context) -> None:
    for one in of(_objects(context), "NetworkPolicy").values():
        assert one["metadata"]["annotations"]["terrace.dev/purpose"]


def test_modules_in_one_namespace_share_its_policies(make: Make) -> None:
    context = make(change={"loader": {"namespace": "warehouse"}})
    assert network.objects(context.modules["loader"], context) == []
    names = [one["metadata"]["name"] for one in network.objects(context.modules["warehouse"], context)]
    assert len(names) == len(set(names))
    assert "from-loader" not in names
