"""What no environment can see alone: two of one project in each other's way."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from terrace.environment.schema import Environment
from terrace.errors import Problem


def networks_behind_links_differ(first: Environment, second: Environment) -> Iterator[Problem]:
    """Two networks may share a range as long as not both are linked to the office, which must tell them apart."""
    ours, theirs = IPv4Network(first.network.cidr), IPv4Network(second.network.cidr)
    if first.network.hybrid and second.network.hybrid and ours.overlaps(theirs):
        yield Problem(f"{theirs} overlaps {first.name}'s, {ours}, and both have a hybrid link.", path="network.cidr")


def domains_differ(first: Environment, second: Environment) -> Iterator[Problem]:
    if first.network.entry.domain == second.network.entry.domain:
        yield Problem(f"{second.network.entry.domain!r} is {first.name}'s already.", path="network.entry.domain")


RULES = (networks_behind_links_differ, domains_differ)


def judge(environments: Sequence[Environment]) -> Iterator[tuple[Environment, Problem]]:
    """Every problem between two environments of a project, told of the second; positions are for the caller to add."""
    for first, second in combinations(environments, 2):
        if first.project == second.project:
            for rule in RULES:
                for problem in rule(first, second):
                    yield second, problem
