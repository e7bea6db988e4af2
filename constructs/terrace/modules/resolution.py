"""Resolve an environment's choice of modules: what is enabled, in which order, and what does not fit together."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.target import Tier
from terrace.documents import suggestions
from terrace.errors import InvalidModules, Problem
from terrace.modules.contract import CALLERS, DESTINATIONS, Module, ModuleSize, Service
from terrace.modules.enabled import EnabledModule
from terrace.modules.loading import LoadedModule, load, shown
from terrace.modules.order import order
from terrace.words import counted

DEFAULT_SIZES: Mapping[Tier, ModuleSize] = {"dev": "small", "staging": "medium", "prod": "large"}


class Choice(Protocol):
    """What an environment says about a module: `modules.<name>`."""

    @property
    def enabled(self) -> bool: ...
    @property
    def size(self) -> ModuleSize | None: ...
    @property
    def namespace(self) -> str | None: ...
    @property
    def settings(self) -> Mapping[str, Any]: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Resolution:
    """The enabled modules in the order of their installation, and what is wrong.

    The path of a problem is one of the environment, `modules.<name>...`, unless `where` is set: then it is one of a
    module's own files. Modules with problems in their own files are not in `enabled`.
    """

    enabled: Mapping[str, EnabledModule]
    problems: tuple[Problem, ...]


def resolve(
    chosen: Mapping[str, Choice],
    available: Mapping[str, Path],
    *,
    project: Path,
    cloud: CloudName,
    tier: Tier,
    gpu: bool,
    clients: Collection[str] = (),
    managed: Collection[Service] = (),
) -> Resolution:
    """Resolve the modules that an environment enables among those that are available.

    Modules for other clouds are left out, without a problem. `gpu` is whether the cluster has a GPU pool, `clients` are
    the modules that can log people in, `managed` are services that the foundation provides. Reads the files of enabled
    modules only, and of others to name those that provide a missing service.
    """
    problems: list[Problem] = []
    loaded: dict[str, LoadedModule] = {}
    unusable = set[str]()
    for name, choice in chosen.items():
        if name not in available:
            hint = suggestions.hint(name, list(available)) or "Name the folder that has it in `modules_from`."
            problems.append(Problem(f"unknown module {name!r}.", path=f"modules.{name}", hint=hint))
            unusable.add(name)
        elif choice.enabled:
            try:
                loaded[name] = load(available[name], shown(available[name], project))
            except InvalidModules as error:
                problems += error.problems
                unusable.add(name)
    for name, module in loaded.items():
        problems += _settings(name, module.contract, chosen[name].settings)
        problems += _of_releases(name, module.contract, chosen[name])
        contract = _without_hosts(module.contract, name in clients)
        loaded[name] = replace(module, contract=_at_version(contract, chosen[name].settings.get("version")))
    elsewhere = {name for name, module in loaded.items() if cloud not in module.contract.clouds}
    loaded = {name: module for name, module in loaded.items() if name not in elsewhere}
    contracts = {name: module.contract for name, module in loaded.items()}
    for name, module in loaded.items():
        problems += _modules(name, module, loaded, available, unusable, elsewhere)
        if "gpu" in module.contract.needs.features and not gpu:
            message, hint = "needs a GPU, and the cluster has no pool with one.", "Add a pool of kind gpu."
            problems.append(Problem(message, path=f"modules.{name}", hint=hint))
        problems += _paths(module, contracts, available)
    problems += _conflicts(contracts)
    problems += _providers(contracts, managed)
    problems += _identities(loaded, contracts)
    problems += _missing_providers(contracts, available, project, cloud, managed, complete=not unusable)
    before, circles = order(contracts, services)
    problems += [
        Problem(
            f"circular need: {' needs '.join(circle)}.", path=f"modules.{circle[0]}", hint="Remove one of the needs."
        )
        for circle in circles
    ]
    enabled = {name: _enabled(loaded[name], chosen[name], DEFAULT_SIZES[tier], after) for name, after in before.items()}
    return Resolution(enabled, tuple(problems))


def services(module: Module) -> tuple[Service, ...]:
    """The services that a module needs: those it names, and those that its secrets and host names imply."""
    implied: tuple[Service, ...] = ()
    if module.needs.secret_store:
        implied += ("secrets",)
    if module.needs.hosts:
        implied += ("gateway", "certificates")
    needed = dict.fromkeys((*module.needs.services, *implied))
    return tuple(service for service in needed if service not in module.provides)


def conflict(contracts: Mapping[str, Module], one: str, other: str) -> bool:
    """Whether one of two modules names the other in its `conflicts`."""
    return one in contracts[other].conflicts or other in contracts[one].conflicts


def _without_hosts(module: Module, client: bool) -> Module:
    """The module without its optional hosts, unless it has a client at the identity provider."""
    hosts = {name: host for name, host in module.needs.hosts.items() if client or not host.optional}
    if len(hosts) == len(module.needs.hosts):
        return module
    return module.model_copy(update={"needs": module.needs.model_copy(update={"hosts": hosts})})


def _at_version(module: Module, version: Any) -> Module:
    """The module with another of its versions. An unknown one is reported with the settings."""
    chosen = module.versions.get(str(version))
    if chosen is None:
        return module
    hosts = {
        name: host.model_copy(update={"service": chosen.services.get(name, host.service)})
        for name, host in module.needs.hosts.items()
    }
    needs = module.needs.model_copy(update={"hosts": hosts})
    installed = {"version": str(version), "chart": chosen.chart, "images": chosen.images}
    return module.model_copy(update={"needs": needs, **installed})


def _enabled(module: LoadedModule, choice: Choice, size: ModuleSize, after: tuple[str, ...]) -> EnabledModule:
    return EnabledModule(
        name=module.name,
        contract=module.contract,
        folder=module.folder,
        namespace=choice.namespace or module.name,
        size=choice.size or size,
        settings={**module.contract.settings, **choice.settings},
        values=choice.values,
        after=after,
    )


def _settings(name: str, module: Module, settings: Mapping[str, Any]) -> Iterator[Problem]:
    """Settings that the module does not declare, or whose type differs from the default's."""
    for key, value in settings.items():
        path = f"modules.{name}.settings.{key}"
        if key not in module.settings:
            hint = suggestions.hint(key, list(module.settings)) or f"{name} has no settings."
            yield Problem(f"unknown setting {key!r}.", path=path, hint=hint)
            continue
        default = module.settings[key]
        expected = _kind(default)
        if default is not None and _kind(value) != expected:
            yield Problem(f"expected {expected}, found {_kind(value)}.", path=path, hint=f"Default: {default!r}.")
        elif key == "version" and module.versions and value not in (module.version, *module.versions):
            hint = f"Choose one of: {', '.join((module.version, *module.versions))}."
            yield Problem(f"{name} has no version {value!r}.", path=path, hint=hint)


