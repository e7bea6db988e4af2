"""Checks of network paths: denied by default (WL-4), opened as declared (WL-4), encrypted in a mesh (WL-14)."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Any

from terrace.assurance.checks.workloads.lookup import per_object, spec_of
from terrace.assurance.evaluation import NotRequired, Observation, check
from terrace.assurance.workloads_view import Workloads
from terrace.capabilities.identity import SYSTEM_NAMESPACE
from terrace.capabilities.spec import present
from terrace.capabilities.workloads import Party
from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Object
from terrace.workloads.network import MESH_PORT, MESH_PROBES
from terrace.workloads.policy_scope import title_of

_NAME = "kubernetes.io/metadata.name"
_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")


@check("WL-4")
def default_deny(workloads: Workloads) -> Iterator[Observation]:
    """Each namespace has a policy for all pods that allows nothing, in both directions."""
    for namespace in workloads.namespaces:
        directions = {
            direction
            for policy in workloads.kind("NetworkPolicy", namespace=namespace)
            for direction in spec_of(policy).get("policyTypes", [])
            if not spec_of(policy).get("podSelector") and not spec_of(policy).get(direction.lower())
        }
        yield Observation(
            f"Namespace {namespace}", f"denies {', '.join(sorted(directions)) or 'nothing'}",
            directions >= {"Ingress", "Egress"}, "Egress, Ingress",
        )  # fmt: skip
    yield from per_object(workloads, workloads.pods, ["namespaces-have-network-policies"])


@check("WL-4")
def declared_openings_only(workloads: Workloads) -> Iterator[Observation]:
    """Each opening of a network policy is declared by a module at one of its ends."""
    for policy in workloads.kind("NetworkPolicy"):
        namespace = policy["metadata"]["namespace"]
        tenants = [one for one in workloads.modules if one.namespace == namespace]
        undeclared = [
            f"{direction} {_shown(peer)} {port}"
            for direction, peer, port in _openings(policy)
            if not _declared(workloads, namespace, tenants, direction, peer, port)
        ]
        fact = f"undeclared: {', '.join(undeclared)}" if undeclared else "declared"
        yield Observation(title_of(policy), fact, not undeclared, "declared openings only")


@check("WL-4")
def declared_openings_open(workloads: Workloads) -> Iterator[Observation]:
    """Each path between modules that a module declares is open at both ends."""
    modules = workloads.context.modules
    paths = [
        (module, modules[called], found[1])
        for module in workloads.modules
        for called, _, name in (call.partition(":") for call in module.contract.network.calls)
        if called in modules and (found := modules[called].contract.network.called(name))
    ]
    if not paths:
        raise NotRequired("no module declares that it calls another one")
    for source, destination, port in paths:
        if source.namespace == destination.namespace:
            continue
        ends = (("Egress", source, destination), ("Ingress", destination, source))
        closed = [direction for direction, home, other in ends if not _opens(workloads, direction, home, other, port)]
        fact = f"closed: {', '.join(closed)}" if closed else "open"
        yield Observation(f"{source.name} -> {destination.name}:{port}", fact, not closed, "open")


@check("WL-14")
def mutual_tls(workloads: Workloads) -> Iterator[Observation]:
    """With a mesh: each namespace is in it and requires mutual TLS."""
    mesh = workloads.context.provider("mesh")
    if mesh is None:
        raise NotRequired("no enabled module provides a mesh")
    labels = {one["metadata"]["name"]: one["metadata"].get("labels", {}) for one in workloads.kind("Namespace")}
    for namespace in workloads.namespaces:
        if namespace == mesh.namespace:
            continue
        inside = labels.get(namespace, {}).get("istio.io/dataplane-mode") == "ambient"
        yield Observation(f"Namespace {namespace}", f"in the mesh: {inside}", inside, "in the mesh")
        modes = {
            spec_of(one).get("mtls", {}).get("mode")
            for one in workloads.kind("PeerAuthentication", namespace=namespace)
            if not spec_of(one).get("selector")
        }
        # Where callers outside the mesh need a port, identity is required on the others.
        identities = any(
            spec_of(one).get("rules") for one in workloads.kind("AuthorizationPolicy", namespace=namespace)
        )
        strict = modes == {"STRICT"} or (modes == {"PERMISSIVE"} and identities)
        shown = ", ".join(sorted(map(str, modes))) or "unset"
        yield Observation(f"Namespace {namespace}", f"mutual TLS: {shown}", strict, "STRICT")


def _openings(policy: Object) -> Iterator[tuple[str, Any, int | str]]:
    """(direction, peer, port) of each opening; without peers or ports: any."""
    for direction, key in (("Ingress", "from"), ("Egress", "to")):
        for rule in spec_of(policy).get(direction.lower()) or []:
            for peer in rule.get(key) or [{}]:
                for port in rule.get("ports") or [{}]:
                    yield direction, peer, port.get("port", "any")


def _declared(
    workloads: Workloads,
    namespace: str,
    tenants: Iterable[EnabledModule],
    direction: str,
    peer: Any,
    port: int | str,
) -> bool:
    if set(peer) == {"podSelector"}:  # inside the namespace
        return True
    if "ipBlock" in peer and workloads.context.provider("mesh") and peer["ipBlock"]["cidr"] == MESH_PROBES:
        return direction == "Ingress"
    if "ipBlock" in peer and namespace == SYSTEM_NAMESPACE:
        return direction == "Egress" and _for_bootstrap(workloads, peer["ipBlock"], port)
    if "ipBlock" in peer:
        return _address_declared(workloads, list(tenants), direction, peer["ipBlock"], port)
    name = peer.get("namespaceSelector", {}).get("matchLabels", {}).get(_NAME)
    others = [one for one in workloads.modules if one.namespace == name]
    if name == "kube-system" and not others:
        return (direction == "Egress" and port == 53) or any(_from_api(one, port) for one in tenants)
    return any(
        _path(workloads, one, other, port) if direction == "Egress" else _path(workloads, other, one, port)
        for one in tenants
        for other in others
    ) or (name == "kube-system" and direction == "Egress" and port == 53)


def _path(workloads: Workloads, source: EnabledModule, destination: EnabledModule, port: int | str) -> bool:
    """Whether a module may call another one on a port: because either declares it, or a need implies it."""
    context, network = workloads.context, destination.contract.network
    names = [name for name, number in network.ports.items() if number == port]
    if port == MESH_PORT and context.provider("mesh"):
        return True
    if not names:
        return False
    callers = {caller for name in names for caller in network.called_by.get(name, ())}
    metrics = any(scrape.port in names for scrape in destination.contract.observability.scrape)
    calls = (call.partition(":") for call in source.contract.network.calls)
    called = [network.called(name) for module, _, name in calls if module == destination.name]
    return (
        any(one and one[1] == port for one in called)
        or source.name in callers
        or "all" in callers
        or (_provides(source, "gateway") and ("gateway" in callers or bool(destination.needs.hosts)))
        or (_provides(source, "metrics") and metrics)
        or (_provides(destination, "topics") and bool(source.needs.topics))
    )


def _reads_authorities(workloads: Workloads, tenants: Iterable[EnabledModule]) -> bool:
    """Whether a pod downloads the certificate authorities of its database server before it logs in."""
    context = workloads.context
    logins = {one.needs.database.login for one in tenants if one.needs.database}
    if context.outputs.database is None or "password-file" not in logins:
        return False
    return bool(context.cloud.database_login(context.outputs, context.target).authority)


def _address_declared(
    workloads: Workloads, tenants: list[EnabledModule], direction: str, block: Any, port: int | str
) -> bool:
    """Whether addresses outside the pods' network may be reached, or may call."""
    if direction == "Ingress":
        callers = {
            caller
            for one in tenants
            for name, number in one.contract.network.ports.items()
            if number == port
            for caller in one.contract.network.called_by.get(name, ())
        }
        return any(
            _within(workloads, block, party) for party in ("kubernetes-api", "nodes", "entry") if party in callers
        )
    if _too_wide(block):
        return False
    outputs = workloads.context.outputs
    needs = [one.needs for one in tenants]
    calls = {called for one in tenants for called in one.contract.network.calls}
    own = {number for one in tenants for number in one.contract.network.ports.values()}
    return (
        _names(workloads, block, port)
        or (
            _gives_credentials(workloads, block, port)
            and any(one.in_foundation or one.needs.identities for one in tenants)
        )
        or (
            outputs.database is not None
            and port == outputs.database.port
            and any(need.database for need in needs)
            and _within(workloads, block, "database")
        )
        or (
            outputs.cache is not None
            and port == outputs.cache.port
            and any(need.cache for need in needs)
            and _within(workloads, block, "cache")
        )
        or (
            outputs.streams is not None
            and port == outputs.streams.port
            and any(need.topics for need in needs)
            and _within(workloads, block, "streams")
        )
        or (port == 443 and "kubernetes-api" in calls and _within(workloads, block, "kubernetes-api"))
        or (("cloud" in calls or any(need.lake for need in needs)) and _of_cloud(workloads, block, port))
        or (("internet" in calls or _reads_authorities(workloads, tenants)) and _of_internet(workloads, block, port))
        or ("nodes" in calls and (port == 10250 or port in own) and _within(workloads, block, "nodes"))
    )


