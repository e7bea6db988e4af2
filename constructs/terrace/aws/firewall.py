"""Firewall rules: a security group for each party, and a rule on both sides of each flow (NET-4)."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from cdktn_provider_aws.security_group import SecurityGroup
from cdktn_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
from cdktn_provider_aws.vpc_security_group_ingress_rule import VpcSecurityGroupIngressRule
from constructs import Construct

from terrace.aws.flows import ANYWHERE, GROUPS, flows
from terrace.capabilities.network import Group, NetworkSpec
from terrace.capabilities.target import Target


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
        without: Collection[Group],
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
            if group not in without
        }
        for name, flow in flows(without).items():
            ports, protocol = (flow.first_port, flow.last_port), {"ip_protocol": flow.protocol}
            source, into = self.groups[flow.source], self.groups[flow.into]
            self._allow(name, "in", flow.into, ports, flow.purpose, referenced_security_group_id=source, **protocol)
            self._allow(name, "out", flow.source, ports, flow.purpose, referenced_security_group_id=into, **protocol)
        https, http = (443, 443), (80, 80)
        self._allow("nodes-to-s3", "out", "nodes", https, "Nodes reach S3 privately", prefix_list_id=storage_prefixes)
        for name, destination in spec.egress.destinations.items():
            purpose, ports = f"Nodes reach {name}", (destination.port, destination.port)
            self._allow(f"nodes-to-{name}", "out", "nodes", ports, purpose, cidr_ipv4=destination.cidr)
        if "entry" not in without:
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
