"""Environments for checking modules: all modules enabled at once, in each of the project's environments.

Modules that cannot be enabled together are checked one after the other, each beside all the others.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from terrace.capabilities.identity import ModuleSpec, OidcSpec
from terrace.environment import load
from terrace.environment.schema import Environment
from terrace.errors import InvalidModules, Problem
from terrace.modules import loading, resolution
from terrace.modules.contract import Module
from terrace.modules.loading import LoadedModule
from terrace.workloads.context import Context
from terrace.workloads.opening import opened


@dataclass(frozen=True)
class Selection:
    """An environment with modules enabled, which of them to check in it, and the problems of these and of invalid
    modules."""

    context: Context
    modules: tuple[str, ...]
    problems: tuple[Problem, ...]


def groups(contracts: Mapping[str, Module], preferred: Collection[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Sets of modules that can be enabled together, with those to check in each: every module is in one of these.

    The first set has all `preferred` modules, and all others that fit.
    """
    first: list[str] = []
    for name in [*(one for one in contracts if one in preferred), *(one for one in contracts if one not in preferred)]:
        if not any(_exclude(contracts, name, other) for other in first):
            first.append(name)
    yield first, first
    for name in contracts:
        if name in first:
            continue
        fitting = [other for other in first if not _exclude(contracts, name, other)]
        yield _complete(contracts, [name, *fitting]), [name]


def selections(
    root: Path, environment: str, cloud: str, *, outputs: Path, only: Collection[str] = ()
) -> Iterator[Selection]:
    """The selections of one environment on one cloud. Raises InvalidEnvironment."""
    loaded = load(environment, project=root, cloud=cloud).environment
    available = loading.folders(root, loaded.modules_from)
    valid, invalid = modules(root, available)
    contracts = {name: module.contract for name, module in valid.items() if loaded.cloud in module.contract.clouds}
    for names, checked in groups(contracts, loaded.enabled_modules):
        chosen = {name: loaded.modules.get(name) or ModuleSpec(enabled=True) for name in names}
        enabled = {name: choice.model_copy(update={"enabled": True}) for name, choice in chosen.items()}
        resolved = resolution.resolve(
            enabled,
            available,
            project=root,
            cloud=loaded.cloud,
            tier=loaded.tier,
            gpu=True,
            clients=names,
            managed=loaded.managed_services,
        )
        context = opened(_with_log_in(loaded, names).with_modules(resolved.enabled), root=root, outputs=outputs)
        wanted = tuple(name for name in resolved.enabled if name in checked and (not only or name in only))
        complete = set(wanted) == set(resolved.enabled)
        about = {*wanted, *only}
        problems = [one for one in (*invalid, *resolved.problems) if complete or module_of(one) in about]
        if wanted or problems:
            yield Selection(context, wanted, tuple(problems))
            invalid = ()


def module_of(problem: Problem) -> str:
    """The module of a problem in an environment's choice (modules.<name>...) or in a module's file."""
    if problem.path.startswith("modules."):
        return problem.path.split(".")[1]
    file = Path(problem.where.partition(":")[0])
    return file.parent.name if file.name == "module.yaml" else "environment"


def environments(root: Path, names: Sequence[str]) -> dict[str, str]:
    """One environment of each tier: tier to name."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(load(name, project=root).environment.tier, name)
    return found


def modules(root: Path, folders: Mapping[str, Path]) -> tuple[dict[str, LoadedModule], tuple[Problem, ...]]:
    """The valid modules in folders, and the problems of the others; their paths begin with modules.<name>."""
    valid: dict[str, LoadedModule] = {}
    problems: list[Problem] = []
    for name, folder in folders.items():
        try:
            valid[name] = loading.load(folder, loading.shown(folder, root))
        except InvalidModules as error:
            problems += [replace(each, path=f"modules.{name}.{each.path}") for each in error.problems]
    return valid, tuple(problems)


def _with_log_in(environment: Environment, modules: Sequence[str]) -> Environment:
    """The environment with a client for every module, so that each one's log-in can be checked."""
    oidc = environment.identity.oidc or OidcSpec(
        issuer="https://login.example.com", keys="https://login.example.com/keys", groups={"platform": "admin"}
    )
    clients = {**dict.fromkeys(modules, "client"), **oidc.clients}
    identity = environment.identity.model_copy(update={"oidc": oidc.model_copy(update={"clients": clients})})
    return environment.model_copy(update={"identity": identity})


def _exclude(contracts: Mapping[str, Module], one: str, other: str) -> bool:
    """Whether two modules cannot be enabled together: they conflict, or provide or bind the same."""
    first, second = contracts[one], contracts[other]
    same = {*first.provides} & {*second.provides} or {*first.needs.identities} & {*second.needs.identities}
    return bool(same) or resolution.conflict(contracts, one, other)


def _complete(contracts: Mapping[str, Module], names: list[str]) -> list[str]:
    """Those whose needs the others meet. A service that none of `contracts` provides is the cloud's own."""
    provided_at_all = {service for contract in contracts.values() for service in contract.provides}
    while True:
        provided = {service for name in names for service in contracts[name].provides}
        kept = [
            name
            for name in names
            if set(contracts[name].needs.modules) <= set(names)
            and set(resolution.services(contracts[name])) & provided_at_all <= provided
        ]
        if kept == names:
            return names
        names = kept
