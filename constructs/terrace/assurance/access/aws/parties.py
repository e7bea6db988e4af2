"""Which party of the network a security group, a range or a subnet belongs to."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.access.model import Unknown
from terrace.assurance.access.ranges import Ranges
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource
from terrace.aws.flows import GROUPS
from terrace.aws.ranges import layout

_ATTACHED = {
    "aws_db_instance": ("database", "vpc_security_group_ids"),
    "aws_elasticache_replication_group": ("cache", "security_group_ids"),
    "aws_msk_cluster": ("streams", "broker_node_group_info.security_groups"),
    "aws_eks_cluster": ("control", "vpc_config.security_group_ids"),
    "aws_launch_template": ("nodes", "vpc_security_group_ids"),
    "aws_vpc_endpoint": ("endpoints", "security_group_ids"),
    "aws_lb": ("entry", "security_groups"),
}
"""The resources that have security groups: their party, and the attribute."""


def ranges(stack: Subject) -> Ranges:
    """The parties' ranges, computed from the environment."""
    parts = layout(str(stack.environment.network.cidr))
    parties = {
        "nodes": parts.nodes, "database": parts.data, "cache": parts.data, "streams": parts.data,
        "control": parts.control, "endpoints": parts.control, "entry": parts.public,
    }  # fmt: skip
    return Ranges(parties, stack.environment)


def names_of(stack: Subject, cidr: object, by: str) -> Iterator[str | Unknown]:
    """The names of a range as a resource writes it."""
    try:
        yield from ranges(stack).names(str(cidr))
    except ValueError:
        yield Unknown(f"{cidr} is not a range of addresses", by)


class Groups:
    """The parties of security groups. A group of the foundation is known by its name; another one stands for the
    parties whose resources carry it."""

    def __init__(self, stack: Subject) -> None:
        self._stack = stack
        self._named = {f"{stack.target.prefix}-{party}": party for party in GROUPS}
        self._carriers: dict[str, list[tuple[str, str]]] = {}
        for type, (party, attribute) in _ATTACHED.items():
            for resource in stack.view.all(type):
                for value in resource.get(attribute) or []:
                    target = stack.view.target(value)
                    if target is not None:
                        self._carriers.setdefault(target.address, []).append((party, str(resource)))

    def parties(self, group: object) -> list[tuple[str, tuple[str, ...]]]:
        """The parties of a group, given as a resource or an attribute, each with the resource that carries a group of
        no name."""
        resource = group if isinstance(group, Resource) else self._stack.view.target(group)
        if resource is None:
            return [(f"unknown group {group}", ())]
        if resource.type == "aws_security_group":
            if named := self._named.get(str(resource.get("name"))):
                return [(named, ())]
            if carriers := self._carriers.get(resource.address):
                return list({party: (party, (carrier,)) for party, carrier in reversed(carriers)}.values())
        return [(f"unknown group {resource}", ())]

    def title(self, group: Any) -> str:
        """A group in words."""
        return str(group if isinstance(group, Resource) else self._stack.view.target(group) or group)
