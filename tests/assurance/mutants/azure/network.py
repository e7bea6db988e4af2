"""The network, the entry and the link (NET-1 to NET-7)."""

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
        "NET-1", "nodes among the endpoints", put(*CLUSTER, "default_node_pool.vnet_subnet_id", "/x/subnets/endpoints")
    ),
    mutant("NET-1", "a pool in one zone", put(*CLUSTER, "default_node_pool.zones", ["1"]), only="prod"),
    mutant(
        "NET-1",
        "a subnet with a way out of its own",
        put("azurerm_subnet", "network/nodes", "default_outbound_access_enabled", True),
    ),
    mutant("NET-1 DB-1", "the database among the nodes", put(*DB, "delegated_subnet_id", "/x/subnets/nodes")),
    mutant("NET-2", "nodes leave without NAT", remove("azurerm_subnet_nat_gateway_association", "network/nodes-nat")),
    mutant(
        "NET-2", "NAT without an address", remove("azurerm_nat_gateway_public_ip_association", "network/nat-addressed")
    ),
    mutant(
        "NET-2", "the address changes", put("azurerm_public_ip", "network/nat-address", "allocation_method", "Dynamic")
    ),
    mutant(
        "NET-2",
        "the cluster leaves by its load balancer",
        put(*CLUSTER, "network_profile.outbound_type", "loadBalancer"),
    ),
    mutant("NET-2", "nodes with public addresses", put(*CLUSTER, "default_node_pool.node_public_ip_enabled", True)),
    mutant(
        "NET-2",
        "a pool with public addresses",
        put("azurerm_kubernetes_cluster_node_pool", "cluster/pool-spot", "node_public_ip_enabled", True),
    ),
    mutant("NET-2", "an address for somebody else", add("azurerm_public_ip", "mutant", {"name": "x"})),
    mutant("NET-2", "NAT in one zone", put("azurerm_nat_gateway", "network/nat", "sku_name", "Standard"), only="prod"),
    mutant("NET-3", "no private path to secrets", remove("azurerm_private_endpoint", "network/path-vault")),
    mutant("NET-3", "no private path to a layer", remove("azurerm_private_endpoint", "network/path-gold")),
    mutant(
        "NET-3",
        "a path that nobody finds",
        drop("azurerm_private_endpoint", "registry/path-registry", "private_dns_zone_group"),
    ),
    mutant(
        "NET-3",
        "names that the network does not see",
        remove("azurerm_private_dns_zone_virtual_network_link", "network/zone-vault-link"),
    ),
    mutant(
        "NET-3",
        "a path among the nodes",
        put("azurerm_private_endpoint", "network/path-vault", "subnet_id", "/x/subnets/nodes"),
    ),
    mutant(
        "NET-4",
        "a subnet without a group",
        remove("azurerm_subnet_network_security_group_association", "network/nodes-guard"),
    ),
    mutant("NET-4", "what is left may come in", remove(RULE, "network/openings/database-refuse-in")),
    mutant("NET-4", "the refusal is for TCP only", put(RULE, "network/openings/nodes-refuse-out", "protocol", "Tcp")),
    mutant("NET-4", "an opening without a purpose", drop(*OPENING, "description")),
    mutant(
        "NET-4",
        "the database open to everywhere",
        every(
            [
                drop(*OPENING, "source_address_prefixes"),
                put(*OPENING, "source_address_prefix", "Internet"),
            ]
        ),
    ),
    mutant(
        "NET-4",
        "the entry open on another port",
        put(RULE, "network/openings/entry-public-http-in", "destination_port_range", "22"),
    ),
    mutant(
        "NET-4",
        "nodes reach everything",
        put(RULE, "network/openings/nodes-to-https-out", "destination_port_range", "0-65535"),
    ),
    mutant(
        "NET-4",
        "an opening inside its group",
        put(
            "azurerm_network_security_group",
            "network/openings/nodes-group",
            "security_rule",
            [{"name": "x", "access": "Allow"}],
        ),
    ),
    mutant("NET-5", "no flow log", remove(*FLOW)),
    mutant("NET-5", "flow logs are off", put(*FLOW, "enabled", False)),
    mutant("NET-5", "flow logs hardly kept", put(*FLOW, "retention_policy.days", 1)),
    mutant("NET-5", "flow logs are kept by chance", put(*FLOW, "retention_policy.enabled", False)),
    mutant("NET-5", "flow logs elsewhere", put(*FLOW, "storage_account_id", "/x/elsewhere")),
    mutant("NET-5", "nobody looks at them", drop(*FLOW, "traffic_analytics")),
    mutant("NET-5", "analysed elsewhere", put(*FLOW, "traffic_analytics.workspace_resource_id", "/x/elsewhere")),
    mutant("NET-6", "old TLS", put(*GATEWAY, "ssl_policy.policy_name", "AppGwSslPolicy20150501")),
    mutant("NET-6", "plain HTTP is served", drop(*GATEWAY, "request_routing_rule.1.redirect_configuration_name")),
    mutant("NET-6", "redirected to plain HTTP", put(*GATEWAY, "redirect_configuration.target_listener_name", "http")),
    mutant("NET-6", "no certificate", drop(*GATEWAY, "http_listener.0.ssl_certificate_name")),
    mutant("NET-6", "no firewall", drop(*GATEWAY, "firewall_policy_id")),
    mutant("NET-6", "a gateway without a firewall", put(*GATEWAY, "sku.tier", "Standard_v2")),
    mutant("NET-6", "the firewall is off", put(*POLICY, "policy_settings.enabled", False)),
    mutant("NET-6", "the firewall only watches", put(*POLICY, "policy_settings.mode", "Detection"), only="prod"),
    mutant("NET-6", "no managed rules", put(*POLICY, "managed_rules.managed_rule_set", [])),
    mutant("NET-6", "no rate limit", put(*POLICY, "custom_rules", [])),
    mutant("NET-6", "a high rate limit", put(*POLICY, "custom_rules.rate_limit_threshold", 10**6)),
    mutant("NET-6", "too many are let in", put(*POLICY, "custom_rules.action", "Log"), only="prod"),
    mutant("NET-6", "the firewall keeps no log", remove("azurerm_monitor_diagnostic_setting", "entry/logs")),
    mutant("NET-7", "no link", remove(*LINK), only="prod"),
    mutant(
        "NET-7",
        "another peer",
        put("azurerm_local_network_gateway", "hybrid/device", "gateway_address", "203.0.113.7"),
        only="prod",
    ),
    mutant(
        "NET-7",
        "other ranges",
        put("azurerm_local_network_gateway", "hybrid/device", "address_space", ["10.0.0.0/8"]),
        only="prod",
    ),
    mutant("NET-7", "old key exchange", put(*LINK, "connection_protocol", "IKEv1"), only="prod"),
    mutant("NET-7", "weak encryption", put(*LINK, "ipsec_policy.ipsec_encryption", "DES"), only="prod"),
    mutant("NET-7", "no gateway", remove("azurerm_virtual_network_gateway", "hybrid/gateway"), only="prod"),
    mutant(
        "NET-4",
        "an opening for anybody's machine",
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
]