def _for_bootstrap(workloads: Workloads, block: Any, port: int | str) -> bool:
    """The job that prepares the database reaches it, the credentials for it, and certificate authorities by HTTPS."""
    database = workloads.context.outputs.database
    if database is None or _too_wide(block) or not any(one.needs.database for one in workloads.modules):
        return False
    return (
        _names(workloads, block, port)
        or _gives_credentials(workloads, block, port)
        or (port == database.port and _within(workloads, block, "database"))
        or _of_cloud(workloads, block, port)
        or _of_internet(workloads, block, port)
    )


def _within(workloads: Workloads, block: Any, party: Party) -> bool:
    """Whether a range is part of a party's ranges on this cloud."""
    environment = workloads.context.environment
    ranges = workloads.context.cloud.ranges(environment.network.cidr, present(environment.cluster).service_cidr)
    return _part_of(block, ranges[party])


def _of_cloud(workloads: Workloads, block: Any, port: int | str) -> bool:
    """Whether it is a path to the cloud's APIs and object storage: private ones, or declared destinations."""
    return port == 443 and (_within(workloads, block, "cloud") or _of_internet(workloads, block, port))


def _of_internet(workloads: Workloads, block: Any, port: int | str) -> bool:
    """Whether `network.egress.destinations` declares it."""
    destinations = workloads.context.environment.network.egress.destinations.values()
    return _part_of(block, [one.cidr for one in destinations if one.port == port])


