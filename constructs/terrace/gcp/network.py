"""The VPC: regional subnets, NAT, private paths, firewall rules by purpose, flow logs (NET-1 to NET-5, NET-8)."""

from collections.abc import Collection, Mapping
from ipaddress import IPv4Network

from cdktn import ITerraformDependable
from cdktn_provider_google.compute_address import ComputeAddress
from cdktn_provider_google.compute_network import ComputeNetwork
from cdktn_provider_google.compute_route import ComputeRoute
from cdktn_provider_google.compute_router import ComputeRouter, ComputeRouterBgp, ComputeRouterBgpAdvertisedIpRanges
from cdktn_provider_google.compute_router_nat import (
    ComputeRouterNat,
    ComputeRouterNatLogConfig,
    ComputeRouterNatSubnetwork,
)
from cdktn_provider_google.compute_subnetwork import (
    ComputeSubnetwork,
    ComputeSubnetworkLogConfig,
    ComputeSubnetworkSecondaryIpRange,
)
from cdktn_provider_google.dns_managed_zone import (
    DnsManagedZone,
    DnsManagedZonePrivateVisibilityConfig,
    DnsManagedZonePrivateVisibilityConfigNetworks,
)
from cdktn_provider_google.dns_policy import DnsPolicy, DnsPolicyNetworks
from cdktn_provider_google.dns_record_set import DnsRecordSet
from cdktn_provider_google.network_connectivity_service_connection_policy import (
    NetworkConnectivityServiceConnectionPolicy,
    NetworkConnectivityServiceConnectionPolicyPscConfig,
)
from constructs import Construct

from terrace.capabilities.existing import ExistingNetwork
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.network import Group, NetworkHandle, NetworkSpec
from terrace.capabilities.observability import ObservabilityHandle
from terrace.capabilities.target import Target
from terrace.gcp import iam, names
from terrace.gcp.firewall import FirewallRules, may_pull, node_identity
from terrace.gcp.flows import ANYWHERE
from terrace.gcp.providers import service
from terrace.gcp.ranges import GOOGLE_APIS, layout

_ESSENTIAL_PATHS = ("googleapis.com", "pkg.dev", "gcr.io", "gke.goog")
_FULL_PATHS = (*_ESSENTIAL_PATHS, "run.app", "cloudfunctions.net", "notebooks.cloud.google.com")
"""Google's domains that resolve to the restricted range inside the network. Source: VPC documentation, "Private
Google Access, DNS configuration"."""

_GOOGLE_ADDRESSES = tuple(str(address) for address in IPv4Network(GOOGLE_APIS))
_CONNECTED: Mapping[Group, str] = {"database": "google-cloud-sql", "cache": "gcp-memorystore"}
"""Services with an address in the data subnet, and Google's name of their service class."""
_ROUTER_ASN = 64514


