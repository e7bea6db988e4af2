"""Network policies: all traffic of a namespace is denied, except inside it, to DNS, and the declared openings.

A path between modules is opened on both sides. NetworkPolicy knows addresses but no host names, so paths that leave the
pod network are as narrow as the subnets behind them: the database's and the cache's subnet, the API server's subnet,
private paths and, for object storage on AWS and for internet destinations, the ranges in `network.egress.destinations`
(the cloud's firewall narrows these further). A range as wide as the internet leaves out private addresses.

Limits: nodes as a caller are addresses of their subnets; on AWS pods have addresses of the same subnets. Cilium
ignores addresses of nodes in network policies, so calls of nodes are a CiliumClusterwideNetworkPolicy there; traffic
from a pod's own node (probes) is always allowed. Policies do not apply to pods on the network of their node.
Sources: Kubernetes documentation, "Network Policies"; AKS documentation, "Azure CNI Powered by Cilium", limitations;
Istio documentation, "Ambient and Kubernetes NetworkPolicy".
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Literal, cast

from terrace.capabilities.spec import present
from terrace.capabilities.workloads import Endpoint, Party
from terrace.modules.enabled import EnabledModule
from terrace.workloads import identities, namespaces
from terrace.workloads.context import Context, Object
from terrace.workloads.openings import of_module

NAMESPACE = "kubernetes.io/metadata.name"
"""The label with the name of a namespace, which Kubernetes sets itself."""
_PURPOSE = "terrace.dev/purpose"
_PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")
_WIDE = 8
MESH_PORT, MESH_PROBES = 15008, "169.254.7.127/32"
"""Istio's ambient mode carries all traffic between pods on this port, and probes come from this address."""
_DNS_PODS = {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": ["kube-dns", "node-local-dns"]}]}

Direction = Literal["Egress", "Ingress"]


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The policies of the module's namespace, if the module is the first in it."""
    if not namespaces.creates(module, context):
        return []
    modules = namespaces.tenants(module.namespace, context)
    labels = context.labels(module)
    result = closed(module.namespace, labels, context)
    if any(identities.has_identity(one, context) for one in modules):
        result += credentials(module.namespace, labels, context.cloud.METADATA)
    for (direction, other), found in _by_peer(modules, context).items():
        ports = sorted(found)
        purpose = "; ".join(sorted(set(found.values())))
        if direction == "Egress" and other == "nodes" and context.cloud.CILIUM:
            result.append(_to_nodes(module.namespace, labels, ports))
            continue
        for number, (peers, their_ports) in enumerate(_peers(other, direction, ports, context)):
            name = f"{'to' if direction == 'Egress' else 'from'}-{other}" + (f"-{number + 1}" if number else "")
            meta = _metadata(name, module.namespace, labels, purpose)
            result.append(policy(meta, direction, peers, their_ports))
    return result


def closed(namespace: str, labels: Mapping[str, str], context: Context) -> list[Object]:
    """Policies that deny all traffic of a namespace except inside it and to DNS."""
    everything = _metadata("default-deny", namespace, labels, "all traffic is denied unless another policy allows it")
    inside = _metadata("inside", namespace, labels, "pods of the namespace may reach each other")
    dns = _metadata("dns", namespace, labels, "names")
    same: list[Any] = [{"podSelector": {}}]
    probes: list[Any] = [{"ipBlock": {"cidr": MESH_PROBES}}] if context.provider("mesh") else []
    servers = [{"namespaceSelector": {"matchLabels": {NAMESPACE: "kube-system"}}, "podSelector": _DNS_PODS}]
    for endpoint in context.cloud.NAME_SERVERS:
        servers.append({"ipBlock": {"cidr": endpoint.cidr}})
    return [
        _network_policy(everything, {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        _network_policy(
            inside,
            {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [*same, *probes]}],
                "egress": [{"to": same}],
            },
        ),
        _network_policy(
            dns,
            {
                "podSelector": {},
                "policyTypes": ["Egress"],
                "egress": [{"to": servers, "ports": [{"protocol": one, "port": 53} for one in ("UDP", "TCP")]}],
            },
        ),
    ]


def credentials(namespace: str, labels: Mapping[str, str], endpoints: Iterable[Endpoint]) -> list[Object]:
    """A policy for each endpoint from which pods get the credentials of their cloud identity."""
    return [
        policy(
            _metadata("to-credentials" + (f"-{number + 1}" if number else ""), namespace, labels, endpoint.purpose),
            "Egress",
            [_block(endpoint.cidr)],
            endpoint.ports,
        )
        for number, endpoint in enumerate(endpoints)
    ]


def policy(meta: dict[str, Any], direction: Direction, peers: Sequence[Any], ports: Iterable[int]) -> Object:
    """A NetworkPolicy that allows all pods of its namespace one direction to or from `peers` on TCP ports."""
    rule: dict[str, Any] = {"ports": [{"protocol": "TCP", "port": port} for port in ports]}
    rule["to" if direction == "Egress" else "from"] = list(peers)
    return _network_policy(meta, {"podSelector": {}, "policyTypes": [direction], direction.lower(): [rule]})


def to_party(party: Party, namespace: str, labels: Mapping[str, str], port: int, context: Context) -> Object:
    """A NetworkPolicy that allows all pods of a namespace to call a party outside the pod network."""
    meta = _metadata(f"to-{party}", namespace, labels, party)
    return policy(meta, "Egress", [_block(one) for one in _ranges(context)[party]], [port])


def to_internet(namespace: str, labels: Mapping[str, str], context: Context) -> list[Object]:
    """NetworkPolicies that allow all pods of a namespace the destinations in `network.egress.destinations`."""
    return [
        policy(
            _metadata(f"to-internet-{port}", namespace, labels, "network.egress.destinations"),
            "Egress",
            [_block(one) for one in cidrs],
            [port],
        )
        for port, cidrs in _destinations(context).items()
    ]


def _by_peer(modules: Sequence[EnabledModule], context: Context) -> dict[tuple[Direction, str], dict[int, str]]:
    """The openings of a namespace: direction and other end to ports and their purpose."""
    own = {module.name for module in modules}
    found: dict[tuple[Direction, str], dict[int, str]] = {}
    for one in (opening for name in sorted(own) for opening in of_module(name, context)):
        if one.source in own and one.destination not in own:
            found.setdefault(("Egress", one.destination), {})[one.port] = one.purpose
        if one.destination in own and one.source not in own:
            found.setdefault(("Ingress", one.source), {})[one.port] = one.purpose
    return found


def _peers(
    other: str, direction: Direction, ports: Sequence[int], context: Context
) -> list[tuple[list[Any], Sequence[int]]]:
    """The peers of a policy, each group with its ports."""
    module = context.modules.get(other)
    if module is not None:
        through_mesh = [MESH_PORT] if context.provider("mesh") else []
        return [([{"namespaceSelector": {"matchLabels": {NAMESPACE: module.namespace}}}], [*ports, *through_mesh])]
    if other == "internet":
        found = _destinations(context)
        return [([_block(cidr) for cidr in found[port]], [port]) for port in ports if port in found]
    if other in ("cloud", "lake"):
        cidrs = dict.fromkeys((*_ranges(context)["cloud"], *_destinations(context).get(443, ())))
        return [([_block(cidr) for cidr in cidrs], ports)]
    peers: list[Any] = [_block(cidr) for cidr in _ranges(context)[cast(Party, other)]]
    if other == "kubernetes-api" and direction == "Ingress" and context.cloud.API_PODS:
        selector = {"matchLabels": dict(context.cloud.API_PODS)}
        peers.append({"namespaceSelector": {"matchLabels": {NAMESPACE: "kube-system"}}, "podSelector": selector})
    return [(peers, ports)]


def _ranges(context: Context) -> Mapping[Party, tuple[str, ...]]:
    return context.cloud.ranges(context.environment.network.cidr, present(context.environment.cluster).service_cidr)


def _destinations(context: Context) -> dict[int, list[str]]:
    """Port to the ranges of `network.egress.destinations`."""
    found: dict[int, list[str]] = {}
    for destination in context.environment.network.egress.destinations.values():
        found.setdefault(destination.port, []).append(destination.cidr)
    return found


def _block(cidr: str) -> dict[str, Any]:
    """An address range; one as wide as the internet does not mean other pods, nodes and metadata endpoints."""
    outer = IPv4Network(cidr, strict=False)
    inner = [one for one in _PRIVATE if outer.prefixlen < _WIDE and IPv4Network(one).subnet_of(outer)]
    return {"ipBlock": {"cidr": str(outer)} | ({"except": inner} if inner else {})}


def _to_nodes(namespace: str, labels: Mapping[str, str], ports: Iterable[int]) -> Object:
    """Cilium's counterpart of a network policy to the addresses of nodes."""
    allowed = [{"ports": [{"port": str(port), "protocol": "TCP"} for port in ports]}]
    return {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": f"{namespace}-to-nodes", "labels": dict(labels)},
        "spec": {
            "endpointSelector": {"matchLabels": {"k8s:io.kubernetes.pod.namespace": namespace}},
            "egress": [{"toEntities": ["host", "remote-node"], "toPorts": allowed}],
        },
    }


def _network_policy(meta: dict[str, Any], spec: dict[str, Any]) -> Object:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def _metadata(name: str, namespace: str, labels: Mapping[str, str], purpose: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": dict(labels), "annotations": {_PURPOSE: purpose}}
