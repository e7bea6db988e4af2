"""The order in which modules are installed."""

from collections.abc import Callable, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from terrace.modules.contract import Module, Service

FIRST: tuple[Service, ...] = ("admission", "secrets", "certificates", "gateway", "metrics")
"""Services whose providers are installed before the modules that do not need them too, as far as no circle arises."""

Before = dict[str, set[str]]
"""A module to those that are installed before it."""


def order(
    contracts: Mapping[str, Module], services: Callable[[Module], Iterable[Service]]
) -> tuple[dict[str, tuple[str, ...]], list[tuple[str, ...]]]:
    """The modules in the order of their installation, each with those that are installed before it, and the circle.

    `services` are the services that a module needs. In a circle, each module needs the next; with one, the modules are
    in the order of their names.
    """
    providers: dict[Service, str] = {}
    for name, module in contracts.items():
        for service in module.provides:
            providers.setdefault(service, name)
    before: Before = {}
    for name in sorted(contracts):
        module = contracts[name]
        needed = {providers[service] for service in services(module) if service in providers}
        before[name] = (needed | {other for other in module.needs.modules if other in contracts}) - {name}
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        circle = tuple(reversed(error.args[1]))  # graphlib lists each module before the one that needs it
        return {name: tuple(sorted(others)) for name, others in before.items()}, [circle]
    for service in FIRST:
        if service in providers:
            _put_first(providers[service], before)
    installed = list(TopologicalSorter(before).static_order())
    return {name: tuple(other for other in installed if other in before[name]) for name in installed}, []


def _put_first(provider: str, before: Before) -> None:
    """Install a module before all that it does not need itself, which closes no circle."""
    needed, found = {provider}, [provider]
    while found:
        more = before[found.pop()] - needed
        needed |= more
        found += more
    for name, others in before.items():
        if name not in needed:
            others.add(provider)
