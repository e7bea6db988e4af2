"""Who may reach whom inside the network, by party (NET-4). Loads no CDK.

`firewall.py` writes the rules, and the access model expects exactly these paths.
"""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from terrace.capabilities.network import Group

ANYWHERE = "0.0.0.0/0"

GROUPS: Mapping[Group, str] = {
    "control": "GKE control plane",
    "nodes": "GKE nodes",
    "endpoints": "Google's APIs",
    "database": "PostgreSQL",
    "cache": "Valkey",
    "streams": "Kafka",
    "entry": "Public entry",
}


class Flow(NamedTuple):
    """Allowed traffic from one group into another over ranges of ports."""

    source: Group
    into: Group
    ports: tuple[str, ...]
    protocol: Literal["tcp", "udp", "all"]
    purpose: str


FLOWS: Mapping[str, Flow] = {
    "nodes-to-api": Flow("nodes", "control", ("443", "8132"), "tcp", "Nodes call the Kubernetes API"),
    "api-to-kubelets": Flow("control", "nodes", ("10250", "10255"), "tcp", "Kubernetes API calls kubelets and metrics"),
    "api-to-webhooks": Flow("control", "nodes", ("8443-9443",), "tcp", "Kubernetes API calls admission webhooks"),
    "api-to-extensions": Flow("control", "nodes", ("443",), "tcp", "Kubernetes API calls aggregated APIs"),
    "pods-to-pods": Flow("nodes", "nodes", (), "all", "Pods talk to pods, narrowed by network policy"),
    "nodes-to-endpoints": Flow("nodes", "endpoints", ("443",), "tcp", "Nodes reach Google's APIs privately"),
    "nodes-to-database": Flow("nodes", "database", ("5432", "3307"), "tcp", "Workloads reach PostgreSQL"),
    "nodes-to-cache": Flow("nodes", "cache", ("6379", "11000-13047"), "tcp", "Workloads reach Valkey and its nodes"),
    "nodes-to-streams": Flow("nodes", "streams", ("9092",), "tcp", "Workloads reach Kafka's brokers"),
    "entry-to-ingress": Flow("entry", "nodes", ("8443",), "tcp", "Load balancer reaches ingress pods"),
    "entry-to-health": Flow("entry", "nodes", ("8080",), "tcp", "Load balancer asks ingress pods for their health"),
}
"""All traffic allowed inside the network (NET-4), besides outbound traffic, which the environment lists."""


def flows(without: Collection[Group]) -> dict[str, Flow]:
    """The flows of a network without some parties."""
    parties = set(without)
    return {name: flow for name, flow in FLOWS.items() if not parties & {flow.source, flow.into}}


ON_PREMISES_PORTS = ("8443",)
"""TCP ports of the ingress pods that the ranges behind a hybrid link reach (NET-7)."""
