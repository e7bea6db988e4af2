"""Rules of module.yaml that the schema cannot express. A problem has the path of a key."""

import re
from collections.abc import Iterator
from datetime import date

from terrace.capabilities.workloads import API_SERVER_PORTS
from terrace.documents import suggestions
from terrace.errors import Problem
from terrace.modules.contract import DESTINATIONS, SIZES, Module


def check(name: str, module: Module, today: date | None = None) -> Iterator[Problem]:
    """The broken rules of the module in the folder `name`."""
    yield from _itself(name, module)
    yield from _connector(module)
    yield from _components(module)
    yield from _images(module)
    yield from _versions(module)
    yield from _ports(module)
    yield from _slo(module)
    yield from _exceptions(module, today)


def _itself(name: str, module: Module) -> Iterator[Problem]:
    listed = {
        "needs.modules": module.needs.modules,
        "conflicts": module.conflicts,
        "network.calls": module.network.calls,
    }
    listed |= {f"network.called_by.{port}": callers for port, callers in module.network.called_by.items()}
    for path, names in listed.items():
        for position, other in enumerate(names):
            if other.partition(":")[0] == name:
                hint = (
                    "Remove it." if not path.startswith("network") else "Remove it; its own pods may reach each other."
                )
                yield Problem("a module cannot name itself.", path=f"{path}.{position}", hint=hint)
            elif other in names[:position]:
                yield Problem(f"{other!r} is listed twice.", path=f"{path}.{position}", hint="Remove one.")
    for position, service in enumerate(module.needs.services):
        if service in module.provides:
            message = f"{service!r} is provided by the module itself."
            yield Problem(message, path=f"needs.services.{position}", hint="Remove it.")
    for position, other in enumerate(module.conflicts):
        if other in module.needs.modules:
            yield Problem(f"{other!r} is also in needs.modules.", path=f"conflicts.{position}", hint="Remove one.")


def _connector(module: Module) -> Iterator[Problem]:
    allowed = {"summary", "category", "home", "licence", "version", "clouds", "conflicts", "connector", "settings"}
    for key in sorted(module.model_fields_set - allowed) if module.connector else ():
        message = f"a connector has no {key}, because nothing of it runs in the cluster."
        yield Problem(message, path=key, hint="Remove it, or make a second module of what runs in the cluster.")


def _components(module: Module) -> Iterator[Problem]:
    selected: dict[tuple[tuple[str, str], ...], str] = {}
    for name, component in module.components.items():
        path = f"components.{name}"
        if missing := [size for size in SIZES if size not in component.sizes]:
            hint = "Add it; an environment of any tier may enable the module."
            yield Problem(f"has no size {', '.join(missing)}.", path=f"{path}.sizes", hint=hint)
        labels = tuple(sorted(component.pods.items()))
        if labels and labels in selected:
            message = f"selects the same pods as {selected[labels]}."
            yield Problem(message, path=f"{path}.pods", hint="Each component needs labels of its own.")
        selected.setdefault(labels, name)


def _images(module: Module) -> Iterator[Problem]:
    seen = set[tuple[str, str]]()
    for position, image in enumerate(module.images):
        if not re.search(r"[.:]", image.repository.partition("/")[0]):
            hint = f"Name its registry: docker.io/{image.repository}."
            yield Problem(f"{image.repository!r} has no registry.", path=f"images.{position}.repository", hint=hint)
        if image.tag == "latest":
            yield Problem("'latest' is not a version.", path=f"images.{position}.tag", hint="Name an exact tag.")
        if (image.repository, image.tag) in seen:
            message = f"{image.repository}:{image.tag} is listed twice."
            yield Problem(message, path=f"images.{position}", hint="Remove one.")
        seen.add((image.repository, image.tag))


def _versions(module: Module) -> Iterator[Problem]:
    if module.versions and module.settings.get("version") != module.version:
        hint = f"Add `version: {module.version}`, so that an environment can choose another one."
        yield Problem("the setting `version` is missing, or not the module's version.", path="settings", hint=hint)


def _ports(module: Module) -> Iterator[Problem]:
    ports = list(module.network.ports)
    named = {f"network.called_by.{port}": port for port in module.network.called_by}
    named |= {
        f"observability.scrape.{position}.port": scrape.port
        for position, scrape in enumerate(module.observability.scrape)
    }
    for position, call in enumerate(module.network.calls):
        called, _, port = call.partition(":")
        if called in DESTINATIONS and port:
            hint = f"Write {called}."
            yield Problem(f"{called!r} has no named ports.", path=f"network.calls.{position}", hint=hint)
    for path, port in named.items():
        if port not in ports:
            hint = suggestions.hint(port, ports) or "Add it to network.ports."
            yield Problem(f"{port!r} is not in network.ports.", path=path, hint=hint)
    for name, callers in module.network.called_by.items():
        number = module.network.ports.get(name)
        if "kubernetes-api" in callers and number and not any(number in ports for ports in API_SERVER_PORTS):
            allowed = ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in API_SERVER_PORTS)
            message = f"the clouds' firewalls do not admit the Kubernetes API to {number}."
            yield Problem(message, path=f"network.ports.{name}", hint=f"Use a port of {allowed}.")


def _slo(module: Module) -> Iterator[Problem]:
    slo = module.observability.slo
    for key, query in (("good", slo.good), ("total", slo.total)) if slo else ():
        if not re.search(r"\$window\b", query):
            hint = "Terrace replaces it with the windows of the burn-rate alerts: rate(requests_total[$window])."
            yield Problem("lacks $window.", path=f"observability.slo.{key}", hint=hint)


def _exceptions(module: Module, today: date | None) -> Iterator[Problem]:
    if module.pod_security != "restricted" and not module.exceptions:
        hint = "Add the policies that it cannot meet to `exceptions`, with a reason."
        yield Problem(f"{module.pod_security!r} needs policy exceptions.", path="pod_security", hint=hint)
    seen = set[str]()
    for position, exception in enumerate(module.exceptions):
        path = f"exceptions.{position}"
        if exception.policy in seen:
            yield Problem(f"{exception.policy!r} is listed twice.", path=f"{path}.policy", hint="Remove one.")
        seen.add(exception.policy)
        if today is not None and exception.until < today:
            message = f"the exception ended on {exception.until}."
            yield Problem(message, path=f"{path}.until", hint="Meet the policy, or extend the date with a new reason.")
