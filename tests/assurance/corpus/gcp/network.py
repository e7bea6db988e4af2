"""Paths that no environment declares: firewalls, routes, peerings, load balancers, names."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import add, drop, every, put, to

FIREWALL, OPENINGS = "google_compute_firewall", "network/openings"
VPC, NODES = ("google_compute_network", "network/vpc"), ["dpf-prod-nodes@acme-data-prod.iam.gserviceaccount.com"]
SERVER, CLUSTER = ("google_sql_database_instance", "database/server"), ("google_container_cluster", "cluster/cluster")
WAF, BACKEND = ("google_compute_security_policy", "entry/firewall"), ("google_compute_backend_service", "entry/ingress")
IP = "settings.ip_configuration"


def _rule(name: str, **attributes: Any) -> tuple[str, str, dict[str, Any]]:
    common = {"name": f"dpf-prod-{name}", "network": to(*VPC, "id"), "description": "For the migration"}
    return FIREWALL, f"network/{name}", {**common, **attributes}


def _opened(sentence: str, name: str, **attributes: Any) -> Danger:
    return Danger("network", sentence, add(*_rule(name, **attributes)), f"{FIREWALL} network/{name}")


def _added(sentence: str, type: str, path: str, /, **attributes: Any) -> Danger:
    return Danger("network", sentence, add(type, path, attributes), f"{type} {path}")


def _put(sentence: str, on: tuple[str, str], attribute: str, value: Any) -> Danger:
    return Danger("network", sentence, put(*on, attribute, value), " ".join(on))


SSH, ALL = [{"protocol": "tcp", "ports": ["22"]}], [{"protocol": "all"}]

DANGERS = [
    _opened("inbound rule that leaves the direction to its default", "ssh", allow=SSH, source_ranges=["0.0.0.0/0"]),
    _opened(
        "SSH to the nodes from the internet", "ssh-nodes", direction="INGRESS", allow=SSH,
        source_ranges=["0.0.0.0/0"], target_service_accounts=NODES,
    ),
    _opened(
        "the internet in two halves", "halves", direction="INGRESS", allow=[{"protocol": "tcp", "ports": ["8443"]}],
        source_ranges=["0.0.0.0/1", "128.0.0.0/1"], target_service_accounts=NODES,
    ),
    _opened("inbound rule without any source", "any", direction="INGRESS", allow=ALL, target_service_accounts=NODES),
    _opened(
        "inbound rule from a network tag", "tagged", direction="INGRESS", allow=ALL, source_tags=["bastion"],
        target_service_accounts=NODES,
    ),
    _opened(
        "inbound rule to a tag that any machine may have", "to-tag", direction="INGRESS",
        allow=[{"protocol": "6", "ports": ["5432"]}], source_ranges=["0.0.0.0/0"], target_tags=["gke-node"],
    ),
    _opened(
        "inbound rule from a service account of another project", "foreign-account", direction="INGRESS", allow=ALL,
        source_service_accounts=["ci@other.iam.gserviceaccount.com"], target_service_accounts=NODES,
    ),
    _opened(
        "one foreign address may reach the kubelets", "vendor", direction="INGRESS",
        allow=[{"protocol": "tcp", "ports": ["10250"]}], source_ranges=["8.8.4.4/32"], target_service_accounts=NODES,
    ),
    _opened(
        "the whole private range may reach the nodes", "private", direction="INGRESS",
        allow=[{"protocol": "tcp", "ports": ["1-65535"]}], source_ranges=["10.0.0.0/8"], target_service_accounts=NODES,
    ),
    _opened(
        "nodes may send anything anywhere", "out", direction="EGRESS", priority=500, allow=ALL,
        destination_ranges=["0.0.0.0/0"],
    ),
    _opened(
        "nodes may send UDP to the internet", "dns-out", direction="EGRESS", priority=900,
        allow=[{"protocol": "udp", "ports": ["53"]}], destination_ranges=["0.0.0.0/0"], target_service_accounts=NODES,
    ),
    _opened("IPv6 from anywhere", "six", direction="INGRESS", allow=ALL, source_ranges=["::/0"]),
    _put("the load balancer's rule open to all", (FIREWALL, f"{OPENINGS}/entry-to-ingress"), "source_ranges",
         ["35.191.0.0/16", "130.211.0.0/22", "0.0.0.0/0"]),
    _put("default denial of inbound traffic disabled", (FIREWALL, f"{OPENINGS}/refuse-ingress"), "disabled", True),
    _put("default denial for a part of the outbound traffic", (FIREWALL, f"{OPENINGS}/refuse-egress"),
         "destination_ranges", ["10.0.0.0/8"]),
    _put("default denial of outbound traffic for one target", (FIREWALL, f"{OPENINGS}/refuse-egress"),
         "target_tags", ["none"]),
    _put("on-premises reaches every port of the nodes", (FIREWALL, "hybrid/on-premises-to-ingress"), "allow", ALL),
    _put("webhook rule with one port range too wide", (FIREWALL, f"{OPENINGS}/api-to-webhooks"), "allow",
         [{"protocol": "tcp", "ports": ["8443-9443", "1-1024"]}]),
    _put("nodes reach the whole network on the database's port", (FIREWALL, f"{OPENINGS}/nodes-to-database-out"),
         "destination_ranges", ["10.0.0.0/8"]),
    _added(
        "network firewall policy that allows the internet", "google_compute_network_firewall_policy_rule",
        "network/policy-rule", firewall_policy="open", direction="INGRESS", action="allow", priority=10,
        match=[{"src_ip_ranges": ["0.0.0.0/0"], "layer4_configs": [{"ip_protocol": "tcp", "ports": ["22"]}]}],
    ),
    _added(
        "firewall policy with rules inside", "google_compute_network_firewall_policy_with_rules", "network/policy",
        name="open", rule=[{
            "direction": "EGRESS", "action": "allow", "priority": 10,
            "match": [{"dest_ip_ranges": ["0.0.0.0/0"], "layer4_config": [{"ip_protocol": "all"}]}],
        }],
    ),
    _added(
        "peering with a network of another project", "google_compute_network_peering", "network/peering",
        name="partner", network=to(*VPC, "self_link"), peer_network="projects/other/global/networks/default",
    ),
    _added(
        "traffic of the nodes sent through a machine", "google_compute_route", "network/detour", name="detour",
        network=to(*VPC, "id"), dest_range="0.0.0.0/0", next_hop_ip="10.42.32.9", priority=10,
    ),
    _added(
        "route to a second gateway for half of the internet", "google_compute_route", "network/half", name="half",
        network=to(*VPC, "id"), dest_range="128.0.0.0/1", next_hop_vpn_tunnel="other",
    ),
    _added(
        "packet mirroring to a collector", "google_compute_packet_mirroring", "network/mirror", name="mirror",
        network=[{"url": to(*VPC, "id")}], collector_ilb=[{"url": "projects/other/regions/x/forwardingRules/y"}],
    ),
    _added(
        "bastion with a public address", "google_compute_instance", "network/bastion", name="bastion",
        machine_type="e2-micro", zone="europe-west3-a",
        network_interface=[{"network": "dpf-prod", "access_config": [{}]}],
    ),
    _added(
        "published service of the network for other projects", "google_compute_service_attachment",
        "network/published", name="published", region="europe-west3", connection_preference="ACCEPT_AUTOMATIC",
        nat_subnets=[], target_service="x",
    ),
    _added(
        "load balancer past the web application firewall", "google_compute_forwarding_rule", "entry/direct",
        name="direct", region="europe-west3", load_balancing_scheme="EXTERNAL", all_ports=True, backend_service="x",
    ),
    _added(
        "entry on a management port", "google_compute_global_forwarding_rule", "entry/management", name="management",
        target=to("google_compute_target_https_proxy", "entry/https", "id"), port_range="9443",
        load_balancing_scheme="EXTERNAL_MANAGED",
    ),
    _added(
        "endpoint for a service of another organisation", "google_compute_forwarding_rule", "network/outside",
        name="outside", region="europe-west3", load_balancing_scheme="",
        target="projects/other/regions/europe-west3/serviceAttachments/collect", network=to(*VPC, "id"),
    ),
    _put("database with a public address", SERVER, f"{IP}.ipv4_enabled", True),
    _put("authorized network on the database", SERVER, f"{IP}.authorized_networks",
         [{"name": "home", "value": "0.0.0.0/0"}]),
    _put("another project may connect to the database", SERVER, f"{IP}.psc_config.0.allowed_consumer_projects",
         ["acme-data-prod", "other-project"]),
    _put("database connected to a network of another project", ("google_sql_database_instance", "database/replica-1"),
         f"{IP}.psc_config.0.psc_auto_connections",
         [{"consumer_network": "projects/other/global/networks/default", "consumer_service_project_id": "other"}]),
    _put("cache connected to a network of another project", ("google_memorystore_instance", "cache/cache"),
         "desired_auto_created_endpoints",
         [{"network": "projects/other/global/networks/default", "project_id": "other"}]),
    _put("Kubernetes API on the internet, for two halves of it", CLUSTER, "control_plane_endpoints_config",
         {"ip_endpoints_config": {"enabled": True}}),
    Danger(
        "network", "Kubernetes API open to a private range of a partner",
        every([
            put(*CLUSTER, "control_plane_endpoints_config.ip_endpoints_config.enabled", True),
            put(*CLUSTER, "master_authorized_networks_config",
                {"cidr_blocks": [{"cidr_block": "0.0.0.0/1"}, {"cidr_block": "128.0.0.0/1"}]}),
        ]),
        " ".join(CLUSTER),
    ),
    _put("Kubernetes API reachable by its DNS name from outside", CLUSTER,
         "control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic", True),
    _put("NAT for the data subnet", ("google_compute_router_nat", "network/nat"), "source_subnetwork_ip_ranges_to_nat",
         "ALL_SUBNETWORKS_ALL_IP_RANGES"),
    _put("on-premises is told every subnet", ("google_compute_router", "network/router"), "bgp.advertised_groups",
         ["ALL_SUBNETS"]),
    _put("tunnel to another peer", ("google_compute_external_vpn_gateway", "hybrid/peer"), "interface",
         [{"id": 0, "ip_address": "8.8.4.4"}]),
    _put("rule of the web application firewall that allows all before the others", WAF, "rule.9",
         {"action": "allow", "priority": 1, "description": "Partner",
          "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}}}),
    _put("managed rules after the rule that allows the rest", WAF, "rule.3.priority", 2147483646),
    _put("managed rule limited to one path", WAF, "rule.4.match.expr.expression",
         "request.path == '/admin' && evaluatePreconfiguredWaf('rce-v33-stable', {'sensitivity': 2})"),
    _put("managed rule without its signatures", WAF, "rule.2.match.expr.expression",
         "evaluatePreconfiguredWaf('xss-v33-stable', {'sensitivity': 0})"),
    _put("backend over plain HTTP", BACKEND, "protocol", "HTTP"),
    _put("TLS policy with its own ciphers", ("google_compute_ssl_policy", "entry/tls"), "profile", "CUSTOM"),
    Danger(
        "network", "Google's names resolve to an address on the internet",
        put("google_dns_record_set", "network/path-run-app-address", "rrdatas", ["203.0.114.7"]),
        "google_dns_record_set network/path-run-app-address",
    ),
    _put("names of the network are resolved elsewhere", ("google_dns_policy", "network/queries"),
         "alternative_name_server_config", {"target_name_servers": [{"ipv4_address": "203.0.114.7"}]}),
    Danger(
        "network", "flow logs without the fields that identify a peer",
        drop("google_compute_subnetwork", "network/data", "log_config.metadata"),
        "google_compute_subnetwork network/data",
    ),
    _put("flow logs for a filtered part of the traffic", ("google_compute_subnetwork", "network/nodes"),
         "log_config.filter_expr", "false"),
]  # fmt: skip
