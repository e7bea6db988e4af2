"""The traffic that the network allows, by party (NET-4). Loads no CDK."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from terrace.capabilities.network import Group

ANYWHERE = "0.0.0.0/0"

GROUPS: Mapping[Group, str] = {
    "control": "EKS control plane",
    "nodes": "EKS nodes",
    "endpoints": "VPC endpoints",
    "database": "PostgreSQL",
    "cache": "Valkey",
    "streams": "Kafka",
    "entry": "Public entry",
}


class Flow(NamedTuple):
    """Allowed traffic from one group into another over a range of ports."""

    source: Group
    into: Group
    first_port: int
    last_port: int
    protocol: Literal["tcp", "udp"]
    purpose: str


FLOWS: Mapping[str, Flow] = {
    "nodes-to-api": Flow("nodes", "control", 443, 443, "tcp", "Nodes call the Kubernetes API"),
    "api-to-kubelets": Flow("control", "nodes", 10250, 10251, "tcp", "Kubernetes API calls kubelets and metrics"),
    "api-to-webhooks": Flow("control", "nodes", 8443, 9443, "tcp", "Kubernetes API calls admission webhooks"),
    "api-to-extensions": Flow("control", "nodes", 443, 443, "tcp", "Kubernetes API calls aggregated APIs"),
    "pods-to-pods": Flow("nodes", "nodes", 0, 65535, "tcp", "Pods talk to pods, narrowed by network policy"),
    "pods-to-dns": Flow("nodes", "nodes", 53, 53, "udp", "Pods ask CoreDNS"),
    "nodes-to-endpoints": Flow("nodes", "endpoints", 443, 443, "tcp", "Nodes reach AWS APIs privately"),
    "nodes-to-database": Flow("nodes", "database", 5432, 5432, "tcp", "Workloads reach PostgreSQL"),
    "nodes-to-cache": Flow("nodes", "cache", 6379, 6380, "tcp", "Workloads reach Valkey, primary and reader"),
    "nodes-to-streams": Flow("nodes", "streams", 9098, 9098, "tcp", "Workloads reach Kafka with IAM"),
    "entry-to-ingress": Flow("entry", "nodes", 8443, 8443, "tcp", "Load balancer reaches ingress pods"),
    "entry-to-health": Flow("entry", "nodes", 8080, 8080, "tcp", "Load balancer asks ingress pods for their health"),
}
"""All traffic allowed inside the VPC (NET-4). `firewall.py` adds rules for public, administrators' and outbound
traffic."""


def flows(without: Collection[Group]) -> dict[str, Flow]:
    """The flows of a network without some parties."""
    parties = set(without)
    return {name: flow for name, flow in FLOWS.items() if not parties & {flow.source, flow.into}}
