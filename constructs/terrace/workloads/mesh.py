"""The mesh: mutual TLS between all pods, and authorization by identity from the declared openings.

Istio's ambient mode: a proxy on each node (ztunnel) wraps the pods' connections, without a sidecar. Its policies work
on namespaces, service accounts and ports. Sources: Istio, security.istio.io/v1; "Use Layer 4 security policy".
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from terrace.modules.enabled import EnabledModule
from terrace.workloads import namespaces
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata
from terrace.workloads.openings import Opening, openings

_OUTSIDE = ("kubernetes-api", "nodes", "entry")
"""Callers that are no pods, and so have no identity in the mesh: the API server, nodes, the cloud's load balancer."""


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """PeerAuthentications and an AuthorizationPolicy for a namespace, with the first module of it.

    Nothing if no module provides `mesh`, and for the namespace of the mesh itself, which is not part of it.
    """
    mesh = context.provider("mesh")
    if mesh is None or mesh.namespace == module.namespace or not namespaces.creates(module, context):
        return []
    tenants = {tenant.name: tenant for tenant in namespaces.tenants(module.namespace, context)}
    inbound = [opening for opening in openings(context) if opening.destination in tenants]
    return [*_peer_authentication(module, tenants.values(), inbound, context), _authorization(module, inbound, context)]


def _peer_authentication(
    module: EnabledModule, tenants: Iterable[EnabledModule], inbound: Iterable[Opening], context: Context
) -> list[Object]:
    """Mutual TLS is strict. Ports that callers outside the mesh use also take connections without it.

    Istio takes a port's exception only from a policy with a selector, so that there is one per component. Where a
    component does not say which pods it has, the exception is for the whole namespace; the AuthorizationPolicy still
    asks for an identity on the other ports.
    """
    plain = sorted({opening.port for opening in inbound if opening.source in _OUTSIDE})
    pods = {
        f"{tenant.name}-{name}": dict(component.pods)
        for tenant in tenants
        for name, component in tenant.contract.components.items()
    }
    if not plain:
        return [_mutual_tls("default", {}, (), "STRICT", module, context)]
    if not pods or not all(pods.values()):
        return [_mutual_tls("default", {}, (), "PERMISSIVE", module, context)]
    by_pods = [_mutual_tls(name, labels, plain, "STRICT", module, context) for name, labels in pods.items()]
    return [_mutual_tls("default", {}, (), "STRICT", module, context), *by_pods]


def _mutual_tls(
    name: str, pods: Mapping[str, str], plain: Sequence[int], mode: str, module: EnabledModule, context: Context
) -> Object:
    spec: dict[str, Any] = {"mtls": {"mode": mode}}
    if pods:
        exceptions = {str(port): {"mode": "PERMISSIVE"} for port in plain}
        spec |= {"selector": {"matchLabels": dict(pods)}, "portLevelMtls": exceptions}
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "PeerAuthentication",
        "metadata": metadata(name, module, context),
        "spec": spec,
    }


def _authorization(module: EnabledModule, inbound: Iterable[Opening], context: Context) -> Object:
    """Admits the module's own pods, and each caller on the ports that are open to it; all else is denied."""
    ports_by_source: dict[str, set[int]] = {}
    for opening in inbound:
        ports_by_source.setdefault(opening.source, set()).add(opening.port)
    rules: list[dict[str, Any]] = [{"from": [{"source": {"namespaces": [module.namespace]}}]}]
    for source, ports in sorted(ports_by_source.items()):
        rule: dict[str, Any] = {"to": [{"operation": {"ports": [str(port) for port in sorted(ports)]}}]}
        if source not in _OUTSIDE:
            rule["from"] = [{"source": {"namespaces": [context.modules[source].namespace]}}]
        rules.append(rule)
    return {
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": metadata("openings", module, context),
        "spec": {"action": "ALLOW", "rules": rules},
    }
