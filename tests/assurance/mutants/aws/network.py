"""Network, public entry and VPN (NET-1 to NET-7)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, point, put, remove, statement, to

POOL = ("aws_eks_node_group", "cluster/pool-system")
TEMPLATE = ("aws_launch_template", "cluster/template-system")
OPENING = ("aws_vpc_security_group_ingress_rule", "network/openings/nodes-to-database-in")

MUTANTS = [
    mutant(
        "NET-1",
        "node subnet assigns public addresses",
        put("aws_subnet", "network/nodes-a", "map_public_ip_on_launch", True),
    ),
    mutant(
        "NET-1",
        "data subnet assigns public addresses",
        put("aws_subnet", "network/data-a", "map_public_ip_on_launch", True),
    ),
    mutant("NET-1", "node pool outside the environment's subnets", put(*POOL, "subnet_ids", ["${aws_subnet.none.id}"])),
    mutant(
        "NET-1 DB-1",
        "database outside the environment's subnets",
        put("aws_db_subnet_group", "database/subnets", "subnet_ids", ["subnet-1", "subnet-2"]),
    ),
    mutant(
        "NET-2 NET-4",
        "node egress through the internet gateway",
        every(
            [
                drop("aws_route", "network/nodes-a-route", "nat_gateway_id"),
                point(
                    "aws_route",
                    "network/nodes-a-route",
                    "gateway_id",
                    ("aws_internet_gateway", "network/gateway"),
                    "id",
                ),
            ]
        ),
    ),
    mutant("NET-2", "no default route for nodes", remove("aws_route", "network/nodes-a-route")),
    mutant("NET-2", "NAT without a fixed address", drop("aws_nat_gateway", "network/nat-a", "allocation_id")),
    mutant("NET-2", "missing NAT gateway", remove("aws_nat_gateway", "network/nat-c"), only="prod"),
    mutant(
        "NET-2",
        "two NAT gateways in one zone",
        point("aws_nat_gateway", "network/nat-b", "subnet_id", ("aws_subnet", "network/public-a"), "id"),
        only="prod",
    ),
    mutant("NET-2", "unexpected public address", add("aws_eip", "network/mutant", {"domain": "vpc"})),
    mutant(
        "NET-2",
        "nodes with public addresses",
        put(*TEMPLATE, "network_interfaces", [{"associate_public_ip_address": "true"}]),
    ),
    mutant(
        "NET-2 NET-4",
        "default route in a data subnet",
        point(
            "aws_route_table_association",
            "network/data-a-routes",
            "route_table_id",
            ("aws_route_table", "network/nodes-a-table"),
            "id",
        ),
    ),
    mutant("NET-3", "no private endpoint for secrets", remove("aws_vpc_endpoint", "network/path-secretsmanager")),
    mutant("NET-3 NET-4", "no private endpoint for object storage", remove("aws_vpc_endpoint", "network/path-s3")),
    mutant(
        "NET-3",
        "endpoint without private DNS",
        put("aws_vpc_endpoint", "network/path-kms", "private_dns_enabled", False),
    ),
    mutant(
        "NET-3",
        "endpoint policy open to other accounts",
        inside("aws_vpc_endpoint", "network/path-sts", "policy", statement(0, Condition=None)),
    ),
    mutant(
        "NET-3",
        "endpoint in another security group",
        put("aws_vpc_endpoint", "network/path-kms", "security_group_ids", []),
    ),
    mutant(
        "NET-3",
        "object storage endpoint without route tables",
        put("aws_vpc_endpoint", "network/path-s3", "route_table_ids", []),
    ),
    mutant(
        "NET-3", "no private endpoint for the database API", remove("aws_vpc_endpoint", "network/path-rds"), only="prod"
    ),
    mutant(
        "NET-4",
        "rule in the default security group",
        put(
            "aws_default_security_group",
            "network/default-group",
            "ingress",
            [{"protocol": -1, "from_port": 0, "to_port": 0, "self": True}],
        ),
    ),
    mutant("NET-4", "unmanaged default security group", remove("aws_default_security_group", "network/default-group")),
    mutant(
        "NET-4",
        "rule in the default network ACL",
        put("aws_default_network_acl", "network/default-access-list", "egress", [{"protocol": -1, "action": "allow"}]),
    ),
    mutant(
        "NET-4",
        "network ACL of data subnets open to the internet",
        put("aws_network_acl", "network/data-access-list", "ingress.0.cidr_block", "0.0.0.0/0"),
    ),
    mutant("NET-4", "firewall rule without a description", drop(*OPENING, "description")),
    mutant("NET-4", "firewall rule for every protocol", put(*OPENING, "ip_protocol", "-1")),
    mutant(
        "NET-4",
        "database open to the internet",
        add(
            OPENING[0],
            "network/openings/mutant",
            {
                "description": "just for a moment",
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "tcp",
                "from_port": 5432,
                "to_port": 5432,
                "security_group_id": to("aws_security_group", "network/openings/database-group", "id"),
            },
        ),
    ),
    mutant(
        "NET-4",
        "nodes open to the internet",
        add(
            OPENING[0],
            "network/openings/mutant",
            {
                "description": "just for a moment",
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "tcp",
                "from_port": 22,
                "to_port": 22,
                "security_group_id": to("aws_security_group", "network/openings/nodes-group", "id"),
            },
        ),
    ),
    mutant(
        "NET-4",
        "unrestricted node egress",
        put("aws_vpc_security_group_egress_rule", "network/openings/nodes-to-https-out", "to_port", 65535),
    ),
    mutant(
        "NET-4",
        "inline firewall rule",
        put(
            "aws_security_group",
            "network/openings/nodes-group",
            "ingress",
            [{"from_port": 0, "to_port": 0, "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}],
        ),
    ),
    mutant(
        "NET-5", "flow log of rejected traffic only", put("aws_flow_log", "network/flow-log", "traffic_type", "REJECT")
    ),
    mutant("NET-5", "no flow log", remove("aws_flow_log", "network/flow-log")),
    mutant(
        "NET-5",
        "flow log with a long interval",
        put("aws_flow_log", "network/flow-log", "max_aggregation_interval", 3600),
    ),
    mutant(
        "NET-5",
        "short flow log retention",
        put("aws_cloudwatch_log_group", "observability/flow-log", "retention_in_days", 1),
    ),
    mutant(
        "NET-5",
        "flow logs in another destination",
        put("aws_flow_log", "network/flow-log", "log_destination", "arn:aws:logs:::x"),
    ),
    mutant(
        "NET-6",
        "outdated TLS version",
        put("aws_lb_listener", "entry/https", "ssl_policy", "ELBSecurityPolicy-2016-08"),
    ),
    mutant(
        "NET-6",
        "TLS policy that allows TLS 1.0",
        put("aws_lb_listener", "entry/https", "ssl_policy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
    ),
    mutant(
        "NET-6",
        "plain HTTP without redirect",
        put("aws_lb_listener", "entry/http", "default_action", [{"type": "forward"}]),
    ),
    mutant("NET-6", "no certificate", drop("aws_lb_listener", "entry/https", "certificate_arn")),
    mutant("NET-6 NET-4", "no HTTPS listener", remove("aws_lb_listener", "entry/https")),
    mutant(
        "NET-6", "no web application firewall", remove("aws_wafv2_web_acl_association", "entry/firewall-association")
    ),
    mutant(
        "NET-6",
        "web application firewall outside the stack",
        put("aws_wafv2_web_acl_association", "entry/firewall-association", "web_acl_arn", "arn:x"),
    ),
    mutant("NET-6", "missing managed rule set", drop("aws_wafv2_web_acl", "entry/firewall", "rule.0")),
    mutant("NET-6", "no rate limit", drop("aws_wafv2_web_acl", "entry/firewall", "rule.4")),
    mutant(
        "NET-6",
        "rate limit too high",
        put("aws_wafv2_web_acl", "entry/firewall", "rule.4.statement.rate_based_statement.limit", 10**6),
    ),
    mutant(
        "NET-6",
        "managed rules in count mode",
        put("aws_wafv2_web_acl", "entry/firewall", "rule.0.override_action", {"count": {}}),
        only="prod",
    ),
    mutant(
        "NET-6",
        "web application firewall without logs",
        remove("aws_wafv2_web_acl_logging_configuration", "entry/firewall-log"),
    ),
    mutant(
        "NET-6", "invalid headers accepted", put("aws_lb", "entry/load-balancer", "drop_invalid_header_fields", False)
    ),
    mutant("NET-7", "no VPN connection", remove("aws_vpn_connection", "hybrid/connection"), only="prod"),
    mutant(
        "NET-7",
        "wrong peer address",
        put("aws_customer_gateway", "hybrid/device", "ip_address", "203.0.113.7"),
        only="prod",
    ),
    mutant(
        "NET-7",
        "no route to the peer network",
        remove("aws_vpn_connection_route", "hybrid/route-192.168.0.0-16"),
        only="prod",
    ),
    mutant(
        "NET-7",
        "no route propagation to node subnets",
        remove("aws_vpn_gateway_route_propagation", "hybrid/propagation-nodes-a"),
        only="prod",
    ),
    mutant(
        "NET-7",
        "outdated IKE version",
        put("aws_vpn_connection", "hybrid/connection", "tunnel2_ike_versions", ["ikev1"]),
        only="prod",
    ),
    mutant(
        "NET-8",
        "DNS queries not logged",
        remove("aws_route53_resolver_query_log_config_association", "network/query-log-of-vpc"),
    ),
    mutant(
        "NET-8",
        "DNS queries logged elsewhere",
        put(
            "aws_route53_resolver_query_log_config",
            "network/query-log",
            "destination_arn",
            "arn:aws:logs:eu-central-1:777788889999:log-group:other",
        ),
    ),
    mutant("NET-8", "no log of DNS queries", remove("aws_cloudwatch_log_group", "observability/dns-log")),
]
