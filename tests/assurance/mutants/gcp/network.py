"""The network, the entry and the link (NET-1 to NET-7)."""

from tests.assurance.mutants import add, drop, every, mutant, point, put, remove

VPC, NAT = ("google_compute_network", "network/vpc"), ("google_compute_router_nat", "network/nat")
CLUSTER, SPOT = ("google_container_cluster", "cluster/cluster"), ("google_container_node_pool", "cluster/pool-spot")
RULE, NODES = "google_compute_firewall", ("google_compute_subnetwork", "network/nodes")
WAF, HTTPS = ("google_compute_security_policy", "entry/firewall"), ("google_compute_target_https_proxy", "entry/https")
TUNNEL = ("google_compute_vpn_tunnel", "hybrid/tunnel-0")

MUTANTS = [
    mutant("NET-1", "Google makes subnets", put(*VPC, "auto_create_subnetworks", True)),
    mutant("NET-1", "a pool in one zone", put(*SPOT, "node_locations", ["europe-west3-a"]), only="prod"),
    mutant("NET-1", "nodes with public addresses", put(*SPOT, "network_config.enable_private_nodes", False)),
    mutant(
        "NET-1",
        "nodes among the data",
        point(*CLUSTER, "subnetwork", ("google_compute_subnetwork", "network/data"), "id"),
    ),
    mutant("NET-2", "Google's own way out", put(*VPC, "delete_default_routes_on_create", False)),
    mutant("NET-2", "addresses that change", put(*NAT, "nat_ip_allocate_option", "AUTO_ONLY")),
    mutant("NET-2", "an address less", drop(*NAT, "nat_ips.0")),
    mutant("NET-2", "NAT for others too", put(*NAT, "subnetwork", [])),
    mutant("NET-2", "an address for somebody else", add("google_compute_address", "network/mutant", {"name": "x"})),
    mutant("NET-3", "APIs by public addresses", put(*NODES, "private_ip_google_access", False)),
    mutant(
        "NET-3",
        "APIs under public names",
        put("google_dns_managed_zone", "network/path-googleapis-com", "visibility", "public"),
    ),
    mutant(
        "NET-3",
        "names that lead elsewhere",
        put("google_dns_record_set", "network/path-pkg-dev-address", "rrdatas", ["8.8.8.8"]),
    ),
    mutant(
        "NET-3",
        "no private path to the database",
        remove("google_network_connectivity_service_connection_policy", "network/path-database"),
    ),
    mutant(
        "NET-3",
        "the cache's path among the nodes",
        point(
            "google_network_connectivity_service_connection_policy",
            "network/path-cache",
            "psc_config.subnetworks.0",
            NODES,
            "id",
        ),
    ),
    mutant("NET-4", "what is left may come in", remove(RULE, "network/openings/refuse-ingress")),
    mutant("NET-4", "what is left may leave", put(RULE, "network/openings/refuse-egress", "disabled", True)),
    mutant(
        "NET-4", "the refusal is for TCP only", put(RULE, "network/openings/refuse-ingress", "deny.protocol", "tcp")
    ),
    mutant("NET-4", "an opening without a purpose", drop(RULE, "network/openings/api-to-kubelets", "description")),
    mutant(
        "NET-4",
        "kubelets open to everywhere",
        put(RULE, "network/openings/api-to-kubelets", "source_ranges", ["0.0.0.0/0"]),
    ),
    mutant("NET-4", "nodes reach everything", put(RULE, "network/openings/nodes-to-https", "allow.ports", ["0-65535"])),
    mutant(
        "NET-4",
        "an opening for every machine",
        drop(RULE, "network/openings/api-to-kubelets", "target_service_accounts"),
    ),
    mutant("NET-5", "no flow logs", drop(*NODES, "log_config")),
    mutant("NET-5", "half of the traffic", put(*NODES, "log_config.flow_sampling", 0.5)),
    mutant("NET-5", "coarse flow logs", put(*NODES, "log_config.aggregation_interval", "INTERVAL_15_MIN")),
    mutant(
        "NET-5",
        "flow logs hardly kept",
        put("google_logging_project_bucket_config", "observability/flow-log", "retention_days", 1),
    ),
    mutant(
        "NET-5",
        "flow logs elsewhere",
        put("google_logging_project_sink", "observability/flow-sink", "destination", "x"),
    ),
    mutant("NET-5", "other logs", put("google_logging_project_sink", "observability/flow-sink", "filter", "log_id(x)")),
    mutant("NET-6", "old TLS", put("google_compute_ssl_policy", "entry/tls", "min_tls_version", "TLS_1_0")),
    mutant("NET-6", "weak ciphers", put("google_compute_ssl_policy", "entry/tls", "profile", "COMPATIBLE")),
    mutant("NET-6", "Google's default TLS", drop(*HTTPS, "ssl_policy")),
    mutant("NET-6", "no certificate", drop(*HTTPS, "certificate_map")),
    mutant(
        "NET-6",
        "plain HTTP is served",
        put("google_compute_url_map", "entry/redirect", "default_url_redirect.https_redirect", False),
    ),
    mutant(
        "NET-6", "another port", put("google_compute_global_forwarding_rule", "entry/https-rule", "port_range", "8443")
    ),
    mutant("NET-6", "no firewall", drop("google_compute_backend_service", "entry/ingress", "security_policy")),
    mutant(
        "NET-6",
        "requests are not logged",
        put("google_compute_backend_service", "entry/ingress", "log_config.enable", False),
    ),
    mutant("NET-6", "a managed rule less", drop(*WAF, "rule.1")),
    mutant("NET-6", "rules that only watch", put(*WAF, "rule.1.preview", True), only="prod"),
    mutant("NET-6", "rules that let in", put(*WAF, "rule.1.action", "allow")),
    mutant("NET-6", "no rate limit", drop(*WAF, "rule.0")),
    mutant("NET-6", "a high rate limit", put(*WAF, "rule.0.rate_limit_options.rate_limit_threshold.count", 10**6)),
    mutant("NET-7", "no gateway", remove("google_compute_ha_vpn_gateway", "hybrid/gateway"), only="prod"),
    mutant("NET-7", "one tunnel", remove(*TUNNEL), only="prod"),
    mutant(
        "NET-7",
        "another peer",
        put("google_compute_external_vpn_gateway", "hybrid/peer", "interface.ip_address", "203.0.113.7"),
        only="prod",
    ),
    mutant("NET-7", "old key exchange", put(*TUNNEL, "ike_version", 1), only="prod"),
    mutant(
        "NET-7",
        "a stranger's routes",
        put("google_compute_router_peer", "hybrid/session-0", "peer_asn", 1),
        only="prod",
    ),
    mutant(
        "NET-4",
        "an opening for anybody",
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
]