class Network(Construct):
    """A VPC where every firewall rule has a purpose. Its subnets are regional; cluster and database choose their zones
    (NET-1).

    Firewall rules apply to nodes only: the Kubernetes API checks `api_ranges` itself, and Google's services are not
    reachable from outside. On-premises ranges behind a hybrid link are destinations like any other: list them in
    `egress.destinations`.
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
        self._prefix, self._target, self._spec = target.prefix, target, spec
        if target.existing.network:
            self._vpc_id = target.existing.network.id
            self.handle = self._existing(target.existing.network)
            return
        self._vpc = ComputeNetwork(
            self,
            "vpc",
            name=self._prefix,
            description=f"Network of {self._prefix}",
            auto_create_subnetworks=False,  # NET-1
            routing_mode="GLOBAL" if target.recovery_region else "REGIONAL",
            delete_default_routes_on_create=True,  # NET-2
            mtu=1460,
            depends_on=[
                *observability.ready,
                service(self, "compute"),
            ],  # NET-5: the log bucket exists before the first flow
        )
        self._vpc_id = self._vpc.id
        ranges = layout(spec.cidr)
        inside = {names.POD_RANGE: ranges.pods, names.SERVICE_RANGE: ranges.services}
        nodes = self._subnet("nodes", ranges.nodes, target.region, inside)
        data = self._subnet("data", ranges.data, target.region)
        control = self._subnet("control", ranges.control, target.region)
        ready: list[ITerraformDependable] = [self._route("nat", ANYWHERE, "Outward, through NAT alone")]
        ready.append(self._route("google-apis", GOOGLE_APIS, "Google's APIs, by their restricted range"))
        router, nat = self._nat(
            nodes, advertised={"Nodes": ranges.nodes, "Pods": ranges.pods, "Google's APIs": GOOGLE_APIS}
        )
        ready += [nat, *self._private_paths(data, ranges.recovery, without)]
        rules = FirewallRules(
            self,
            "openings",
            spec,
            target,
            network=self._vpc,
            without=without,
            ranges={"nodes": ranges.nodes, "pods": ranges.pods, "control": ranges.control, "data": ranges.data},
        )
        self._log_queries()
        private_zone = self._private_zone()
        self.handle = NetworkHandle(
            id=self._vpc.id,
            zones=target.zones,
            public_subnet_ids=(),
            node_subnet_ids=(nodes.id,),
            data_subnet_ids=(data.id,),
            control_subnet_ids=(control.id,),
            groups=rules.groups,
            nat_ids={target.region: self._prefix},
            private_zone_id=private_zone.name,
            routes={"router": router.name},
            ready=(*ready, *iam.rights(rules, "nodes")),
        )

    def _existing(self, network: ExistingNetwork) -> NetworkHandle:
        """A VPC of others: only the nodes' identity, if no existing cluster has one, and the zone of names inside."""
        openings, subnets = Construct(self, "openings"), network.subnets
        if self._target.existing.cluster:
            nodes = f"serviceAccount:{names.nodes(self._target)}"
            may_pull(openings, self._target, nodes)
        else:
            node_identity(openings, self._target)
        return NetworkHandle(
            id=network.id,
            zones=self._target.zones,
            node_subnet_ids=subnets["nodes"],
            data_subnet_ids=subnets["data"],
            control_subnet_ids=subnets["control"],
            groups={"nodes": names.nodes(self._target)},
            private_zone_id=self._private_zone().name,
            ready=tuple(iam.rights(openings, "nodes")),
        )

    def _private_zone(self) -> DnsManagedZone:
        return DnsManagedZone(
            self,
            "private-zone",
            name=f"{self._prefix}-internal",
            dns_name=f"{self._prefix}.internal.",
            description=f"Names inside {self._prefix}",
            visibility="private",
            private_visibility_config=self._inside(),
            depends_on=[service(self, "dns")],
        )

    def _subnet(self, kind: str, cidr: str, region: str, inside: Mapping[str, str] | None = None) -> ComputeSubnetwork:
        """A subnet; `inside` are its secondary ranges by name."""
        ranges = [
            ComputeSubnetworkSecondaryIpRange(range_name=name, ip_cidr_range=secondary)
            for name, secondary in (inside or {}).items()
        ]
        return ComputeSubnetwork(
            self,
            kind,
            name=f"{self._prefix}-{kind}",
            network=self._vpc.id,
            region=region,
            ip_cidr_range=cidr,  # NET-1
            private_ip_google_access=True,  # NET-3
            stack_type="IPV4_ONLY",
            secondary_ip_range=ranges or None,
            log_config=self._flow_log(),  # NET-5
        )

    def _flow_log(self) -> ComputeSubnetworkLogConfig:
        """Flow logs of all traffic (NET-5), which Logging stores in the log bucket for flows."""
        interval = {60: "INTERVAL_1_MIN", 600: "INTERVAL_10_MIN"}[self._spec.flow_log_interval_seconds]
        return ComputeSubnetworkLogConfig(
            aggregation_interval=interval,
            flow_sampling=1,
            metadata="INCLUDE_ALL_METADATA",
        )

    def _route(self, name: str, cidr: str, purpose: str) -> ComputeRoute:
        return ComputeRoute(
            self,
            f"{name}-route",
            name=f"{self._prefix}-{name}",
            network=self._vpc.id,
            dest_range=cidr,
            next_hop_gateway="default-internet-gateway",
            description=purpose,
        )

    def _nat(
        self, nodes: ComputeSubnetwork, *, advertised: Mapping[str, str]
    ) -> tuple[ComputeRouter, ComputeRouterNat]:
        """Cloud NAT with fixed addresses, one or one per zone. Cloud NAT is regional and any zone may use any address:
        several addresses provide more ports, not more resilience (NET-2). `advertised` are the ranges that the router
        announces over a hybrid link, by what they contain."""
        target = self._target
        zones = target.zones[:1] if self._spec.egress.nat == "single" else target.zones
        addresses = [
            ComputeAddress(  # NET-2
                self,
                f"nat-{zone.rpartition('-')[2]}-address",
                name=f"{self._prefix}-nat-{zone.rpartition('-')[2]}",
                region=target.region,
                address_type="EXTERNAL",
                network_tier="PREMIUM",
                depends_on=[service(self, "compute")],
            )
            for zone in zones
        ]
        router = ComputeRouter(
            self,
            "router",
            name=self._prefix,
            network=self._vpc.id,
            region=target.region,
            bgp=ComputeRouterBgp(
                asn=_ROUTER_ASN,
                advertise_mode="CUSTOM",
                # NET-4: no data subnet, because no firewall rule protects the endpoints in it
                advertised_ip_ranges=[
                    ComputeRouterBgpAdvertisedIpRanges(range=cidr, description=f"{what}, for a hybrid link")
                    for what, cidr in advertised.items()
                ],
            ),
        )
        nat = ComputeRouterNat(
            self,
            "nat",
            name=self._prefix,
            router=router.name,
            region=target.region,
            nat_ip_allocate_option="MANUAL_ONLY",  # NET-2
            nat_ips=[address.self_link for address in addresses],  # NET-2
            source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
            # Nodes and pods only: control and data subnets have no egress
            subnetwork=[ComputeRouterNatSubnetwork(name=nodes.id, source_ip_ranges_to_nat=["ALL_IP_RANGES"])],
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config=ComputeRouterNatLogConfig(enable=True, filter="ERRORS_ONLY"),
        )
        return router, nat

    def _private_paths(
        self, data: ComputeSubnetwork, recovery_range: str, without: Collection[Group]
    ) -> list[ITerraformDependable]:
        """NET-3: Google's names resolve to the restricted range; PostgreSQL and Valkey get addresses in the network."""
        paths: list[ITerraformDependable] = []
        for domain in _FULL_PATHS if self._spec.private_paths == "full" else _ESSENTIAL_PATHS:
            paths += self._private_domain(domain)
        subnets = {"": (self._target.region, data)}
        if self._target.recovery_region:
            away = self._subnet("data-recovery", recovery_range, self._target.recovery_region)
            subnets["-recovery"] = (self._target.recovery_region, away)
        for suffix, (region, subnet) in subnets.items():
            for name, service_class in _CONNECTED.items():
                if name in without:
                    continue
                paths.append(
                    NetworkConnectivityServiceConnectionPolicy(
                        self,
                        f"path-{name}{suffix}",
                        name=f"{self._prefix}-{name}{suffix}",
                        location=region,
                        network=self._vpc.id,
                        service_class=service_class,  # NET-3
                        psc_config=NetworkConnectivityServiceConnectionPolicyPscConfig(
                            subnetworks=[subnet.id], limit="16"
                        ),
                        depends_on=[service(self, "networkconnectivity")],
                    )
                )
        return paths

    def _private_domain(self, domain: str) -> list[ITerraformDependable]:
        name = domain.replace(".", "-")
        zone = DnsManagedZone(
            self,
            f"path-{name}",
            name=f"{self._prefix}-{name}",
            dns_name=f"{domain}.",
            description=f"{domain}, reached privately",
            visibility="private",
            private_visibility_config=self._inside(),
            depends_on=[service(self, "dns")],
        )
        # Google's APIs share one restricted name; the other domains have their own names
        address = "restricted.googleapis.com." if domain == "googleapis.com" else f"{domain}."
        records = {"address": (address, "A", list(_GOOGLE_ADDRESSES)), "names": (f"*.{domain}.", "CNAME", [address])}
        return [
            DnsRecordSet(
                self,
                f"path-{name}-{id}",
                managed_zone=zone.name,
                name=record,
                type=type,
                ttl=300,
                rrdatas=values,  # NET-3
            )
            for id, (record, type, values) in records.items()
        ]

    def _inside(self) -> DnsManagedZonePrivateVisibilityConfig:
        return DnsManagedZonePrivateVisibilityConfig(
            networks=[DnsManagedZonePrivateVisibilityConfigNetworks(network_url=self._vpc_id)]
        )

    def _log_queries(self) -> None:
        DnsPolicy(
            self,
            "queries",
            name=self._prefix,
            description="Logs DNS queries from inside the network",
            enable_logging=True,  # NET-8
            enable_inbound_forwarding=self._spec.hybrid is not None,
            networks=[DnsPolicyNetworks(network_url=self._vpc.id)],
            depends_on=[service(self, "dns")],
        )
