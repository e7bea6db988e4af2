"""The VPC: subnets over zones, NAT, private paths, firewall rules by purpose, flow logs, logs of DNS queries (NET-1
to NET-5, NET-8)."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cdktn import TerraformResourceLifecycle
from cdktn_provider_aws.default_network_acl import DefaultNetworkAcl
from cdktn_provider_aws.default_route_table import DefaultRouteTable
from cdktn_provider_aws.default_security_group import DefaultSecurityGroup
from cdktn_provider_aws.eip import Eip
from cdktn_provider_aws.flow_log import FlowLog
from cdktn_provider_aws.internet_gateway import InternetGateway
from cdktn_provider_aws.nat_gateway import NatGateway
from cdktn_provider_aws.network_acl import NetworkAcl, NetworkAclEgress, NetworkAclIngress
from cdktn_provider_aws.route import Route
from cdktn_provider_aws.route53_resolver_query_log_config import Route53ResolverQueryLogConfig
from cdktn_provider_aws.route53_resolver_query_log_config_association import Route53ResolverQueryLogConfigAssociation
from cdktn_provider_aws.route53_zone import Route53Zone, Route53ZoneVpc
from cdktn_provider_aws.route_table import RouteTable
from cdktn_provider_aws.route_table_association import RouteTableAssociation
from cdktn_provider_aws.subnet import Subnet
from cdktn_provider_aws.vpc import Vpc
from cdktn_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws.firewall import FirewallRules
from terrace.aws.flows import ANYWHERE
from terrace.aws.iam import allow, document
from terrace.aws.ranges import layout
from terrace.capabilities.existing import ExistingNetwork
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.network import Group, NetworkHandle, NetworkSpec
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.errors import ContractError

_ESSENTIAL_PATHS = ("ecr.api", "ecr.dkr", "secretsmanager", "sts", "kms", "logs", "eks-auth")
_FULL_PATHS = (
    *_ESSENTIAL_PATHS,
    "eks",
    "ec2",
    "elasticloadbalancing",
    "autoscaling",
    "monitoring",
    "ssm",
    "ssmmessages",
    "rds",
    "sns",
    "sqs",
)


class Network(Construct):
    """A VPC where every firewall rule has a purpose. Raises ContractError if the region has no second zone: EKS, RDS
    and load balancers require subnets in two even if everything runs in one. Source: Amazon EKS User Guide, "VPC
    requirements".

    On-premises ranges behind a hybrid link are destinations like any other: list them in `egress.destinations`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        spec: NetworkSpec,
        target: Target,
        *,
        api_ranges: Mapping[str, str],
        without: Collection[Group],
        governance: GovernanceHandle,
        observability: ObservabilityHandle,
    ) -> None:
        super().__init__(scope, id)
        self._prefix = target.prefix
        if target.existing.network:
            self.handle = self._existing(target.existing.network, target)
            return
        zones = {zone.removeprefix(target.region): zone for zone in target.zones}
        paired = {zone.removeprefix(target.region): zone for zone in (*target.zones, *target.spare_zones)[:2]} | zones
        if len(paired) < 2:
            raise ContractError("a network on AWS needs two zones", where=self.node.path, hint="name a spare zone")

        self._vpc = Vpc(
            self,
            "vpc",
            cidr_block=spec.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            enable_network_address_usage_metrics=True,
            tags={"Name": self._prefix},
        )
        self._vpc_id = self._vpc.id
        self._lock_defaults()
        callers = dict(api_ranges)
        if spec.hybrid and "control" not in without:  # without public ranges, the API is reached through the link
            callers |= {f"on-premises-{cidr.replace('/', '-')}": cidr for cidr in spec.hybrid.peer_cidrs}
        ranges = layout(spec.cidr)
        public = self._subnets("public", paired, ranges.public, {"kubernetes.io/role/elb": "1"})
        nodes = self._subnets("nodes", zones, ranges.nodes, {"kubernetes.io/role/internal-elb": "1"})
        # RDS, ElastiCache, EKS and load balancers require two zones; the spare zone's subnets stay empty
        data = self._subnets("data", paired, ranges.data)
        control = self._subnets("control", paired, ranges.control)
        self._access_lists(
            spec.cidr,
            callers.values(),
            web=() if "entry" in without else (443, 80),
            public=list(public.values()),
            private=[*nodes.values(), *control.values()],
            data=list(data.values()),
        )

        nat_zones = list(zones)[:1] if spec.egress.nat == "single" else list(zones)
        outward, nat_ids = self._nat(nat_zones, public)
        node_tables, routes = self._route_nodes(nodes, nat_ids)
        # No default route: control and data subnets have no egress (NET-2)
        control_table, _ = self._table("control", {f"control-{zone}": subnet for zone, subnet in control.items()})
        self._table("data", {f"data-{zone}": subnet for zone, subnet in data.items()})

        storage = self._storage_path(target, [control_table, *node_tables.values()])
        rules = FirewallRules(
            self,
            "openings",
            spec,
            target,
            vpc_id=self._vpc_id,
            api_ranges=callers,
            without=without,
            storage_prefixes=storage.prefix_list_id,
        )
        paths = _FULL_PATHS if spec.private_paths == "full" else _ESSENTIAL_PATHS
        endpoint_subnets, endpoint_group = [control[zone] for zone in zones], rules.groups["endpoints"]
        endpoints = [self._private_path(path, target, endpoint_subnets, endpoint_group) for path in paths]
        self._flow_log(spec, target, governance, observability)
        self._query_log(target, observability)
        private_zone = self._private_zone()
        self.handle = NetworkHandle(
            id=self._vpc_id,
            zones=target.zones,
            public_subnet_ids=tuple(public.values()),
            node_subnet_ids=tuple(nodes.values()),
            data_subnet_ids=tuple(data.values()),
            control_subnet_ids=tuple(control.values()),
            groups=rules.groups,
            nat_ids={zones[zone]: id for zone, id in nat_ids.items()},
            private_zone_id=private_zone.zone_id,
            routes={"control": control_table} | {f"nodes-{zone}": id for zone, id in node_tables.items()},
            ready=(*routes, storage, *endpoints, rules),
            public_ready=(outward,),
        )

    def _existing(self, network: ExistingNetwork, target: Target) -> NetworkHandle:
        """A VPC of others: only the zone of names inside is made."""
        self._vpc_id, subnets = network.id, network.subnets
        return NetworkHandle(
            id=network.id,
            zones=target.zones,
            public_subnet_ids=subnets.get("entry", ()),
            node_subnet_ids=subnets["nodes"],
            data_subnet_ids=subnets["data"],
            control_subnet_ids=subnets["control"],
            groups={str(party): id for party, id in network.groups.items()},
            private_zone_id=self._private_zone().zone_id,
        )

    def _private_zone(self) -> Route53Zone:
        return Route53Zone(
            self,
            "private-zone",
            name=f"{self._prefix}.internal",
            comment=f"Names inside {self._prefix}",
            vpc=[Route53ZoneVpc(vpc_id=self._vpc_id)],
        )

    def _lock_defaults(self) -> None:
        """Empties the default security group, network ACL and route table of the VPC (NET-4)."""
        DefaultSecurityGroup(
            self, "default-group", vpc_id=self._vpc_id, tags={"Name": f"{self._prefix}-default-locked"}
        )  # NET-4
        DefaultNetworkAcl(
            self,
            "default-access-list",
            default_network_acl_id=self._vpc.default_network_acl_id,
            tags={"Name": f"{self._prefix}-default-locked"},
            # A subnet is in the default list until its association with another; that is not drift
            lifecycle=TerraformResourceLifecycle(ignore_changes=["subnet_ids"]),
        )
        DefaultRouteTable(
            self,
            "default-routes",
            default_route_table_id=self._vpc.default_route_table_id,
            route=[],
            tags={"Name": f"{self._prefix}-default-empty"},
        )

    def _subnets(
        self, kind: str, zones: Mapping[str, str], ranges: Sequence[str], tags: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Ids by the zone's letter."""
        return {
            letter: Subnet(
                self,
                f"{kind}-{letter}",
                vpc_id=self._vpc_id,
                availability_zone=zone,  # NET-1
                cidr_block=cidr,
                map_public_ip_on_launch=False,  # NET-2
                tags={"Name": f"{self._prefix}-{kind}-{letter}", **(tags or {})},
            ).id
            for (letter, zone), cidr in zip(zones.items(), ranges, strict=False)
        }

    def _access_lists(
        self,
        cidr: str,
        api_ranges: Collection[str],
        *,
        web: Collection[int],
        public: list[str],
        private: list[str],
        data: list[str],
    ) -> None:
        """Network ACLs, a stateless second line behind the security groups. Replies arrive on any port from 1024 up,
        because NAT and load balancers use all of them. Source: VPC User Guide, "Ephemeral ports"."""
        inside, answers, out = ("-1", cidr, 0, 0), ("tcp", ANYWHERE, 1024, 65535), ("-1", ANYWHERE, 0, 0)
        api = [("tcp", source, 443, 443) for source in sorted(set(api_ranges))]
        served = ("tcp", cidr, 1024, 65535)
        self._access_list("public", public, [inside, *(("tcp", ANYWHERE, port, port) for port in web), answers], out)
        self._access_list("private", private, [inside, *api, answers], out)
        self._access_list("data", data, [served], served)  # NET-2

    def _access_list(
        self, kind: str, subnets: list[str], into: Sequence[tuple[str, str, int, int]], out: tuple[str, str, int, int]
    ) -> None:
        def rule(position: int, protocol: str, cidr: str, first: int, last: int) -> dict[str, Any]:
            ports = {"from_port": first, "to_port": last}
            return {
                "rule_no": 100 + 10 * position,
                "protocol": protocol,
                "action": "allow",
                "cidr_block": cidr,
                **ports,
            }

        NetworkAcl(
            self,
            f"{kind}-access-list",
            vpc_id=self._vpc_id,
            subnet_ids=subnets,
            ingress=[NetworkAclIngress(**rule(position, *each)) for position, each in enumerate(into)],
            egress=[NetworkAclEgress(**rule(0, *out))],
            tags={"Name": f"{self._prefix}-{kind}"},
        )

    def _nat(self, zones: Sequence[str], public: Mapping[str, str]) -> tuple[Route, dict[str, str]]:
        """An internet gateway for the public subnets, and NAT with a fixed address in each of `zones` (NET-2)."""
        gateway = InternetGateway(self, "gateway", vpc_id=self._vpc_id, tags={"Name": self._prefix})
        table, _ = self._table("public", {f"public-{zone}": subnet for zone, subnet in public.items()})
        outward = Route(
            self, "public-route", route_table_id=table, destination_cidr_block=ANYWHERE, gateway_id=gateway.id
        )
        ids = {}
        for zone in zones:
            address = Eip(  # NET-2
                self,
                f"nat-{zone}-address",
                domain="vpc",
                tags={"Name": f"{self._prefix}-nat-{zone}"},
                depends_on=[gateway],
            )
            ids[zone] = NatGateway(
                self,
                f"nat-{zone}",
                subnet_id=public[zone],
                allocation_id=address.id,
                connectivity_type="public",
                tags={"Name": f"{self._prefix}-{zone}"},
                depends_on=[outward],
            ).id
        return outward, ids

    def _table(self, name: str, subnets: Mapping[str, str]) -> tuple[str, list[Construct]]:
        """A route table's id, and its associations with subnets (by construct id)."""
        table = RouteTable(self, f"{name}-table", vpc_id=self._vpc_id, tags={"Name": f"{self._prefix}-{name}"}).id
        links: list[Construct] = [
            RouteTableAssociation(self, f"{id}-routes", subnet_id=subnet, route_table_id=table)
            for id, subnet in subnets.items()
        ]
        return table, links

    def _route_nodes(
        self, nodes: Mapping[str, str], nat_ids: Mapping[str, str]
    ) -> tuple[dict[str, str], list[Construct]]:
        """Route tables by the zone's letter, and what must exist before nodes have network access."""
        tables: dict[str, str] = {}
        ready: list[Construct] = []
        shared = next(iter(nat_ids.values()))
        for zone, subnet in nodes.items():
            tables[zone], links = self._table(f"nodes-{zone}", {f"nodes-{zone}": subnet})
            out = Route(
                self,
                f"nodes-{zone}-route",
                route_table_id=tables[zone],
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=nat_ids.get(zone, shared),  # NET-2
            )
            ready += [out, *links]
        return tables, ready

    def _storage_path(self, target: Target, tables: list[str]) -> VpcEndpoint:
        """A gateway endpoint for S3, limited to the account's buckets and the one in which ECR stores image layers."""
        layers = f"arn:{names.settings(target).partition}:s3:::prod-{target.region}-starport-layer-bucket/*"
        own = {"StringEquals": {"aws:ResourceAccount": names.account(target)}}
        return VpcEndpoint(
            self,
            "path-s3",
            vpc_id=self._vpc_id,
            service_name=f"com.amazonaws.{target.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=tables,
            policy=document(
                allow("s3:*", "*", Sid="OwnAccount", Principal="*", Condition=own),
                allow("s3:GetObject", layers, Sid="ImageLayers", Principal="*"),
            ),  # NET-3
            tags={"Name": f"{self._prefix}-s3"},
        )

    def _private_path(self, service: str, target: Target, subnets: list[str], group: str) -> VpcEndpoint:
        caller = {"StringEquals": {"aws:PrincipalAccount": names.account(target)}}
        id = service.replace(".", "-")
        return VpcEndpoint(
            self,
            f"path-{id}",
            vpc_id=self._vpc_id,
            service_name=f"com.amazonaws.{target.region}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=subnets,
            security_group_ids=[group],
            policy=document(allow("*", "*", Sid="OwnAccount", Principal="*", Condition=caller)),  # NET-3
            tags={"Name": f"{self._prefix}-{id}"},
        )

    def _flow_log(
        self, spec: NetworkSpec, target: Target, governance: GovernanceHandle, observability: ObservabilityHandle
    ) -> None:
        group = names.log_group_arn(target, "flow")
        write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        writer = iam.role(
            self,
            "flow-log-role",
            target,
            purpose="flow-log",
            trust=iam.service_trust(target, "vpc-flow-logs.amazonaws.com"),
            governance=governance,
            policies={"write": document(allow(write, [group, f"{group}:*"]))},
        )
        FlowLog(
            self,
            "flow-log",
            vpc_id=self._vpc_id,
            traffic_type="ALL",  # NET-5
            log_destination_type="cloud-watch-logs",
            log_destination=observability.log_ids["flow"],
            iam_role_arn=writer.arn,
            max_aggregation_interval=spec.flow_log_interval_seconds,
            tags={"Name": self._prefix},
            depends_on=list(observability.ready),
        )

    def _query_log(self, target: Target, observability: ObservabilityHandle) -> None:
        """NET-8: the queries of everything in the network, with their answers."""
        config = Route53ResolverQueryLogConfig(
            self,
            "query-log",
            name=self._prefix,
            destination_arn=names.arn(target, "logs", f"log-group:{names.dns_log_group(target)}"),
            depends_on=list(observability.ready),
        )
        Route53ResolverQueryLogConfigAssociation(
            self, "query-log-of-vpc", resolver_query_log_config_id=config.id, resource_id=self._vpc_id
        )
