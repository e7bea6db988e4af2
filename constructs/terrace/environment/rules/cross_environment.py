"""Conflicts between two environments of one project."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from terrace.capabilities.target import Settings
from terrace.environment import naming
from terrace.environment.schema import Environment
from terrace.errors import Problem


def linked_networks_do_not_overlap(first: Environment, second: Environment) -> Iterator[Problem]:
    """Two networks may overlap unless both have a hybrid link: the peer network could not route to them."""
    if not (first.network.hybrid and second.network.hybrid):
        return
    range_of_first, range_of_second = IPv4Network(first.network.cidr), IPv4Network(second.network.cidr)
    if range_of_first.overlaps(range_of_second):
        yield Problem(
            f"{range_of_second} overlaps the network of {first.name} ({range_of_first}), and both have a hybrid link.",
            path="network.cidr",
        )


def domains_differ(first: Environment, second: Environment) -> Iterator[Problem]:
    other, entry = first.network.entry, second.network.entry
    if other and entry and other.domain == entry.domain:
        message = f"{entry.domain!r} is already the domain of {first.name}."
        yield Problem(message, path="network.entry.domain")


def accounts_have_one_owner(first: Environment, second: Environment) -> Iterator[Problem]:
    """Settings that exist once in an account are managed by one environment; a second one would take them over."""
    if first.cloud != second.cloud:
        return
    settings: Settings = getattr(second, second.cloud)
    other: Settings = getattr(first, first.cloud)
    if settings.account == other.account and settings.owns_account and other.owns_account:
        yield Problem(
            f"{settings.account!r} is also the account of {first.name}, and both environments own it.",
            path=f"{second.cloud}.{settings.NAMED_BY}",
            hint="Set owns_account to false in one of them.",
        )


def names_differ(first: Environment, second: Environment) -> Iterator[Problem]:
    """Names in one account are computed from the same beginning only once."""
    settings: tuple[Settings, Settings] = (getattr(first, first.cloud), getattr(second, second.cloud))
    same_account = first.cloud == second.cloud and settings[0].account == settings[1].account
    if same_account and naming.prefix(first) == naming.prefix(second):
        message = f"names start with {naming.prefix(second)!r}, as those of {first.name} in the same account."
        yield Problem(message, path="naming.pattern", hint="Put {project} and {environment} apart.")


RULES = (linked_networks_do_not_overlap, domains_differ, accounts_have_one_owner, names_differ)


def check(environments: Sequence[Environment]) -> Iterator[tuple[Environment, Problem]]:
    """Conflicts between environments of one project, each with the later environment; the caller adds positions."""
    for first, second in combinations(environments, 2):
        if first.project == second.project:
            for rule in RULES:
                for problem in rule(first, second):
                    yield second, problem
