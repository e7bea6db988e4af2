"""The network, the entry and the link (NET-1 to NET-7)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, point, put, remove, statement, to

POOL = ("aws_eks_node_group", "cluster/pool-system")
TEMPLATE = ("aws_launch_template", "cluster/template-system")
OPENING = ("aws_vpc_security_group_ingress_rule", "network/openings/nodes-to-database-in")

MUTANTS = [
    mutant(
        "NET-1",
        "node subnet hands out addresses",
        put("aws_subnet", "network/nodes-a", "map_public_ip_on_launch", True),
    ),
    mutant(
        "NET-1", "data subnet hands out addresses", put("aws_subnet", "network/data-a", "map_public_ip_on_launch", True)
    ),
    mutant("NET-1", "pool in no zone of ours", put(*POOL, "subnet_ids", ["${aws_subnet.none.id}"])),
    mutant(
        "NET-1 DB-1",
        "database in no subnet of ours",
        put("aws_db_subnet_group", "database/subnets", "subnet_ids", ["subnet-1", "subnet-2"]),
    ),
    mutant(
        "NET-2",
        "nodes leave by the internet gateway",
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
    mutant("NET-2", "no way out for nodes", remove("aws_route", "network/nodes-a-route")),
    mutant("NET-2", "NAT without a fixed address", drop("aws_nat_gateway", "network/nat-a", "allocation_id")),
    mutant("NET-2", "one NAT less", remove("aws_nat_gateway", "network/nat-c"), only="prod"),
    mutant(
        "NET-2",
        "two NATs in one zone",
        point("aws_nat_gateway", "network/nat-b", "subnet_id", ("aws_subnet", "network/public-a"), "id"),
        only="prod",
    ),
    mutant("NET-2", "an address for somebody else", add("aws_eip", "network/mutant", {"domain": "vpc"})),
    mutant(
        "NET-2",
        "nodes with public addresses",
        put(*TEMPLATE, "network_interfaces", [{"associate_public_ip_address": "true"}]),
    ),
    mutant(
        "NET-2",
        "the database's way out",
        point(
            "aws_route_table_association",
            "network/data-a-routes",
            "route_table_id",
            ("aws_route_table", "network/nodes-a-table"),
            "id",
        ),
    ),
    mutant("NET-3", "no private path to secrets", remove("aws_vpc_endpoint", "network/path-secretsmanager")),
    mutant("NET-3", "no private path to objects", remove("aws_vpc_endpoint", "network/path-s3")),
    mutant(
        "NET-3", "a path that nobody finds", put("aws_vpc_endpoint", "network/path-kms", "private_dns_enabled", False)
    ),
    mutant(
        "NET-3",
        "a path for everybody",
        inside("aws_vpc_endpoint", "network/path-sts", "policy", statement(0, Condition=None)),
    ),
    mutant("NET-3", "a path without its group", put("aws_vpc_endpoint", "network/path-kms", "security_group_ids", [])),
    mutant("NET-3", "objects' path off the routes", put("aws_vpc_endpoint", "network/path-s3", "route_table_ids", [])),
    mutant(
        "NET-3", "no private path to the database's API", remove("aws_vpc_endpoint", "network/path-rds"), only="prod"
    ),
    mutant(
        "NET-4",
        "the default group opens",
        put(
            "aws_default_security_group",
            "network/default-group",
            "ingress",
            [{"protocol": -1, "from_port": 0, "to_port": 0}],
        ),
    ),
    mutant(
        "NET-4", "the default group is left as it is", remove("aws_default_security_group", "network/default-group")
    ),
    mutant(
        "NET-4",
        "the default list opens",
        put("aws_default_network_acl", "network/default-access-list", "egress", [{"protocol": -1, "action": "allow"}]),
    ),
    mutant("NET-4", "an opening without a purpose", drop(*OPENING, "description")),
    mutant("NET-4", "an opening of every protocol", put(*OPENING, "ip_protocol", "-1")),
    mutant(
        "NET-4 DB-1",
        "the database open to everywhere",
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
        "nodes open to everywhere",
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
        "nodes reach everything",
        put("aws_vpc_security_group_egress_rule", "network/openings/nodes-to-https-out", "to_port", 65535),
    ),
    mutant(
        "NET-4",
        "an opening inside its group",
        put(
            "aws_security_group",
            "network/openings/nodes-group",
            "ingress",
            [{"from_port": 0, "to_port": 0, "protocol": "-1"}],
        ),
    ),
    mutant("NET-5", "only refusals are logged", put("aws_flow_log", "network/flow-log", "traffic_type", "REJECT")),
    mutant("NET-5", "no flow log", remove("aws_flow_log", "network/flow-log")),
    mutant("NET-5", "a coarse flow log", put("aws_flow_log", "network/flow-log", "max_aggregation_interval", 3600)),
    mutant(
        "NET-5",
        "flow logs hardly kept",
        put("aws_cloudwatch_log_group", "observability/flow-log", "retention_in_days", 1),
    ),
    mutant(
        "NET-5", "flow logs elsewhere", put("aws_flow_log", "network/flow-log", "log_destination", "arn:aws:logs:::x")
    ),
    mutant("NET-6", "old TLS", put("aws_lb_listener", "entry/https", "ssl_policy", "ELBSecurityPolicy-2016-08")),
    mutant(
        "NET-6",
        "TLS 1.0 by the back door",
        put("aws_lb_listener", "entry/https", "ssl_policy", "ELBSecurityPolicy-TLS13-1-0-2021-06"),
    ),
    mutant(
        "NET-6", "plain HTTP is served", put("aws_lb_listener", "entry/http", "default_action", [{"type": "forward"}])
    ),
    mutant("NET-6", "no certificate", drop("aws_lb_listener", "entry/https", "certificate_arn")),
    mutant("NET-6", "no HTTPS at all", remove("aws_lb_listener", "entry/https")),
    mutant("NET-6", "no firewall", remove("aws_wafv2_web_acl_association", "entry/firewall-association")),
    mutant(
        "NET-6",
        "the firewall of somebody else",
        put("aws_wafv2_web_acl_association", "entry/firewall-association", "web_acl_arn", "arn:x"),
    ),
    mutant("NET-6", "a managed rule less", drop("aws_wafv2_web_acl", "entry/firewall", "rule.0")),
    mutant("NET-6", "no rate limit", drop("aws_wafv2_web_acl", "entry/firewall", "rule.4")),
    mutant(
        "NET-6",
        "a high rate limit",
        put("aws_wafv2_web_acl", "entry/firewall", "rule.4.statement.rate_based_statement.limit", 10**6),
    ),
    mutant(
        "NET-6",
        "rules that only count",
        put("aws_wafv2_web_acl", "entry/firewall", "rule.0.override_action", {"count": {}}),
        only="prod",
    ),
    mutant(
        "NET-6", "a firewall without a log", remove("aws_wafv2_web_acl_logging_configuration", "entry/firewall-log")
    ),
    mutant("NET-6", "odd headers pass", put("aws_lb", "entry/load-balancer", "drop_invalid_header_fields", False)),
    mutant("NET-7", "no link", remove("aws_vpn_connection", "hybrid/connection"), only="prod"),
    mutant(
        "NET-7", "another peer", put("aws_customer_gateway", "hybrid/device", "ip_address", "203.0.113.7"), only="prod"
    ),
    mutant(
        "NET-7", "no route behind it", remove("aws_vpn_connection_route", "hybrid/route-192.168.0.0-16"), only="prod"
    ),
    mutant(
        "NET-7",
        "nodes cannot use it",
        remove("aws_vpn_gateway_route_propagation", "hybrid/propagation-nodes-a"),
        only="prod",
    ),
    mutant(
        "NET-7",
        "old key exchange",
        put("aws_vpn_connection", "hybrid/connection", "tunnel2_ike_versions", ["ikev1"]),
        only="prod",
    ),
]