def _of_releases(name: str, module: Module, choice: Choice) -> Iterator[Problem]:
    """What only a release in the cluster has, of a connector."""
    given = {"values": choice.values, "namespace": choice.namespace}
    for key, value in given.items() if module.connector else ():
        if value:
            hint = "Use its settings, or the file resources.yaml.j2 of a copy of the module."
            message = f"{name} is a connector, which has no {key}."
            yield Problem(message, path=f"modules.{name}.{key}", hint=hint)


def _kind(value: Any) -> str:
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a string"),
        (Mapping, "a mapping"),
        ((list, tuple), "a list"),
    )
    return next((kind for types, kind in kinds if isinstance(value, types)), "null")


def _modules(
    name: str,
    module: LoadedModule,
    loaded: Mapping[str, LoadedModule],
    available: Mapping[str, Path],
    unusable: set[str],
    elsewhere: set[str],
) -> Iterator[Problem]:
    for position, other in enumerate(module.contract.needs.modules):
        if other in loaded or (other in unusable and other in available):
            continue  # a module with problems of its own is enabled
        if other not in available:
            where = module.where("needs", "modules", str(position))
            path, hint = f"needs.modules.{position}", suggestions.hint(other, list(available))
            yield Problem(f"unknown module {other!r}.", where, path, hint)
        elif other in elsewhere:
            message, hint = f"needs the module {other}, which does not run on this cloud.", f"Disable {name}."
            yield Problem(message, path=f"modules.{name}", hint=hint)
        else:
            hint = f"Set modules.{other}.enabled to true, or disable {name}."
            yield Problem(f"needs the module {other}, which is not enabled.", path=f"modules.{name}", hint=hint)


