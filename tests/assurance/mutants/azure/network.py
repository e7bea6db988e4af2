"""Network, public entry and VPN (NET-1 to NET-8)."""

from tests.assurance.mutants import add, drop, every, mutant, put, remove, to

CLUSTER = ("azurerm_kubernetes_cluster", "cluster/control-plane")
DB = ("azurerm_postgresql_flexible_server", "database/server")
GATEWAY, POLICY = (
    ("azurerm_application_gateway", "entry/load-balancer"),
    ("azurerm_web_application_firewall_policy", "entry/firewall"),
)
RULE, FLOW = "azurerm_network_security_rule", ("azurerm_network_watcher_flow_log", "network/flow-log")
OPENING = (RULE, "network/openings/database-nodes-to-database-in")
LINK = ("azurerm_virtual_network_gateway_connection", "hybrid/connection")
DATABASE_SUBNET = "/subscriptions/x/subnets/database"

MUTANTS = [
    mutant(
        "NET-1",
        "nodes in the endpoint subnet",
        put(*CLUSTER, "default_node_pool.vnet_subnet_id", "/x/subnets/endpoints"),
    ),
    mutant("NET-1", "node pool in one zone", put(*CLUSTER, "default_node_pool.zones", ["1"]), only="prod"),
    mutant(
        "NET-1",
        "subnet with default outbound access",
        put("azurerm_subnet", "network/nodes", "default_outbound_access_enabled", True),
    ),
    mutant("NET-1 DB-1", "database in the node subnet", put(*DB, "delegated_subnet_id", "/x/subnets/nodes")),
    mutant("NET-2", "node subnet without NAT", remove("azurerm_subnet_nat_gateway_association", "network/nodes-nat")),
    mutant(
        "NET-2", "NAT without an address", remove("azurerm_nat_gateway_public_ip_association", "network/nat-addressed")
    ),
    mutant(
        "NET-2", "dynamic NAT address", put("azurerm_public_ip", "network/nat-address", "allocation_method", "Dynamic")
    ),
    mutant(
        "NET-2",
        "cluster egress through its load balancer",
        put(*CLUSTER, "network_profile.outbound_type", "loadBalancer"),
    ),
    mutant("NET-2", "nodes with public addresses", put(*CLUSTER, "default_node_pool.node_public_ip_enabled", True)),
    mutant(
        "NET-2",
        "node pool with public addresses",
        put("azurerm_kubernetes_cluster_node_pool", "cluster/pool-spot", "node_public_ip_enabled", True),
    ),
    mutant("NET-2", "unexpected public address", add("azurerm_public_ip", "mutant", {"name": "x"})),
    mutant(
        "NET-2", "zonal NAT gateway", put("azurerm_nat_gateway", "network/nat", "sku_name", "Standard"), only="prod"
    ),
    mutant("NET-3", "no private endpoint for secrets", remove("azurerm_private_endpoint", "network/path-vault")),
    mutant("NET-3", "no private endpoint for a layer", remove("azurerm_private_endpoint", "network/path-gold")),
    mutant(
        "NET-3",
        "endpoint without a private DNS zone",
        drop("azurerm_private_endpoint", "registry/path-registry", "private_dns_zone_group"),
    ),
    mutant(
        "NET-3",
        "private DNS zone not linked to the network",
        remove("azurerm_private_dns_zone_virtual_network_link", "network/zone-vault-link"),
    ),
    mutant(
        "NET-3",
        "private endpoint in the node subnet",
        put("azurerm_private_endpoint", "network/path-vault", "subnet_id", "/x/subnets/nodes"),
    ),
    mutant(
        "NET-4",
        "subnet without a network security group",
        remove("azurerm_subnet_network_security_group_association", "network/nodes-guard"),
    ),
    mutant("NET-4", "no default deny for ingress", remove(RULE, "network/openings/database-refuse-in")),
    mutant("NET-4", "default deny for TCP only", put(RULE, "network/openings/nodes-refuse-out", "protocol", "Tcp")),
    mutant("NET-4", "firewall rule without a description", drop(*OPENING, "description")),
    mutant(
        "NET-4",
        "database open to the internet",
        every(
            [
                drop(*OPENING, "source_address_prefixes"),
                put(*OPENING, "source_address_prefix", "Internet"),
            ]
        ),
    ),
    mutant(
        "NET-4",
        "public entry open on another port",
        put(RULE, "network/openings/entry-public-http-in", "destination_port_range", "22"),
    ),
    mutant(
        "NET-4",
        "unrestricted node egress",
        put(RULE, "network/openings/nodes-to-https-out", "destination_port_range", "0-65535"),
    ),
    mutant(
        "NET-4",
        "inline firewall rule",
        put(
            "azurerm_network_security_group",
            "network/openings/nodes-group",
            "security_rule",
            [{"name": "x", "access": "Allow"}],
        ),
    ),
    mutant("NET-5", "no flow log", remove(*FLOW)),
    mutant("NET-5", "flow logs disabled", put(*FLOW, "enabled", False)),
    mutant("NET-5", "short flow log retention", put(*FLOW, "retention_policy.days", 1)),
    mutant("NET-5", "flow log retention disabled", put(*FLOW, "retention_policy.enabled", False)),
    mutant("NET-5", "flow logs in another destination", put(*FLOW, "storage_account_id", "/x/elsewhere")),
    mutant("NET-5", "no traffic analytics", drop(*FLOW, "traffic_analytics")),
    mutant(
        "NET-5",
        "traffic analytics in another workspace",
        put(*FLOW, "traffic_analytics.workspace_resource_id", "/x/elsewhere"),
    ),
    mutant("NET-6", "outdated TLS version", put(*GATEWAY, "ssl_policy.policy_name", "AppGwSslPolicy20150501")),
    mutant(
        "NET-6", "plain HTTP without redirect", drop(*GATEWAY, "request_routing_rule.1.redirect_configuration_name")
    ),
    mutant("NET-6", "redirect to plain HTTP", put(*GATEWAY, "redirect_configuration.target_listener_name", "http")),
    mutant("NET-6", "backend over plain HTTP", put(*GATEWAY, "backend_http_settings.0.protocol", "Http")),
    mutant("NET-6", "no certificate", drop(*GATEWAY, "http_listener.0.ssl_certificate_name")),
    mutant("NET-6", "no web application firewall", drop(*GATEWAY, "firewall_policy_id")),
    mutant("NET-6", "gateway tier without a web application firewall", put(*GATEWAY, "sku.tier", "Standard_v2")),
    mutant("NET-6", "web application firewall disabled", put(*POLICY, "policy_settings.enabled", False)),
    mutant(
        "NET-6",
        "web application firewall in detection mode",
        put(*POLICY, "policy_settings.mode", "Detection"),
        only="prod",
    ),
    mutant("NET-6", "no managed rule set", put(*POLICY, "managed_rules.managed_rule_set", [])),
    mutant("NET-6", "no rate limit", put(*POLICY, "custom_rules", [])),
    mutant("NET-6", "rate limit too high", put(*POLICY, "custom_rules.rate_limit_threshold", 10**6)),
    mutant("NET-6", "rate limit rule that only logs", put(*POLICY, "custom_rules.action", "Log"), only="prod"),
    mutant(
        "NET-6", "web application firewall without logs", remove("azurerm_monitor_diagnostic_setting", "entry/logs")
    ),
    mutant("NET-7", "no VPN connection", remove(*LINK), only="prod"),
    mutant(
        "NET-7",
        "wrong peer address",
        put("azurerm_local_network_gateway", "hybrid/device", "gateway_address", "203.0.113.7"),
        only="prod",
    ),
    mutant(
        "NET-7 NET-4",
        "wrong peer ranges",
        put("azurerm_local_network_gateway", "hybrid/device", "address_space", ["10.0.0.0/8"]),
        only="prod",
    ),
    mutant("NET-7", "outdated IKE version", put(*LINK, "connection_protocol", "IKEv1"), only="prod"),
    mutant("NET-7", "weak VPN encryption", put(*LINK, "ipsec_policy.ipsec_encryption", "DES"), only="prod"),
    mutant("NET-7", "no VPN gateway", remove("azurerm_virtual_network_gateway", "hybrid/gateway"), only="prod"),
    mutant(
        "NET-4",
        "firewall rule for any source",
        add(
            RULE,
            "network/openings/mutant",
            {
                "name": "x",
                "access": "Allow",
                "direction": "Inbound",
                "description": "just for a moment",
                "source_address_prefix": "*",
                "destination_port_range": "22",
                "priority": 100,
                "protocol": "Tcp",
                "network_security_group_name": to(
                    "azurerm_network_security_group", "network/openings/nodes-group", "name"
                ),
            },
        ),
    ),
    mutant(
        "NET-8",
        "names looked up at a server of others",
        put("azurerm_virtual_network", "network/network", "dns_servers", ["198.51.100.53"]),
    ),
]
