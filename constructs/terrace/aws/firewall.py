"""Firewall rules: a security group for each party, and a rule on both sides of each flow (NET-4)."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from cdktn_provider_aws.security_group import SecurityGroup
from cdktn_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktn_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from terrace.capabilities.network import NetworkSpec
from terrace.capabilities.target import Target

ANYWHERE = "0.0.0.0/0"

Group = Literal["control", "nodes", "endpoints", "database", "cache", "entry"]
GROUPS: Mapping[Group, str] = {
    "control": "EKS control plane",
    "nodes": "EKS nodes",
    "endpoints": "VPC endpoints",
    "database": "PostgreSQL",
    "cache": "Valkey",
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
    "entry-to-ingress": Flow("entry", "nodes", 8443, 8443, "tcp", "Load balancer reaches ingress pods"),
    "entry-to-health": Flow("entry", "nodes", 8080, 8080, "tcp", "Load balancer asks ingress pods for their health"),
}
"""All traffic allowed inside the VPC (NET-4). Rules for public, administrators' and outbound traffic are added
below."""


class FirewallRules(Construct):
    """The security groups and their rules. A group without a rule allows no traffic.

    `groups` holds ids by party. `storage_prefixes` is the prefix list of S3's gateway endpoint, so that nodes reach S3
    without a rule for the internet.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        vpc_id: str,
        api_ranges: Mapping[str, str],
        storage_prefixes: str,
    ) -> None:
        super().__init__(scope, id)
        self._prefix = target.prefix
        self.groups: dict[str, str] = {
            group: SecurityGroup(
                self,
                f"{group}-group",
                name=f"{self._prefix}-{group}",
                description=purpose,
                vpc_id=vpc_id,
                revoke_rules_on_delete=True,
                tags={"Name": f"{self._prefix}-{group}"},
            ).id
            for group, purpose in GROUPS.items()
        }
        for name, flow in FLOWS.items():
            ports, protocol = (flow.first_port, flow.last_port), {"ip_protocol": flow.protocol}
            source, into = self.groups[flow.source], self.groups[flow.into]
            self._allow(name, "in", flow.into, ports, flow.purpose, referenced_security_group_id=source, **protocol)
            self._allow(name, "out", flow.source, ports, flow.purpose, referenced_security_group_id=into, **protocol)
        https, http = (443, 443), (80, 80)
        self._allow("nodes-to-s3", "out", "nodes", https, "Nodes reach S3 privately", prefix_list_id=storage_prefixes)
        for name, destination in spec.egress.destinations.items():
            purpose, ports = f"Nodes reach {name}", (destination.port, destination.port)
            self._allow(f"nodes-to-{name}", "out", "nodes", ports, purpose, cidr_ipv4=destination.cidr)
        self._allow("public-https", "in", "entry", https, "Public HTTPS entry", cidr_ipv4=ANYWHERE)
        self._allow("public-http", "in", "entry", http, "Public HTTP, only to be redirected", cidr_ipv4=ANYWHERE)
        for name, cidr in api_ranges.items():
            self._allow(f"api-from-{name}", "in", "control", https, f"Kubernetes API from {name}", cidr_ipv4=cidr)

    def _allow(
        self, name: str, side: Literal["in", "out"], group: Group, ports: tuple[int, int], purpose: str, **peer: Any
    ) -> None:
        """One rule, TCP unless `peer` has another protocol; its Name tag is unique in the deployment."""
        rule = VpcSecurityGroupIngressRule if side == "in" else VpcSecurityGroupEgressRule
        rule(
            self,
            f"{name}-{side}",
            security_group_id=self.groups[group],
            from_port=ports[0],
            to_port=ports[1],
            description=purpose,  # NET-4
            tags={"Name": f"{self._prefix}-{name}-{side}"},
            **{"ip_protocol": "tcp", **peer},
        )
