"""Paths: rules of security groups of every kind, and prefix lists."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, Stack, add, body, every, put, reference, to

IN = "aws_vpc_security_group_ingress_rule"
OUT = "aws_vpc_security_group_egress_rule"
OPENINGS = "network/openings"
VPC = to("aws_vpc", "network/vpc", "id")


def group(name: str) -> Any:
    return to("aws_security_group", f"{OPENINGS}/{name}-group", "id")


def rule(path: str, into: str, **attributes: Any) -> Edit:
    """A rule of a group that one resource holds for itself."""
    ports = {"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432, "description": "Temporary access for support"}
    return add(IN, f"{OPENINGS}/{path}", {"security_group_id": group(into), **ports, **attributes})


def old_rule(path: str, into: str, **attributes: Any) -> Edit:
    """A rule of a group of the older type."""
    ports = {"type": "ingress", "protocol": "tcp", "from_port": 5432, "to_port": 5432, "description": "Support access"}
    return add(
        "aws_security_group_rule", f"{OPENINGS}/{path}", {"security_group_id": group(into), **ports, **attributes}
    )


def inline(into: str, **attributes: Any) -> Edit:
    """A rule inside a group."""

    def edit(stack: Stack) -> None:
        ports = {"protocol": "tcp", "from_port": 5432, "to_port": 5432, "description": "Support access"}
        rules = body(stack, "aws_security_group", f"{OPENINGS}/{into}-group").setdefault("ingress", [])
        listed = {name: [value(stack)] if callable(value) else value for name, value in attributes.items()}
        rules.append({**ports, **listed})

    return edit


def prefix_list(path: str, cidr: str, into: str) -> Edit:
    """A prefix list of one range, and a rule that refers to it."""

    def refer(stack: Stack) -> None:
        body(stack, IN, f"{OPENINGS}/{path}")["prefix_list_id"] = reference(
            stack, "aws_ec2_managed_prefix_list", f"network/{path}-list", "id"
        )

    attributes = {"name": "partners", "address_family": "IPv4", "max_entries": 5, "entry": [{"cidr": cidr}]}
    return every([add("aws_ec2_managed_prefix_list", f"network/{path}-list", attributes), rule(path, into), refer])


INTO = f"aws_security_group_rule {OPENINGS}"
NEW = f"{IN} {OPENINGS}"

DANGERS = [
    Danger(
        "network",
        "the internet reaches the database by a rule of the older type",
        old_rule("debug", "database", cidr_blocks=["0.0.0.0/0"]),
        f"{INTO}/debug",
    ),
    Danger(
        "network",
        "the internet reaches the database over IPv6 by a rule of the older type",
        old_rule("debug-6", "database", ipv6_cidr_blocks=["::/0"]),
        f"{INTO}/debug-6",
    ),
    Danger(
        "network",
        "two halves of the internet reach the cache",
        old_rule("cache", "cache", cidr_blocks=["0.0.0.0/1", "128.0.0.0/1"], from_port=6379, to_port=6379),
        f"{INTO}/cache",
    ),
    Danger(
        "network",
        "a partner's public range reaches the database",
        rule("partner", "database", cidr_ipv4="198.18.0.0/15"),
        f"{NEW}/partner",
    ),
    Danger(
        "network",
        "the public entry's group reaches the database",
        rule("entry-database", "database", referenced_security_group_id=group("entry")),
        f"{NEW}/entry-database",
    ),
    Danger(
        "network",
        "the control plane reaches the cache on all ports",
        rule("control-cache", "cache", referenced_security_group_id=group("control"), from_port=0, to_port=65535),
        f"{NEW}/control-cache",
    ),
    Danger(
        "network",
        "a prefix list of a public range reaches the database",
        prefix_list("partners", "203.0.113.0/25", "database"),
        f"{NEW}/partners",
    ),
    Danger(
        "network",
        "a prefix list with the internet in it reaches the nodes",
        prefix_list("everyone", "0.0.0.0/0", "nodes"),
        f"{NEW}/everyone",
    ),
    Danger(
        "network",
        "a prefix list outside the stack reaches the database",
        rule("outside-list", "database", prefix_list_id="pl-0123456789abcdef0"),
        f"{NEW}/outside-list",
    ),
    Danger(
        "network",
        "a group outside the stack reaches the database",
        rule("outside-group", "database", referenced_security_group_id="sg-0123456789abcdef0"),
        f"{NEW}/outside-group",
    ),
    Danger(
        "network",
        "SSH to the nodes from a range of the company",
        rule("ssh", "nodes", cidr_ipv4="172.16.0.0/12", from_port=22, to_port=22),
        f"{NEW}/ssh",
    ),
    Danger(
        "network",
        "on-premises reaches the database directly",
        rule("on-premises", "database", cidr_ipv4="192.168.0.0/16"),
        f"{NEW}/on-premises",
    ),
    Danger(
        "network",
        "every protocol from the internet to the endpoints",
        rule("endpoints", "endpoints", cidr_ipv4="0.0.0.0/0", ip_protocol="-1", from_port=None, to_port=None),
        f"{NEW}/endpoints",
    ),
    Danger(
        "network",
        "an inline rule of the database's group for the internet",
        inline("database", cidr_blocks=["0.0.0.0/0"]),
        f"aws_security_group {OPENINGS}/database-group",
    ),
    Danger(
        "network",
        "an inline rule of the cache's group for the public entry",
        inline("cache", security_groups=group("entry")),
        f"aws_security_group {OPENINGS}/cache-group",
    ),
    Danger(
        "network",
        "the default group lets all its members talk",
        put(
            "aws_default_security_group",
            "network/default-group",
            "ingress",
            [{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}],
        ),
        "aws_default_security_group network/default-group",
    ),
    Danger(
        "network",
        "the rule of the database's clients becomes a range of ports",
        put(IN, f"{OPENINGS}/nodes-to-database-in", "to_port", 5439),
        f"{NEW}/nodes-to-database-in",
    ),
    Danger(
        "network",
        "the public entry accepts every port",
        every(
            [
                put(IN, f"{OPENINGS}/public-http-in", "from_port", 0),
                put(IN, f"{OPENINGS}/public-http-in", "to_port", 65535),
            ]
        ),
        f"{NEW}/public-http-in",
    ),
    Danger(
        "network",
        "the Kubernetes API is open to a public range by its group",
        put(IN, f"{OPENINGS}/api-from-on-premises-192.168.0.0-16-in", "cidr_ipv4", "192.0.0.0/2"),
        f"{NEW}/api-from-on-premises-192.168.0.0-16-in",
    ),
    Danger(
        "network",
        "nodes may send anything anywhere by a rule of the older type",
        old_rule("out", "nodes", type="egress", protocol="-1", from_port=0, to_port=0, cidr_blocks=["0.0.0.0/0"]),
        f"{INTO}/out",
    ),
    Danger(
        "network",
        "nodes may send mail to the internet",
        add(
            OUT,
            f"{OPENINGS}/smtp",
            {
                "security_group_id": group("nodes"),
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "tcp",
                "from_port": 25,
                "to_port": 25,
                "description": "Mail to customers",
            },
        ),
        f"{OUT} {OPENINGS}/smtp",
    ),
    Danger(
        "network",
        "the database may send to the internet",
        add(
            OUT,
            f"{OPENINGS}/database-out",
            {
                "security_group_id": group("database"),
                "cidr_ipv4": "0.0.0.0/0",
                "ip_protocol": "tcp",
                "from_port": 443,
                "to_port": 443,
                "description": "Extensions call home",
            },
        ),
        f"{OUT} {OPENINGS}/database-out",
    ),
    Danger(
        "network",
        "nodes carry a second group that is open to the internet",
        every(
            [
                add("aws_security_group", f"{OPENINGS}/debug-group", {"name": "debug", "vpc_id": VPC}),
                add(
                    IN,
                    f"{OPENINGS}/debug-in",
                    {
                        "security_group_id": lambda stack: reference(
                            stack, "aws_security_group", f"{OPENINGS}/debug-group", "id"
                        ),
                        "cidr_ipv4": "0.0.0.0/0",
                        "ip_protocol": "tcp",
                        "from_port": 22,
                        "to_port": 22,
                        "description": "Debugging of nodes",
                    },
                ),
                lambda stack: body(stack, "aws_launch_template", "cluster/template-general")[
                    "vpc_security_group_ids"
                ].append(reference(stack, "aws_security_group", f"{OPENINGS}/debug-group", "id")),
            ]
        ),
        f"{IN} {OPENINGS}/debug-in",
    ),
    Danger(
        "network",
        "a group of EC2's own is attached to the database",
        lambda stack: body(stack, "aws_db_instance", "database/server")["vpc_security_group_ids"].append("sg-0abc"),
        "aws_db_instance database/server",
    ),
]
