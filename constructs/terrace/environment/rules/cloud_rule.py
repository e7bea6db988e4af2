"""Rules of one cloud: what the cloud rejects although its provider validates and plans it."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from ipaddress import IPv4Network

from terrace.capabilities.cloud import CloudName
from terrace.environment.schema import Environment
from terrace.errors import Problem

Rule = Callable[[Environment], Iterator[Problem]]


def only(cloud: CloudName) -> Callable[[Rule], Rule]:
    """Apply a rule only to environments on this cloud."""

    def decorated(rule: Rule) -> Rule:
        @wraps(rule)
        def cloud_rule(environment: Environment) -> Iterator[Problem]:
            if environment.cloud == cloud:
                yield from rule(environment)

        return cloud_rule

    return decorated


def reserved(environment: Environment, ranges: Mapping[str, str], *, services: bool = False) -> Iterator[Problem]:
    """Ranges of the network, of linked ones and of `services` that overlap one of the cloud's, each with its user."""
    hybrid = environment.network.hybrid
    used = {"network.cidr": environment.network.cidr}
    if services and environment.cluster:
        used["cluster.service_cidr"] = environment.cluster.service_cidr
    used |= {f"network.hybrid.peer_cidrs.{i}": cidr for i, cidr in enumerate(hybrid.peer_cidrs if hybrid else ())}
    for path, cidr in used.items():
        try:
            network = IPv4Network(cidr)
        except ValueError:
            continue  # network.ranges_are_valid reports it
        for other, use in ranges.items():
            if network.overlaps(IPv4Network(other)):
                yield Problem(f"{network} overlaps {other}, which {use}.", path=path)


def tag_keys(environment: Environment, allowed: re.Pattern[str], why: str) -> Iterator[Problem]:
    """The organisation's keys of tags that the cloud does not accept."""
    keys = environment.naming.tag_keys
    for name in type(keys).model_fields:
        key = str(getattr(keys, name))
        if not allowed.fullmatch(key):
            yield Problem(f"{key!r} is not a key on this cloud: {why}.", path=f"naming.tag_keys.{name}")