def _paths(module: LoadedModule, contracts: Mapping[str, Module], available: Mapping[str, Path]) -> Iterator[Problem]:
    """Names in the network paths that no module or port has. A module that exists but is not enabled has no path."""
    network = module.contract.network
    listed: list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = [(("calls",), network.calls, DESTINATIONS)]
    listed += [(("called_by", port), callers, CALLERS) for port, callers in network.called_by.items()]
    for keys, entries, words in listed:
        for position, entry in enumerate(entries):
            name, _, port = entry.partition(":")
            path = ("network", *keys, str(position))
            if name not in words and name not in available:
                hint = suggestions.hint(name, [*words, *available])
                yield Problem(f"unknown module {name!r}.", module.where(*path), ".".join(path), hint)
            elif keys == ("calls",) and name in contracts and not contracts[name].network.called(port):
                ports = contracts[name].network.ports
                message = f"{name} has no port {port!r}." if port else f"{name} has {counted(len(ports), 'port')}."
                options = [f"{name}:{each}" for each in ports]
                hint = suggestions.hint(entry if port else "", options) or f"Add one to network.ports of {name}."
                yield Problem(message, module.where(*path), ".".join(path), hint)


def _conflicts(contracts: Mapping[str, Module]) -> Iterator[Problem]:
    names = list(contracts)
    for position, name in enumerate(names):
        for other in names[:position]:
            if conflict(contracts, name, other):
                hint = "Disable one of them."
                yield Problem(f"cannot be enabled beside {other}.", path=f"modules.{name}", hint=hint)


def _providers(contracts: Mapping[str, Module], managed: Collection[Service]) -> Iterator[Problem]:
    """Services with two providers, unless these conflict, which is reported."""
    for name, module in contracts.items():
        for service in module.provides:
            if service in managed:
                hint = "Disable the module, or set streams to off."
                yield Problem(f"provides {service}, as streams does.", path=f"modules.{name}", hint=hint)
    first: dict[Service, str] = {}
    for name, module in contracts.items():
        for service in module.provides:
            other = first.setdefault(service, name)
            if other != name and not conflict(contracts, name, other):
                hint = "Disable one of them."
                yield Problem(f"provides {service}, as {other} does.", path=f"modules.{name}", hint=hint)


def _identities(loaded: Mapping[str, LoadedModule], contracts: Mapping[str, Module]) -> Iterator[Problem]:
    """Cloud identities that two modules bind to an account of theirs, unless these conflict, which is reported."""
    first: dict[str, str] = {}
    for name, module in contracts.items():
        for component in module.needs.identities:
            other = first.setdefault(component, name)
            if other != name and not conflict(contracts, name, other):
                path = ("needs", "identities", component)
                message = f"{other} binds this identity too, at {loaded[other].where(*path)}."
                hint = f"Disable {name} or {other}."
                yield Problem(message, loaded[name].where(*path), ".".join(path), hint)


def _missing_providers(
    contracts: Mapping[str, Module],
    available: Mapping[str, Path],
    project: Path,
    cloud: CloudName,
    managed: Collection[Service],
    *,
    complete: bool,
) -> Iterator[Problem]:
    """Services without an enabled provider, unless their providers are for other clouds. Without the contracts of all
    enabled modules, there may be one."""
    provided = {*managed, *(service for module in contracts.values() for service in module.provides)}
    missing = [
        (name, service) for name, module in contracts.items() for service in services(module) if service not in provided
    ]
    if not missing or not complete:
        return
    others = _contracts({name: folder for name, folder in available.items() if name not in contracts}, project)
    for name, service in missing:
        anywhere = [other for other, module in others.items() if service in module.provides]
        providers = [other for other in anywhere if cloud in others[other].clouds]
        if anywhere and not providers:
            continue  # the cloud itself provides it
        hint = f"Enable one of: {', '.join(providers)}." if providers else "No module provides it."
        if len(providers) == 1:
            hint = f"Enable {providers[0]}."
        message = f"needs the service {_why(contracts[name], service)}, which no enabled module provides."
        yield Problem(message, path=f"modules.{name}", hint=hint)


def _why(module: Module, service: Service) -> str:
    """A service, and the need that implies it."""
    if service in module.needs.services:
        return service
    if service == "secrets" and not module.needs.secrets:
        return "secrets for the log-in of its host names"
    return f"{service} for its {'secrets' if service == 'secrets' else 'host names'}"


def _contracts(folders: Mapping[str, Path], project: Path) -> dict[str, Module]:
    """The contracts of modules without problems."""
    contracts = {}
    for name, folder in folders.items():
        try:
            contracts[name] = load(folder, shown(folder, project)).contract
        except InvalidModules:
            continue  # reported when it is enabled
    return contracts
