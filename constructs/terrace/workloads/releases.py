"""All Helm releases of an environment, in the order of their installation."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from terrace.errors import ContractError, TerraceError
from terrace.modules.enabled import EnabledModule
from terrace.workloads import base, bootstrap, integration, policies, storage, values
from terrace.workloads.context import Context
from terrace.workloads.release import WIRING, Release

Failed = Callable[[str, TerraceError], None]
"""Receives the name of a module, and the error of one of its releases, which is then left out."""


def _raise(module: str, error: TerraceError) -> None:
    raise error


def releases(context: Context, failed: Failed = _raise) -> tuple[Release, ...]:
    """The releases of the enabled modules, of the database's bootstrap and of the policies.

    A module has `<module>-base`, a release for each of its charts, and `<module>-integration`. A chart is installed
    after the charts of the modules that it needs; after the bootstrap if it has a database; and, where the modules that
    provide admission do not need it themselves, after the policies, which then see its pods from the first one on.
    Raises InvalidValues, ContractError, unless `failed` takes them.
    """
    wired = [*_of_modules(context, failed), *_shared(context)]
    names = {release.name for release in wired}
    law = [one.name for one in wired if one.name == "policies"]
    before_law = _needed_by(law, wired)
    ordered = []
    for release in wired:
        after = set(release.after)
        if _is_chart(release, context) and release.name not in before_law:
            after.update(law)
        ordered.append(replace(release, after=tuple(sorted(after & names))))
    return in_order(ordered)


def _is_chart(release: Release, context: Context) -> bool:
    module = context.modules.get(release.module)
    return module is not None and release.name in module.chart_releases


def is_wiring(release: Release) -> bool:
    """Whether it installs objects of Terrace's own with the wiring chart."""
    return release.chart == WIRING


def _of_modules(context: Context, failed: Failed) -> Iterator[Release]:
    for module in context.modules.values():
        try:
            prepared = base.release(module, context)
            charts = list(_charts(module, context, prepared))
            integrated = integration.release(module, context)
        except TerraceError as error:
            failed(module.name, error)
            continue
        yield prepared
        yield from charts
        if integrated:
            installed = charts[-1].name if charts else prepared.name
            yield replace(integrated, after=tuple(dict.fromkeys((*integrated.after, installed))))


def _charts(module: EnabledModule, context: Context, prepared: Release) -> Iterator[Release]:
    """The releases of the module's charts, one after the other.

    The first waits for what the modules before it have installed last.
    """
    after = [prepared.name, storage.NAME]
    for name in (one for one in module.after if one in context.modules):
        after.append((context.modules[name].chart_releases or (f"{name}-base",))[-1])
    if module.needs.database:
        after.append("database-bootstrap")
    for number, (name, spec) in enumerate(zip(module.chart_releases, module.contract.all_charts, strict=True)):
        yield Release(
            name=name,
            namespace=module.namespace,
            module=module.name,
            chart=spec if spec.repository else module.folder / "chart",
            values=values.values(module, context, spec.name if number else ""),
            after=tuple(after),
        )
        after = [name]


def _shared(context: Context) -> Iterator[Release]:
    for release in (storage.release(context), bootstrap.release(context), policies.release(context)):
        if release:
            yield release


def _needed_by(names: Sequence[str], wired: Iterable[Release]) -> set[str]:
    """The releases that these need, with themselves."""
    by_name = {release.name: release for release in wired}
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in by_name and name not in found:
            found.add(name)
            pending += by_name[name].after
    return found


def in_order(wired: Sequence[Release]) -> tuple[Release, ...]:
    """In order of installation; among those that are ready, in the given order."""
    by_name: dict[str, Release] = {}
    for release in wired:
        if release.name in by_name:
            raise ContractError(
                f"two releases have the name {release.name}", where=release.module, hint="rename one of the modules"
            )
        by_name[release.name] = release
    position = {name: index for index, name in enumerate(by_name)}
    sorter = TopologicalSorter({release.name: release.after for release in wired})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ContractError(f"releases wait for each other: {' -> '.join(error.args[1])}") from error
    ordered: list[Release] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=position.__getitem__)
        ordered += [by_name[name] for name in ready]
        sorter.done(*ready)
    return tuple(ordered)
