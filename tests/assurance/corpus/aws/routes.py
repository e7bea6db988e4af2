"""Paths: access lists, routes, links to other networks, load balancers, endpoints, public addresses."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.corpus.aws.network import VPC, group
from tests.assurance.mutants import Edit, add, body, every, inside, point, put, reference, statement, to

PLANE = ("aws_eks_cluster", "cluster/control-plane")
GATEWAY = to("aws_internet_gateway", "network/gateway", "id")


def table(name: str) -> Any:
    return to("aws_route_table", f"network/{name}-table", "id")


def halves(of: str, **target: Any) -> Edit:
    """A default route in two halves."""
    return every(
        [
            add(
                "aws_route",
                f"network/{of}-{half}",
                {"route_table_id": table(of), "destination_cidr_block": cidr, **target},
            )
            for half, cidr in (("low", "0.0.0.0/1"), ("high", "128.0.0.0/1"))
        ]
    )


DANGERS = [
    Danger(
        "network",
        "remote access to the nodes with a key, from everywhere",
        put("aws_eks_node_group", "cluster/pool-general", "remote_access", {"ec2_ssh_key": "operators"}),
        "aws_eks_node_group cluster/pool-general",
    ),
    Danger(
        "network",
        "the Kubernetes API is public for everyone",
        every(
            [
                put(*PLANE, "vpc_config.endpoint_public_access", True),
                put(*PLANE, "vpc_config.public_access_cidrs", ["0.0.0.0/1", "128.0.0.0/1"]),
            ]
        ),
        " ".join(PLANE),
    ),
    Danger(
        "network",
        "the data subnets' access list accepts the internet",
        lambda stack: body(stack, "aws_network_acl", "network/data-access-list")["ingress"].append(
            {
                "rule_no": 90,
                "action": "allow",
                "protocol": "tcp",
                "cidr_block": "0.0.0.0/0",
                "from_port": 0,
                "to_port": 65535,
            }
        ),
        "aws_network_acl network/data-access-list",
    ),
    Danger(
        "network",
        "a rule of its own opens the private subnets' access list for SSH",
        add(
            "aws_network_acl_rule",
            "network/ssh-rule",
            {
                "network_acl_id": to("aws_network_acl", "network/private-access-list", "id"),
                "rule_number": 50,
                "rule_action": "allow",
                "protocol": "tcp",
                "cidr_block": "0.0.0.0/0",
                "from_port": 22,
                "to_port": 22,
            },
        ),
        "aws_network_acl_rule network/ssh-rule",
    ),
    Danger(
        "network",
        "data subnets get a default route to the internet in two halves",
        halves("data", gateway_id=GATEWAY),
        "aws_route network/data-low",
    ),
    Danger(
        "network",
        "the control plane's subnets get a way out by NAT",
        add(
            "aws_route",
            "network/control-out",
            {
                "route_table_id": table("control"),
                "destination_cidr_block": "0.0.0.0/0",
                "nat_gateway_id": to("aws_nat_gateway", "network/nat-a", "id"),
            },
        ),
        "aws_route network/control-out",
    ),
    Danger(
        "network",
        "an inline default route in the data subnets' table",
        lambda stack: body(stack, "aws_route_table", "network/data-table").update(
            {"route": [{"cidr_block": "0.0.0.0/0", "gateway_id": GATEWAY(stack)}]}
        ),
        "aws_route_table network/data-table",
    ),
    Danger(
        "network",
        "the main route table leads to the internet",
        lambda stack: body(stack, "aws_default_route_table", "network/default-routes")["route"].append(
            {"cidr_block": "0.0.0.0/0", "gateway_id": GATEWAY(stack)}
        ),
        "aws_default_route_table network/default-routes",
    ),
    Danger(
        "network",
        "a data subnet uses the public route table",
        point(
            "aws_route_table_association",
            "network/data-b-routes",
            "route_table_id",
            ("aws_route_table", "network/public-table"),
            "id",
        ),
        "aws_route_table_association network/data-b-routes",
    ),
    Danger(
        "network",
        "a peering with another account's network, and a route into it from the data subnets",
        every(
            [
                add(
                    "aws_vpc_peering_connection",
                    "network/peering",
                    {"vpc_id": VPC, "peer_vpc_id": "vpc-0feedface", "peer_owner_id": "999999999999"},
                ),
                add(
                    "aws_route",
                    "network/peering-route",
                    {
                        "route_table_id": table("data"),
                        "destination_cidr_block": "10.99.0.0/16",
                        "vpc_peering_connection_id": lambda stack: reference(
                            stack, "aws_vpc_peering_connection", "network/peering", "id"
                        ),
                    },
                ),
            ]
        ),
        "aws_route network/peering-route",
    ),
    Danger(
        "network",
        "nodes' subnets are attached to a transit gateway",
        add(
            "aws_route",
            "network/transit-route",
            {
                "route_table_id": table("nodes-a"),
                "destination_cidr_block": "10.0.0.0/9",
                "transit_gateway_id": "tgw-0123456789",
            },
        ),
        "aws_route network/transit-route",
    ),
    Danger(
        "network",
        "the on-premises link reaches the data subnets",
        add(
            "aws_vpn_gateway_route_propagation",
            "hybrid/propagation-data",
            {"vpn_gateway_id": to("aws_vpn_gateway", "hybrid/gateway", "id"), "route_table_id": table("data")},
        ),
        "aws_vpn_gateway_route_propagation hybrid/propagation-data",
    ),
    Danger(
        "network",
        "a second public load balancer in front of the nodes",
        add(
            "aws_lb",
            "entry/debug",
            {
                "name": "debug",
                "internal": False,
                "load_balancer_type": "network",
                "security_groups": lambda stack: [group("nodes")(stack)],
            },
        ),
        "aws_lb entry/debug",
    ),
    Danger(
        "network",
        "a bastion host with a public address in the public subnet",
        add(
            "aws_instance",
            "network/bastion",
            {
                "ami": "ami-0123456789abcdef0",
                "instance_type": "t3.micro",
                "associate_public_ip_address": True,
                "subnet_id": to("aws_subnet", "network/public-a", "id"),
                "vpc_security_group_ids": [],
            },
        ),
        "aws_instance network/bastion",
    ),
    Danger(
        "network",
        "a client VPN endpoint into the network",
        add(
            "aws_ec2_client_vpn_endpoint",
            "network/client-vpn",
            {"vpc_id": VPC, "client_cidr_block": "10.200.0.0/22", "server_certificate_arn": "arn:aws:acm:::x"},
        ),
        "aws_ec2_client_vpn_endpoint network/client-vpn",
    ),
    Danger(
        "network",
        "the database accepts connections from everywhere",
        put("aws_db_instance", "database/server", "publicly_accessible", True),
        "aws_db_instance database/server",
    ),
    Danger(
        "network",
        "the endpoint of the secrets manager accepts every account",
        inside(
            "aws_vpc_endpoint",
            "network/path-secretsmanager",
            "policy",
            statement(0, Condition={"StringLike": {"aws:PrincipalAccount": "*"}}),
        ),
        "aws_vpc_endpoint network/path-secretsmanager",
    ),
    Danger(
        "network",
        "the endpoint of object storage reads and writes every bucket",
        inside("aws_vpc_endpoint", "network/path-s3", "policy", statement(1, Action="s3:*Object", Resource="*")),
        "aws_vpc_endpoint network/path-s3",
    ),
]
