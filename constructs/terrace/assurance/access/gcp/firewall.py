"""Firewall rules and firewall policies of a stack on Google Cloud, and the traffic that they allow together.

Sources: VPC documentation, "VPC firewall rules" (defaults, priorities, implied rules), "Firewall policy rules". What
cannot be decided widens the result: a policy's denials are ignored, and a policy counts without an association.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from terrace.assurance.access.model import ALL_PORTS, Protocol, Unknown
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource, at, blocks
from terrace.gcp import names

ANYWHERE = "0.0.0.0/0"
_PROTOCOLS: Mapping[str, Protocol] = {
    "tcp": "tcp", "6": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp", "all": "all",
}  # fmt: skip
_DEFAULT_PRIORITY, _IMPLIED = 1000, 65535
_LONE_RULES = (
    "google_compute_network_firewall_policy_rule", "google_compute_region_network_firewall_policy_rule",
    "google_compute_firewall_policy_rule",
)  # fmt: skip
_WITH_RULES = (
    "google_compute_network_firewall_policy_with_rules", "google_compute_region_network_firewall_policy_with_rules",
    "google_compute_firewall_policy_with_rules",
)  # fmt: skip
TYPES = frozenset(
    (
        "google_compute_firewall", *_LONE_RULES, *_WITH_RULES, "google_compute_network_firewall_policy",
        "google_compute_region_network_firewall_policy", "google_compute_firewall_policy",
        "google_compute_network_firewall_policy_association",
        "google_compute_region_network_firewall_policy_association", "google_compute_firewall_policy_association",
    )
)  # fmt: skip
"""The types that are read here."""

Traffic = tuple[Protocol, tuple[int, int]]


@dataclass(frozen=True)
class Rule:
    """A rule in force. `ranges` and `named` are the peers: ranges, and others by name. `machines` are those that it
    applies to, by name; none are all."""

    by: str
    inbound: bool
    allows: bool
    priority: int
    traffic: tuple[Traffic, ...]
    ranges: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()

    def covers(self, other: "Rule") -> bool:
        """Whether all traffic of `other` is traffic of this rule."""
        return (
            self.inbound == other.inbound
            and (not self.machines or (bool(other.machines) and set(other.machines) <= set(self.machines)))
            and all(any(_within(mine, cidr) for mine in self.ranges) for cidr in other.ranges)
            and (not other.named or ANYWHERE in self.ranges or set(other.named) <= set(self.named))
            and all(
                any(kind in (each, "all") and ports[0] <= low and high <= ports[1] for kind, ports in self.traffic)
                for each, (low, high) in other.traffic
            )
        )


def allowed(stack: Subject) -> Iterator[Rule | Unknown]:
    """The rules that allow something, without those that a denial of the same or a higher priority covers.

    If nothing denies all outbound traffic, the last one is Google's implied rule, by the network and by the denials
    that are too narrow.
    """
    read = list(_rules(stack))
    denials = [rule for rule in read if isinstance(rule, Rule) and not rule.allows]
    outward = [rule.by for rule in denials if not rule.inbound]
    outward += [str(one) for one in stack.view.all("google_compute_firewall") if _denies_outward_but_is_off(one)]
    implied = Rule(
        outward[-1] if outward else "network/vpc", False, True, _IMPLIED, (("all", ALL_PORTS),), (ANYWHERE,)
    )  # fmt: skip
    for rule in (*read, implied):
        if isinstance(rule, Unknown) or (
            rule.allows and not any(one.priority <= rule.priority and one.covers(rule) for one in denials)
        ):
            yield rule


def _denies_outward_but_is_off(rule: Resource) -> bool:
    return bool(rule.get("disabled")) and rule.get("direction") == "EGRESS" and bool(rule.blocks("deny"))


def _rules(stack: Subject) -> Iterator[Rule | Unknown]:
    for resource in stack.view.all("google_compute_firewall"):
        if not resource.get("disabled"):
            yield from _of_firewall(stack, resource)
    for type in _LONE_RULES:
        for resource in stack.view.all(type):
            yield from _of_policy(stack, str(resource), resource.attributes)
    for type in _WITH_RULES:
        for resource in stack.view.all(type):
            for block in resource.blocks("rule"):
                yield from _of_policy(stack, str(resource), block)


def _of_firewall(stack: Subject, resource: Resource) -> Iterator[Rule | Unknown]:
    direction = str(resource.get("direction", "INGRESS")).upper()  # Google's default
    inbound = direction != "EGRESS"
    ranges = tuple(
        stack.view.text(one) for one in resource.get("source_ranges" if inbound else "destination_ranges", [])
    )
    named = (
        *(machine_of_tag(stack, tag) for tag in (resource.get("source_tags", []) if inbound else [])),
        *(_machine_of_account(stack, one) for one in (resource.get("source_service_accounts", []) if inbound else [])),
    )
    machines = (
        *(machine_of_tag(stack, tag) for tag in resource.get("target_tags", [])),
        *(_machine_of_account(stack, one) for one in resource.get("target_service_accounts", [])),
    )
    if not ranges and not named:
        ranges = (ANYWHERE,)
    priority = int(resource.get("priority", _DEFAULT_PRIORITY))
    for allows, key in ((True, "allow"), (False, "deny")):
        traffic, unknown = _traffic(str(resource), resource.blocks(key), "protocol")
        yield from unknown if allows else ()
        if traffic:
            yield Rule(str(resource), inbound, allows, priority, traffic, ranges, named, machines)


def _of_policy(stack: Subject, by: str, body: Mapping[str, Any]) -> Iterator[Rule | Unknown]:
    """A rule of a firewall policy; policies come before the network's own rules, so no denial covers it."""
    if body.get("disabled") or body.get("action") in ("deny", "goto_next"):
        return
    inbound = str(body.get("direction", "INGRESS")).upper() != "EGRESS"
    side = "src_" if inbound else "dest_"
    match = next(iter(blocks(body, "match")), {})
    ranges = tuple(stack.view.text(one) for one in at(match, f"{side}ip_ranges", []))
    named = tuple(
        f"unknown {key.removeprefix(side)} {value}"
        for key, value in sorted(match.items())
        if key.startswith(side) and key != f"{side}ip_ranges" and value
    )
    written = [*blocks(match, "layer4_configs"), *blocks(match, "layer4_config")] or [{"ip_protocol": "all"}]
    traffic, unknown = _traffic(by, written, "ip_protocol")
    yield from unknown
    if traffic:
        accounts = body.get("target_service_accounts") or []
        machines = tuple(_machine_of_account(stack, one) for one in accounts)
        yield Rule(by, inbound, True, -1, traffic, ranges if ranges or named else (ANYWHERE,), named, machines)


