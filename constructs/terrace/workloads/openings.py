"""The declared network paths of an environment, from which network policies and the mesh's authorization follow."""

from collections.abc import Iterator
from dataclasses import dataclass

from terrace.modules.contract import HostNeed
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context

KUBELET = 10250
_HTTPS = 443


@dataclass(frozen=True, order=True)
class Opening:
    """A path on one TCP port. An end is a module's name, or one of kubernetes-api, nodes, entry, cloud, internet, lake,
    database, cache, streams."""

    source: str
    destination: str
    port: int
    purpose: str


def openings(context: Context) -> list[Opening]:
    """All paths of the enabled modules, sorted, each end and port once: what one module declares that it calls, or
    that it is called by, and what follows from its needs. Paths to modules that are not enabled are left out.
    """
    if "openings" not in context.memo:
        context.memo["openings"] = _all(context)
    return list(context.memo["openings"])


def of_module(name: str, context: Context) -> list[Opening]:
    """The openings with the module at one end."""
    if "of_module" not in context.memo:
        by_module: dict[str, list[Opening]] = {module: [] for module in context.modules}
        for one in openings(context):
            for end in (one.source, one.destination):
                if end in by_module:
                    by_module[end].append(one)
        context.memo["of_module"] = by_module
    return list(context.memo["of_module"][name])


def _all(context: Context) -> list[Opening]:
    found: dict[tuple[str, str, int], Opening] = {}
    for module in context.modules.values():
        for one in _of(module, context):
            if one.source != one.destination:
                found.setdefault((one.source, one.destination, one.port), one)
    return sorted(found.values())


def _of(module: EnabledModule, context: Context) -> Iterator[Opening]:
    yield from _called_by(module, context)
    for call in module.contract.network.calls:
        yield from _calls(module, call, context)
    yield from _needed(module, context)


def _called_by(module: EnabledModule, context: Context) -> Iterator[Opening]:
    network = module.contract.network
    for name, callers in network.called_by.items():
        for caller in callers:
            for source in _callers(caller, context):
                yield Opening(source, module.name, network.ports[name], f"{name} of {module.name}")


def _callers(caller: str, context: Context) -> list[str]:
    if caller == "all":
        return list(context.modules)
    if caller == "gateway":
        gateway = context.provider("gateway")
        return [gateway.name] if gateway else []
    if caller in ("kubernetes-api", "nodes", "entry"):
        return [caller]
    return [caller] if caller in context.modules else []


def _calls(module: EnabledModule, call: str, context: Context) -> Iterator[Opening]:
    called, _, name = call.partition(":")
    other = context.modules.get(called)
    found = other.contract.network.called(name) if other else None
    if found:
        name, port = found
        yield Opening(module.name, called, port, f"{name} of {called}")
    elif called == "kubernetes-api":
        yield Opening(module.name, called, _HTTPS, "the Kubernetes API")
    elif called == "cloud":
        yield Opening(module.name, called, _HTTPS, "the cloud's APIs")
    elif called == "internet":
        for name, destination in context.environment.network.egress.destinations.items():
            yield Opening(module.name, called, destination.port, f"network.egress.destinations.{name}")
    elif called == "nodes":
        yield Opening(module.name, called, KUBELET, "kubelets")
        for name, port in module.contract.network.ports.items():  # its own pods on the network of nodes
            yield Opening(module.name, called, port, f"{name} of {module.name} on nodes")


def _needed(module: EnabledModule, context: Context) -> Iterator[Opening]:
    """Paths that follow from needs, host names and metrics."""
    needs, ports, outputs = module.needs, module.contract.network.ports, context.outputs
    if needs.database and outputs.database:
        yield Opening(module.name, "database", outputs.database.port, "its database")
        if needs.database.login == "password-file" and context.cloud.database_login(outputs, context.target).authority:
            yield from _calls(module, "internet", context)  # the server's certificate authorities
    if needs.cache and outputs.cache:
        yield Opening(module.name, "cache", outputs.cache.port, "the cache")
    if needs.lake:
        yield Opening(module.name, "lake", _HTTPS, f"layers {', '.join(sorted(needs.lake))}")
    topics = context.provider("topics")
    if needs.topics and outputs.streams:
        yield Opening(module.name, "streams", outputs.streams.port, "the streams")
    elif needs.topics and topics:
        network = topics.contract.network
        for name in network.called_by or network.ports:  # not its metrics
            yield Opening(module.name, topics.name, network.ports[name], f"{name} of {topics.name}")
    gateway = context.provider("gateway")
    for host, need in needs.hosts.items() if gateway else ():
        for port in _backend(need, module):
            yield Opening(gateway.name, module.name, port, f"host {host}")  # type: ignore[union-attr]
    metrics = context.provider("metrics")
    for scrape in module.contract.observability.scrape if metrics else ():
        yield Opening(metrics.name, module.name, ports[scrape.port], "metrics")  # type: ignore[union-attr]


def _backend(need: HostNeed, module: EnabledModule) -> list[int]:
    """The ports of the pods behind a host name. The Service's port may be another than the pods': where it is not
    among the declared ports, the gateway may use those that declare `gateway` as caller, else all."""
    network = module.contract.network
    if need.port in network.ports.values():
        return [need.port]
    declared = [network.ports[name] for name, callers in network.called_by.items() if "gateway" in callers]
    return declared or list(network.ports.values())
