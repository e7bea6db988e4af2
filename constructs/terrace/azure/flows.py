"""The traffic that the network allows, by party: inside the network, and with peers outside (NET-4). Loads no CDK."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from terrace.capabilities.network import Group, NetworkSpec

ANYWHERE = "0.0.0.0/0"
INTERNET = "Internet"
"""The service tag of all addresses outside the virtual network."""

GROUPS: Mapping[Group, str] = {
    "control": "AKS API server",
    "nodes": "AKS nodes",
    "endpoints": "Private endpoints",
    "database": "PostgreSQL",
    "cache": "Managed Redis",
    "streams": "Event Hubs",
    "entry": "Public entry",
}
"""Party to its description; each has a subnet of its name."""


class Flow(NamedTuple):
    """Allowed traffic from one group into another over a range of ports."""

    source: Group
    into: Group
    first_port: int
    last_port: int
    protocol: Literal["Tcp", "Udp"]
    purpose: str


FLOWS: Mapping[str, Flow] = {
    "nodes-to-api": Flow("nodes", "control", 443, 443, "Tcp", "Nodes call the Kubernetes API"),
    "api-to-kubelets": Flow("control", "nodes", 10250, 10251, "Tcp", "Kubernetes API calls kubelets and metrics"),
    "api-to-webhooks": Flow("control", "nodes", 8443, 9443, "Tcp", "Kubernetes API calls admission webhooks"),
    "api-to-extensions": Flow("control", "nodes", 443, 443, "Tcp", "Kubernetes API calls aggregated APIs"),
    "pods-to-pods": Flow("nodes", "nodes", 0, 65535, "Tcp", "Pods talk to pods, narrowed by network policy"),
    "pods-to-dns": Flow("nodes", "nodes", 53, 53, "Udp", "Pods ask CoreDNS"),
    "nodes-to-endpoints": Flow("nodes", "endpoints", 443, 443, "Tcp", "Nodes reach Azure services privately"),
    "nodes-to-database": Flow("nodes", "database", 5432, 6432, "Tcp", "Workloads reach PostgreSQL and its pooler"),
    "database-to-database": Flow(
        "database", "database", 5432, 5432, "Tcp", "PostgreSQL feeds its standby and replicas"
    ),
    "nodes-to-cache": Flow("nodes", "cache", 10000, 10000, "Tcp", "Workloads reach Managed Redis"),
    "api-to-keys": Flow("control", "endpoints", 443, 443, "Tcp", "Kubernetes API reaches its key"),
    "entry-to-ingress": Flow("entry", "nodes", 8443, 8443, "Tcp", "Gateway reaches the ingress"),
    "nodes-to-streams": Flow("nodes", "streams", 9093, 9093, "Tcp", "Workloads reach Event Hubs as Kafka"),
}
"""All traffic allowed inside the network (NET-4)."""


def flows(without: Collection[Group]) -> dict[str, tuple[int, Flow]]:
    """The flows of a network without some parties, each with its place in the order of the rules' priorities."""
    parties = set(without)
    return {
        name: (position, flow)
        for position, (name, flow) in enumerate(FLOWS.items())
        if not parties & {flow.source, flow.into}
    }


class OutsideFlow(NamedTuple):
    """Allowed traffic between a group and a peer outside; `peer` is a range or an Azure service tag."""

    group: Group
    side: Literal["Inbound", "Outbound"]
    first_port: int
    last_port: int
    peer: str
    purpose: str
    protocol: Literal["Tcp", "Udp", "*"] = "Tcp"


_BALANCER = "AzureLoadBalancer"
SERVICE_FLOWS: Mapping[str, OutsideFlow] = {
    # Source: "Application Gateway infrastructure configuration", required security rules
    "gateway-manager": OutsideFlow("entry", "Inbound", 65200, 65535, "GatewayManager", "Azure manages the gateway"),
    "entry-probes": OutsideFlow("entry", "Inbound", 0, 65535, _BALANCER, "Azure asks the gateway for its health", "*"),
    "nodes-probes": OutsideFlow("nodes", "Inbound", 0, 65535, _BALANCER, "Azure asks the nodes for their health", "*"),
    "api-probes": OutsideFlow("control", "Inbound", 0, 65535, _BALANCER, "Azure asks the API for its health", "*"),
    # Source: "Networking in Flexible Server with private access", NSG rules
    "archive": OutsideFlow("database", "Outbound", 443, 443, "Storage", "PostgreSQL archives its log"),
    "sign-in": OutsideFlow(
        "database", "Outbound", 443, 443, "AzureActiveDirectory", "PostgreSQL verifies Entra's tokens"
    ),
    "keys": OutsideFlow("database", "Outbound", 443, 443, "AzureKeyVault", "PostgreSQL reaches its key"),
}
"""Traffic with Azure's own services, which they need."""


def outside(
    spec: NetworkSpec, api_ranges: Mapping[str, str], without: Collection[Group]
) -> dict[str, tuple[int, OutsideFlow]]:
    """All traffic with peers outside, by name, each with its place in the order of the rules' priorities."""
    flows = {
        "public-https": OutsideFlow("entry", "Inbound", 443, 443, INTERNET, "Public HTTPS entry"),
        "public-http": OutsideFlow("entry", "Inbound", 80, 80, INTERNET, "Public HTTP, only to be redirected"),
        **SERVICE_FLOWS,
    }
    for name, destination in spec.egress.destinations.items():
        peer, port = INTERNET if destination.cidr == ANYWHERE else destination.cidr, destination.port
        flows[f"to-{name}"] = OutsideFlow("nodes", "Outbound", port, port, peer, f"Nodes reach {name}")
    for name, cidr in api_ranges.items():
        flows[f"api-from-{name}"] = OutsideFlow("control", "Inbound", 443, 443, cidr, f"Kubernetes API from {name}")
    return {name: (place, flow) for place, (name, flow) in enumerate(flows.items()) if flow.group not in without}