def _traffic(by: str, written: list[dict[str, Any]], key: str) -> tuple[tuple[Traffic, ...], list[Unknown]]:
    found: list[Traffic] = []
    unknown = []
    for block in written:
        kind = _PROTOCOLS.get(str(block.get(key)).lower())
        ports = [ports_of(str(one)) for one in block.get("ports") or ["0-65535"]]
        if kind is None or None in ports:
            unknown.append(Unknown(f"a rule for {block.get(key)} {block.get('ports') or ''}".strip(), by))
        elif kind in ("tcp", "udp"):
            found += [(kind, one) for one in ports if one]
        else:
            found.append((kind, ALL_PORTS))
    return tuple(found), unknown


def ports_of(text: str) -> tuple[int, int] | None:
    """The first and last port of `443` or `8443-9443`; None for anything else."""
    first, _, last = text.partition("-")
    return (int(first), int(last or first)) if first.isdecimal() and (last or first).isdecimal() else None


def machine_of_tag(stack: Subject, tag: object) -> str:
    """The party whose machines have a network tag. Setting a tag requires no right on the network."""
    for type in ("google_container_node_pool", "google_container_cluster"):
        for pool in stack.view.all(type):
            if tag in pool.get("node_config.tags", []):
                return "nodes"
    return f"unknown tag {tag}"


def _machine_of_account(stack: Subject, account: object) -> str:
    text = stack.view.text(account)
    return "nodes" if text == names.nodes(stack.target) else f"unknown account {text}"


def _within(outer: str, inner: str) -> bool:
    try:
        one, other = ip_network(outer, strict=False), ip_network(inner, strict=False)
    except ValueError:
        return False
    return type(one) is type(other) and other.subnet_of(one)  # type: ignore[arg-type]
