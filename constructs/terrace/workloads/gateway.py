"""The environment's gateway: one Gateway for all host names, which the provider of `gateway` serves.

The cloud's load balancer ends the public TLS connection and opens another one to port 8443 of the gateway's pods, and
checks their health at the path /healthz (NET-6): on port 8080, or where `checked_on` is https, on 8443. How it finds
the pods is the cloud's (`entry` of CloudWorkloads.values). Sources: Gateway API v1, Envoy Gateway api/v1alpha1.
"""

from typing import Any

from terrace.capabilities.spec import present
from terrace.capabilities.workloads import ENTRY, ENTRY_PORTS
from terrace.errors import ContractError
from terrace.modules.enabled import EnabledModule
from terrace.workloads.certificates import ISSUER
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata

GATEWAY, HTTPS, HEALTH = ENTRY, "https", "health"
"""Names of the Gateway and of its two listeners."""

HEALTH_PATH = "/healthz"

IDENTITY_HEADERS = {"email": "x-terrace-email", "sub": "x-terrace-subject"}
"""Claim to the request header in which the gateway passes it to a module with `login: oidc`."""

TOKEN_HEADER = "x-terrace-id-token"
"""The request header with the ID token, for modules that read the person's groups from it."""

CLIENT_HEADER = "x-terrace-client"
"""The request header in which the gateway passes the client of an API key to a module with `login: api-key`."""

_CERTIFICATE = "entry-tls"
_CONTROLLERS = {
    "envoy-gateway": "gateway.envoyproxy.io/gatewayclass-controller",
    "kong": "konghq.com/kic-gateway-controller",
}
"""Module to the name that its controller accepts in a GatewayClass."""


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The Gateway, its class, its certificate and its settings, if the module provides `gateway`."""
    if "gateway" not in module.contract.provides:
        return []
    if module.name not in _CONTROLLERS:
        known = " or ".join(sorted(_CONTROLLERS))
        raise ContractError(f"unknown gateway {module.name!r}; expected {known}")
    result = [_class(module, context), _gateway(module, context), _certificate(module, context)]
    if module.name == "envoy-gateway":
        result += [_proxy(module, context), _client_policy(module, context), _health_policy(module, context)]
    bindings = _entry(context).get("objects", [])
    return result + [one | {"metadata": metadata(one["metadata"]["name"], module, context)} for one in bindings]


def is_envoy(context: Context) -> bool:
    """Whether Envoy Gateway serves the host names; only it has policies for log-in and API keys here."""
    provider = context.provider("gateway")
    return provider is not None and provider.name == "envoy-gateway"


def _entry(context: Context) -> dict[str, Any]:
    """How the cloud's load balancer reaches the gateway's pods."""
    values = context.cloud.values(context.outputs, context.target)
    return dict(values.get("entry", {}))


def _class(module: EnabledModule, context: Context) -> Object:
    spec: dict[str, Any] = {"controllerName": _CONTROLLERS[module.name]}
    annotations = {}
    if module.name == "envoy-gateway":
        spec["parametersRef"] = {
            "group": "gateway.envoyproxy.io",
            "kind": "EnvoyProxy",
            "name": GATEWAY,
            "namespace": module.namespace,
        }
    else:  # Kong's chart installs the pods itself
        annotations["konghq.com/gatewayclass-unmanaged"] = "true"
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": metadata(GATEWAY, module, context, namespace=None, annotations=annotations),
        "spec": spec,
    }


def _gateway(module: EnabledModule, context: Context) -> Object:
    hosts = [other.namespace for other in context.modules.values() if other.needs.hosts]
    if not hosts or (_entry(context).get("checked_on") == HTTPS and module.name == "kong"):
        hosts.append(module.namespace)  # Kong answers health checks by a route
    in_namespaces = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": hosts}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": metadata(GATEWAY, module, context),
        "spec": {
            "gatewayClassName": GATEWAY,
            "listeners": [
                {
                    # Without a host name: load balancers connect without one in TLS (SNI), and routes name their hosts.
                    "name": HTTPS,
                    "port": ENTRY_PORTS["https"],
                    "protocol": "HTTPS",
                    "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": _CERTIFICATE}]},
                    "allowedRoutes": {
                        "kinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
                        "namespaces": {"from": "Selector", "selector": {"matchExpressions": [in_namespaces]}},
                    },
                },
                {
                    "name": HEALTH,  # without routes: it answers the load balancer's health checks only
                    "port": ENTRY_PORTS["health"],
                    "protocol": "HTTP",
                    "allowedRoutes": {"namespaces": {"from": "Same"}},
                },
            ],
        },
    }


def _certificate(module: EnabledModule, context: Context) -> Object:
    domain = present(context.environment.network.entry).domain
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": metadata(GATEWAY, module, context),
        "spec": {
            "secretName": _CERTIFICATE,
            "dnsNames": [domain, f"*.{domain}"],
            "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": ISSUER},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        },
    }


def _proxy(module: EnabledModule, context: Context) -> Object:
    """Envoy's Service with a known name, and the owner of its pods; the chart's values have their defaults."""
    service = {"name": GATEWAY, "type": "ClusterIP"} | _entry(context).get("service", {})
    pods = {"pod": {"labels": context.labels(module)}}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "EnvoyProxy",
        "metadata": metadata(GATEWAY, module, context),
        "spec": {
            "mergeType": "StrategicMerge",  # without it, this object would replace the defaults
            "provider": {"type": "Kubernetes", "kubernetes": {"envoyDeployment": pods, "envoyService": service}},
        },
    }


def _client_policy(module: EnabledModule, context: Context) -> Object:
    health = {"healthCheck": {"path": HEALTH_PATH}} if _entry(context).get("checked_on") == HTTPS else {}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "ClientTrafficPolicy",
        "metadata": metadata(HTTPS, module, context),
        "spec": {
            "targetRefs": [_listener(HTTPS)],
            "tls": {"minVersion": "1.2"},
            # Only the gateway sets these headers, so that a client cannot claim to be another one.
            "headers": {"earlyRequestHeaders": {"remove": [*IDENTITY_HEADERS.values(), TOKEN_HEADER, CLIENT_HEADER]}},
            **health,
        },
    }


def _health_policy(module: EnabledModule, context: Context) -> Object:
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "ClientTrafficPolicy",
        "metadata": metadata(HEALTH, module, context),
        "spec": {"targetRefs": [_listener(HEALTH)], "healthCheck": {"path": HEALTH_PATH}},
    }


def _listener(name: str) -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY, "sectionName": name}