def _names(workloads: Workloads, block: Any, port: int | str) -> bool:
    """Whether it is an address at which pods ask for names."""
    return port == 53 and _part_of(block, [one.cidr for one in workloads.context.cloud.NAME_SERVERS])


def _part_of(block: Any, cidrs: Iterable[str]) -> bool:
    network = IPv4Network(block["cidr"], strict=False)
    return any(network.subnet_of(IPv4Network(cidr, strict=False)) for cidr in cidrs)


def _too_wide(block: Any) -> bool:
    """Whether the range is the whole internet and includes private addresses."""
    wide = IPv4Network(block["cidr"], strict=False).prefixlen == 0
    return wide and not set(_PRIVATE) <= set(block.get("except", []))


def _gives_credentials(workloads: Workloads, block: Any, port: int | str) -> bool:
    """Whether it is the cloud's endpoint from which pods get the credentials of their identity."""
    return any(one.cidr == block["cidr"] and port in one.ports for one in workloads.context.cloud.METADATA)


def _opens(workloads: Workloads, direction: str, home: EnabledModule, other: EnabledModule, port: int) -> bool:
    return any(
        (found, number) == (direction, port)
        and peer.get("namespaceSelector", {}).get("matchLabels", {}).get(_NAME) == other.namespace
        for policy in workloads.kind("NetworkPolicy", namespace=home.namespace)
        for found, peer, number in _openings(policy)
    )


def _from_api(module: EnabledModule, port: int | str) -> bool:
    network = module.contract.network
    return any(
        "kubernetes-api" in network.called_by.get(name, ()) for name, one in network.ports.items() if one == port
    )


def _provides(module: EnabledModule, service: str) -> bool:
    return service in module.contract.provides


def _shown(peer: Any) -> str:
    block = peer.get("ipBlock", {}).get("cidr")
    return str(block or peer.get("namespaceSelector", {}).get("matchLabels", {}).get(_NAME) or peer or "anywhere")
