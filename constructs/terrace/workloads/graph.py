"""The platform of an environment as a graph: modules, what they need and provide, and their network paths."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from terrace.capabilities.identity import LakeRight
from terrace.capabilities.spec import LAYERS, Spec
from terrace.capabilities.streams import ANY
from terrace.modules.contract import Service
from terrace.modules.enabled import EnabledModule
from terrace.modules.resolution import services
from terrace.workloads.context import Context
from terrace.workloads.hosts import fqdn
from terrace.workloads.openings import openings

NodeKind = Literal[
    "module", "service", "host", "database", "cache", "streams", "topic", "lake", "layer", "secrets",
    "kubernetes-api", "nodes", "cloud", "entry", "internet",
]  # fmt: skip
EdgeKind = Literal["needs", "provides", "opening", "serves", "after"]


class GraphNode(Spec):
    """A module, or what modules use or serve."""

    id: str
    """Unique in the graph: the kind and the name, such as module/airflow, or the kind alone if there is one of it."""
    kind: NodeKind
    """What it is. lake: object storage as a whole; layer: one layer, or artifacts; secrets: the cloud's secret manager;
    cloud: the cloud's APIs; entry: the load balancer of the public entry."""
    name: str
    """Its name: of a module, service, host name, topic or layer."""
    summary: str = ""
    """One line about it."""
    category: str = ""
    """Of a module: its place in the catalogue."""
    version: str = ""
    """Of a module: the version of its software."""
    step: int = 0
    """Of a module: its place in the order of installation, from 1."""


class GraphEdge(Spec):
    """A relation of two nodes."""

    source: str
    """The id of a node: what needs, provides, calls, serves or is installed later."""
    target: str
    """The id of a node: what is needed, provided, called, served or installed before."""
    kind: EdgeKind
    """needs: a module needs a service, another module, or a part of the foundation; provides: a module provides a
    service; opening: an allowed network path; serves: a module answers at a host name; after: a module is installed
    after another."""
    port: int | None = None
    """Of an opening: the TCP port."""
    access: LakeRight | None = None
    """Of a need of a layer or topic: read, write, or only add."""
    label: str = ""
    """The purpose of an opening; the log-in of a host name; the extensions of a database; a layer's data products."""


class Graph(Spec):
    """The graph of one environment on one cloud. Nodes and edges are sorted: the same environment gives the same
    graph."""

    environment: str
    """Name of the environment."""
    cloud: str
    """The cloud: aws, azure or gcp."""
    nodes: tuple[GraphNode, ...]
    """Nodes; modules first, in the order of their installation."""
    edges: tuple[GraphEdge, ...]
    """Edges, without duplicates."""


_PLACES: Mapping[NodeKind, str] = {
    "database": "PostgreSQL of the foundation",
    "cache": "Cache of the foundation",
    "streams": "Managed Kafka of the foundation",
    "lake": "Object storage of the foundation",
    "secrets": "Secret manager of the cloud",
    "kubernetes-api": "API server of the cluster",
    "nodes": "Kubelets and host ports of the nodes",
    "cloud": "APIs of the cloud",
    "entry": "Load balancer of the public entry",
    "internet": "Destinations in network.egress.destinations",
}
"""The kinds of which there is one: the ends of openings that are no modules, and the secret manager."""


def graph(context: Context) -> Graph:
    """The graph of the enabled modules. Parts of the foundation that no module uses are left out, layers excepted."""
    edges = tuple(sorted(set(_edges(context)), key=_key))
    used = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = [*_modules(context.modules.values()), *_others(context, used)]
    return Graph(environment=context.environment.name, cloud=context.environment.cloud, nodes=tuple(nodes), edges=edges)


