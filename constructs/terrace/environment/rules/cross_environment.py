"""What no environment can see alone: two of one project in each other's way."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from terrace.capabilities.target import Settings
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


def accounts_have_one_owner(first: Environment, second: Environment) -> Iterator[Problem]:
    """What exists once an account is made by one environment; a second one would take it from the first."""
    if first.cloud != second.cloud:
        return
    ours: Settings = getattr(first, first.cloud)
    theirs: Settings = getattr(second, second.cloud)
    if ours.account == theirs.account and ours.owns_account and theirs.owns_account:
        yield Problem(
            f"{theirs.account!r} is {first.name}'s too, and both own it.",
            path=f"{second.cloud}.{theirs.NAMED_BY}",
            hint="Write owns_account: false for one of them.",
        )


RULES = (networks_behind_links_differ, domains_differ, accounts_have_one_owner)


def judge(environments: Sequence[Environment]) -> Iterator[tuple[Environment, Problem]]:
    """Every problem between two environments of a project, told of the second; positions are for the caller to add."""
    for first, second in combinations(environments, 2):
        if first.project == second.project:
            for rule in RULES:
                for problem in rule(first, second):
                    yield second, problem
