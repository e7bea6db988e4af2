"""Network, public entry and VPN (NET-1 to NET-7)."""

from tests.assurance.mutants import add, drop, every, mutant, point, put, remove

VPC, NAT = ("google_compute_network", "network/vpc"), ("google_compute_router_nat", "network/nat")
CLUSTER, SPOT = ("google_container_cluster", "cluster/cluster"), ("google_container_node_pool", "cluster/pool-spot")
RULE, NODES = "google_compute_firewall", ("google_compute_subnetwork", "network/nodes")
WAF, HTTPS = ("google_compute_security_policy", "entry/firewall"), ("google_compute_target_https_proxy", "entry/https")
TUNNEL = ("google_compute_vpn_tunnel", "hybrid/tunnel-0")

MUTANTS = [
    mutant("NET-1", "automatic subnets", put(*VPC, "auto_create_subnetworks", True)),
    mutant("NET-1", "node pool in one zone", put(*SPOT, "node_locations", ["europe-west3-a"]), only="prod"),
    mutant("NET-1", "nodes with public addresses", put(*SPOT, "network_config.enable_private_nodes", False)),
    mutant(
        "NET-1",
        "nodes in the data subnet",
        point(*CLUSTER, "subnetwork", ("google_compute_subnetwork", "network/data"), "id"),
    ),
    mutant("NET-2", "default internet route kept", put(*VPC, "delete_default_routes_on_create", False)),
    mutant("NET-2", "automatic NAT addresses", put(*NAT, "nat_ip_allocate_option", "AUTO_ONLY")),
    mutant("NET-2", "missing NAT address", drop(*NAT, "nat_ips.0")),
    mutant("NET-2", "NAT for all subnets", put(*NAT, "subnetwork", [])),
    mutant("NET-2", "unexpected public address", add("google_compute_address", "network/mutant", {"name": "x"})),
    mutant("NET-3", "private Google access disabled", put(*NODES, "private_ip_google_access", False)),
    mutant(
        "NET-3",
        "public DNS zone for Google APIs",
        put("google_dns_managed_zone", "network/path-googleapis-com", "visibility", "public"),
    ),
    mutant(
        "NET-3",
        "wrong address for Google APIs",
        put("google_dns_record_set", "network/path-pkg-dev-address", "rrdatas", ["8.8.8.8"]),
    ),
    mutant(
        "NET-3",
        "no private path to the database",
        remove("google_network_connectivity_service_connection_policy", "network/path-database"),
    ),
    mutant(
        "NET-3",
        "cache endpoint in the node subnet",
        point(
            "google_network_connectivity_service_connection_policy",
            "network/path-cache",
            "psc_config.subnetworks.0",
            NODES,
            "id",
        ),
    ),
    mutant("NET-4", "no default deny for ingress", remove(RULE, "network/openings/refuse-ingress")),
    mutant("NET-4", "no default deny for egress", put(RULE, "network/openings/refuse-egress", "disabled", True)),
    mutant("NET-4", "default deny for TCP only", put(RULE, "network/openings/refuse-ingress", "deny.protocol", "tcp")),
    mutant(
        "NET-4", "firewall rule without a description", drop(RULE, "network/openings/api-to-kubelets", "description")
    ),
    mutant(
        "NET-4",
        "kubelets open to the internet",
        put(RULE, "network/openings/api-to-kubelets", "source_ranges", ["0.0.0.0/0"]),
    ),
    mutant(
        "NET-4", "unrestricted node egress", put(RULE, "network/openings/nodes-to-https", "allow.ports", ["0-65535"])
    ),
    mutant(
        "NET-4",
        "firewall rule without a target",
        drop(RULE, "network/openings/api-to-kubelets", "target_service_accounts"),
    ),
    mutant(
        "NET-4",
        "firewall policy that allows a range",
        add(
            "google_compute_network_firewall_policy_rule",
            "network/mutant",
            {"direction": "INGRESS", "action": "allow", "priority": 1, "match": [{"src_ip_ranges": ["8.8.8.0/24"]}]},
        ),
    ),
    mutant("NET-5", "no flow logs", drop(*NODES, "log_config")),
    mutant("NET-5", "flow log sampling of 50 %", put(*NODES, "log_config.flow_sampling", 0.5)),
    mutant(
        "NET-5", "flow logs with a long interval", put(*NODES, "log_config.aggregation_interval", "INTERVAL_15_MIN")
    ),
    mutant(
        "NET-5",
        "short flow log retention",
        put("google_logging_project_bucket_config", "observability/flow-log", "retention_days", 1),
    ),
    mutant(
        "NET-5 ID-2",
        "flow logs in another destination",
        put("google_logging_project_sink", "observability/flow-sink", "destination", "x"),
    ),
    mutant(
        "NET-5",
        "flow log sink with another filter",
        put("google_logging_project_sink", "observability/flow-sink", "filter", "log_id(x)"),
    ),
    mutant(
        "NET-6", "outdated TLS version", put("google_compute_ssl_policy", "entry/tls", "min_tls_version", "TLS_1_0")
    ),
    mutant("NET-6", "weak TLS profile", put("google_compute_ssl_policy", "entry/tls", "profile", "COMPATIBLE")),
    mutant("NET-6", "no TLS policy", drop(*HTTPS, "ssl_policy")),
    mutant("NET-6", "no certificate", drop(*HTTPS, "certificate_map")),
    mutant(
        "NET-6",
        "plain HTTP without redirect",
        put("google_compute_url_map", "entry/redirect", "default_url_redirect.https_redirect", False),
    ),
    mutant(
        "NET-6 NET-4",
        "wrong port",
        put("google_compute_global_forwarding_rule", "entry/https-rule", "port_range", "8443"),
    ),
    mutant(
        "NET-6",
        "no web application firewall",
        drop("google_compute_backend_service", "entry/ingress", "security_policy"),
    ),
    mutant(
        "NET-6",
        "requests not logged",
        put("google_compute_backend_service", "entry/ingress", "log_config.enable", False),
    ),
    mutant("NET-6", "missing managed rule set", drop(*WAF, "rule.1")),
    mutant("NET-6", "managed rules in preview mode", put(*WAF, "rule.1.preview", True), only="prod"),
    mutant("NET-6", "managed rules that allow", put(*WAF, "rule.1.action", "allow")),
    mutant("NET-6", "no rate limit", drop(*WAF, "rule.10")),
    mutant("NET-6", "rate limit too high", put(*WAF, "rule.10.rate_limit_options.rate_limit_threshold.count", 10**6)),
    mutant("NET-7", "no VPN gateway", remove("google_compute_ha_vpn_gateway", "hybrid/gateway"), only="prod"),
    mutant("NET-7", "one VPN tunnel", remove(*TUNNEL), only="prod"),
    mutant(
        "NET-7",
        "wrong peer address",
        put("google_compute_external_vpn_gateway", "hybrid/peer", "interface.ip_address", "203.0.113.7"),
        only="prod",
    ),
    mutant("NET-7", "outdated IKE version", put(*TUNNEL, "ike_version", 1), only="prod"),
    mutant(
        "NET-7",
        "wrong peer ASN",
        put("google_compute_router_peer", "hybrid/session-0", "peer_asn", 1),
        only="prod",
    ),
    mutant(
        "NET-4",
        "firewall rule for any source",
        every(
            [
                add(
                    RULE,
                    "network/openings/mutant",
                    {
                        "name": "x",
                        "direction": "INGRESS",
                        "description": "just for a moment",
                        "source_ranges": ["0.0.0.0/0"],
                        "allow": [{"protocol": "tcp", "ports": ["22"]}],
                        "target_tags": ["x"],
                    },
                ),
            ]
        ),
    ),
    mutant("NET-8", "DNS queries not logged", drop("google_dns_policy", "network/queries", "enable_logging")),
    mutant("NET-8", "DNS queries of another network", put("google_dns_policy", "network/queries", "networks", [])),
    mutant(
        "NET-8",
        "queries of public names not logged",
        drop("google_dns_managed_zone", "entry/zone", "cloud_logging_config"),
    ),
]