def around(found: Graph, modules: Collection[str]) -> Graph:
    """The part of a graph with these modules, what they are related to, and the providers of services they need."""
    chosen = {module_id(name) for name in modules}
    edges = [edge for edge in found.edges if chosen & {edge.source, edge.target}]
    needed = {edge.target for edge in edges if edge.kind == "needs"}
    edges += [edge for edge in found.edges if edge.kind == "provides" and edge.target in needed and edge not in edges]
    ends = chosen | {end for edge in edges for end in (edge.source, edge.target)}
    nodes = tuple(node for node in found.nodes if node.id in ends)
    return found.model_copy(update={"nodes": nodes, "edges": tuple(sorted(edges, key=_key))})


def module_id(name: str) -> str:
    """The id of a module's node."""
    return f"module/{name}"


def _key(edge: GraphEdge) -> tuple[str, str, str, int, str, str]:
    return edge.source, edge.target, edge.kind, edge.port or 0, edge.access or "", edge.label


def _modules(modules: Iterable[EnabledModule]) -> Iterator[GraphNode]:
    for step, module in enumerate(modules, start=1):
        contract = module.contract
        yield GraphNode(
            id=module_id(module.name), kind="module", name=module.name, summary=contract.summary,
            category=contract.category, version=contract.version, step=step,
        )  # fmt: skip


def _others(context: Context, used: set[str]) -> Iterator[GraphNode]:
    for kind, summary in _PLACES.items():
        if kind in used:
            yield GraphNode(id=kind, kind=kind, name=kind, summary=summary)
    for layer in (*LAYERS, "artifacts"):
        yield GraphNode(id=f"layer/{layer}", kind="layer", name=layer, summary=f"{layer} in the lake")
    kinds: Mapping[str, NodeKind] = {"host": "host", "service": "service", "topic": "topic"}
    for id in sorted(used):
        prefix, _, name = id.partition("/")
        if prefix in kinds:
            shown = fqdn(name, context) if prefix == "host" else name
            yield GraphNode(id=id, kind=kinds[prefix], name=shown)


def _edges(context: Context) -> Iterator[GraphEdge]:
    for module in context.modules.values():
        source = module_id(module.name)
        for service in module.contract.provides:
            yield GraphEdge(source=source, target=f"service/{service}", kind="provides")
        for name in module.after:
            yield GraphEdge(source=source, target=module_id(name), kind="after")
        for host, need in module.needs.hosts.items():
            yield GraphEdge(source=source, target=f"host/{host}", kind="serves", label=need.login)
        yield from _needs(module, source, context)
    for opening in openings(context):
        yield GraphEdge(
            source=_end(opening.source, context), target=_end(opening.destination, context), kind="opening",
            port=opening.port, label=opening.purpose,
        )  # fmt: skip


def _needs(module: EnabledModule, source: str, context: Context) -> Iterator[GraphEdge]:
    needs = module.needs
    needed: list[Service] = list(services(module.contract))
    if needs.topics and "topics" not in needed and context.provider("topics"):
        needed.append("topics")
    for service in needed:
        yield GraphEdge(source=source, target=f"service/{service}", kind="needs")
    for name in needs.modules:
        yield GraphEdge(source=source, target=module_id(name), kind="needs")
    if needs.database:
        yield GraphEdge(source=source, target="database", kind="needs", label=", ".join(needs.database.extensions))
    if needs.cache:
        yield GraphEdge(source=source, target="cache", kind="needs")
    folders = context.environment.lake_access(module)
    for layer, access in needs.lake.items():
        own = ", ".join(folders.get(layer, ()))
        yield GraphEdge(source=source, target=f"layer/{layer}", kind="needs", access=access, label=own)
    topics = {**needs.topics, **context.environment.topic_access(module)}
    for topic, right in topics.items():
        if topic != ANY:
            yield GraphEdge(source=source, target=f"topic/{topic}", kind="needs", access=right)
    if module.in_foundation:
        yield GraphEdge(source=source, target="secrets", kind="needs", label=", ".join(sorted(needs.secrets)))


def _end(name: str, context: Context) -> str:
    """The id of an end of an opening."""
    return module_id(name) if name in context.modules else name
