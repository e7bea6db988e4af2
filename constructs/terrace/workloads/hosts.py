"""Host names: a route from the gateway to a module's Service, and who may use it (NET-6, ID-1).

`oidc`: Envoy logs people in at the organisation's provider, verifies the ID token and admits the groups of the role.
`own`: the module does, with the secret of its client.
`api-key`: Envoy admits one key per client, and limits the requests of each client. Every host has a limit for the body
of a request, and pages of other origins may call it only if it names them (CORS). Sources: Gateway API v1, Envoy
Gateway 1.9 api/v1alpha1 (SecurityPolicy, BackendTrafficPolicy), external-secrets.io/v1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from terrace.capabilities.identity import given_secret
from terrace.capabilities.spec import present
from terrace.errors import ContractError
from terrace.modules.contract import HostNeed
from terrace.modules.enabled import EnabledModule
from terrace.workloads import gateway
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata
from terrace.workloads.secrets import derivation, external_secret

API_KEY_HEADER = "x-api-key"
"""The request header in which a client sends its key."""

DEFAULT_REQUESTS = 600
"""Requests of a client in a minute, at each pod of the gateway; the module's setting `requests-per-minute`."""

CORS_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
CORS_HEADERS = ["authorization", "content-type", API_KEY_HEADER]
"""What pages of the origins in `cors` may send; with credentials, browsers do not take * for all."""

_WEBSOCKET = "websocket"
_PROVIDER = "organisation"
_ID_TOKEN = "terrace-id-token"


def fqdn(name: str, context: Context) -> str:
    """The full name of a host."""
    return f"{name}.{present(context.environment.network.entry).domain}"


def api_clients(module: EnabledModule) -> Sequence[str]:
    """The clients of a module's API keys: its setting `api-clients`."""
    return list(module.settings.get("api-clients", ["default"]))


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The routes of a module, and the log-in, keys and limits at the gateway."""
    hosts = module.needs.hosts
    if not hosts:
        return []
    provider = context.provider("gateway")
    if provider is None:
        raise ContractError(f"{module.name} needs host names, but no enabled module provides gateway")
    logins = {host.login for host in hosts.values()} - {"none"}
    if not gateway.is_envoy(context):
        if logins:
            raise ContractError(
                f"{module.name} has hosts with login {', '.join(sorted(logins))}, which {provider.name} does not "
                "provide; enable envoy-gateway instead"
            )
        return [each for name, host in hosts.items() for each in _by_kong(name, host, module, provider, context)]
    result = [each for name, host in hosts.items() for each in _by_envoy(name, host, module, provider, context)]
    if logins & {"oidc", "own"}:
        result.append(_client_secret(module, context))
    if "api-key" in logins:
        result.append(_api_keys(module, context))
    return result


def _by_envoy(
    name: str, host: HostNeed, module: EnabledModule, provider: EnabledModule, context: Context
) -> list[Object]:
    """The route of a host, who may use it, and the limits of its requests.

    A buffer limits the size of bodies. Envoy Gateway refuses WebSockets on a route with a buffer, so these have a rule
    of their own, whose policy replaces the route's. Rules have names since Gateway API 1.4; with older definitions the
    policy of the route applies to both, and WebSockets are refused.
    """
    limits = {"rateLimit": _rate_limit(module)} if host.login == "api-key" else {}
    buffered = {"targetRefs": [_target(name)], "requestBuffer": {"limit": host.max_body}, **limits}
    rule = _target(name) | {"sectionName": _WEBSOCKET}
    upgraded = {"targetRefs": [rule], "httpUpgrade": [{"type": _WEBSOCKET}], **limits}
    upgrade = {"name": _WEBSOCKET, "matches": [{"headers": [{"name": "upgrade", "value": _WEBSOCKET}]}]}
    result = [
        _route(name, host, module, provider, context, [{}, upgrade]),
        _policy("BackendTrafficPolicy", name, buffered, module, context),
        _policy("BackendTrafficPolicy", f"{name}.{_WEBSOCKET}", upgraded, module, context),  # no host has a dot
    ]
    security: dict[str, Any] = {"cors": _envoy_cors(host, context)} if host.cors else {}
    if host.login == "oidc":
        security |= _oidc(name, host, module, context)
    elif host.login == "api-key":
        security["apiKeyAuth"] = _api_key_auth(module)
    if security:
        result.append(_policy("SecurityPolicy", name, {"targetRefs": [_target(name)], **security}, module, context))
    return result


def _by_kong(
    name: str, host: HostNeed, module: EnabledModule, provider: EnabledModule, context: Context
) -> list[Object]:
    """The route of a host and Kong's plugins for it. Source: Kong 3.9, plugins request-size-limiting and cors."""
    units = {"Ki": "kilobytes", "Mi": "megabytes"}  # of 1024 and 1024 * 1024 bytes
    size = {"allowed_payload_size": int(host.max_body[:-2]), "size_unit": units[host.max_body[-2:]]}
    plugins: dict[str, dict[str, Any]] = {"request-size-limiting": size}
    if host.cors:
        plugins["cors"] = {
            "origins": _origins(host, context), "methods": CORS_METHODS, "headers": CORS_HEADERS, "credentials": True
        }  # fmt: skip
    group, filters = "configuration.konghq.com", []
    result = []
    for plugin, config in plugins.items():
        meta = metadata(f"{name}.{plugin}", module, context)
        result.append(
            {"apiVersion": f"{group}/v1", "kind": "KongPlugin", "metadata": meta, "plugin": plugin, "config": config}
        )
        reference = {"group": group, "kind": "KongPlugin", "name": meta["name"]}
        filters.append({"type": "ExtensionRef", "extensionRef": reference})
    return [_route(name, host, module, provider, context, [{"filters": filters}]), *result]


def _route(
    name: str,
    host: HostNeed,
    module: EnabledModule,
    provider: EnabledModule,
    context: Context,
    rules: Sequence[Mapping[str, Any]],
) -> Object:
    """The route of a host; all of its rules lead to the host's Service."""
    parent = {"name": gateway.GATEWAY, "namespace": provider.namespace, "sectionName": gateway.HTTPS}
    backends = [{"name": host.service, "port": host.port}]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(name, module, context),
        "spec": {
            "parentRefs": [parent],
            "hostnames": [fqdn(name, context)],
            "rules": [{**rule, "backendRefs": backends} for rule in rules],
        },
    }


def _policy(kind: str, name: str, spec: dict[str, Any], module: EnabledModule, context: Context) -> Object:
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": kind,
        "metadata": metadata(name, module, context),
        "spec": spec,
    }


def _origins(host: HostNeed, context: Context) -> list[str]:
    return [origin if "://" in origin else f"https://{fqdn(origin, context)}" for origin in host.cors]


def _envoy_cors(host: HostNeed, context: Context) -> dict[str, Any]:
    return {
        "allowOrigins": _origins(host, context),
        "allowMethods": CORS_METHODS,
        "allowHeaders": CORS_HEADERS,
        "allowCredentials": True,
    }


def _oidc(name: str, host: HostNeed, module: EnabledModule, context: Context) -> dict[str, Any]:
    """The part of a SecurityPolicy that logs people in and admits the groups of the host's role."""
    oidc = context.environment.identity.oidc
    if oidc is None or module.name not in oidc.clients:
        raise ContractError(f"{module.name} has a host with login oidc, but identity.oidc has no client for it")
    groups = oidc.groups_of(host.role)
    claims = [{"name": oidc.groups_claim, "valueType": "StringArray", "values": groups}]
    allow = {"name": "groups", "action": "Allow", "principal": {"jwt": {"provider": _PROVIDER, "claims": claims}}}
    return {
        "oidc": {
            "provider": {"issuer": oidc.issuer},
            "clientID": oidc.clients[module.name],
            "clientSecret": {"name": f"{module.name}-oidc"},
            "redirectURL": f"https://{fqdn(name, context)}/oauth2/callback",
            "logoutPath": "/oauth2/logout",  # leaves /logout to the module
            "scopes": ["openid", "email", "profile"],
            "cookieNames": {"idToken": _ID_TOKEN},
            "cookieConfig": {"sameSite": "Lax"},
            "forwardIDToken": {"header": gateway.TOKEN_HEADER},
        },
        "jwt": {
            "providers": [
                {
                    "name": _PROVIDER,
                    "issuer": oidc.issuer,
                    "audiences": [oidc.clients[module.name]],
                    "remoteJWKS": {"uri": oidc.keys},
                    "extractFrom": {"cookies": [_ID_TOKEN]},
                    "claimToHeaders": [
                        {"claim": claim, "header": header} for claim, header in gateway.IDENTITY_HEADERS.items()
                    ],
                }
            ]
        },
        "authorization": {"defaultAction": "Deny", "rules": [allow] if groups else []},
    }


def _client_secret(module: EnabledModule, context: Context) -> Object:
    name = f"{module.name}-oidc"
    reference = given_secret(module.name, "oidc", context.target.prefix)
    return external_secret(
        metadata(name, module, context),
        store=module.name,
        template={"client-secret": "{{ .value }}"},
        sources={"value": (reference, None)},
        context=context,
    )


def _api_keys(module: EnabledModule, context: Context) -> Object:
    """A key per client, derived from the module's secret as all its Secrets are."""
    name = f"{module.name}-api-keys"
    return external_secret(
        metadata(name, module, context),
        store=module.name,
        template={client: derivation(name, client) for client in api_clients(module)},
        sources={"value": (context.outputs.secrets[module.name], None)},
        context=context,
    )


def _api_key_auth(module: EnabledModule) -> dict[str, Any]:
    return {
        "credentialRefs": [{"kind": "Secret", "name": f"{module.name}-api-keys"}],
        "extractFrom": [{"headers": [API_KEY_HEADER]}],
        "forwardClientIDHeader": gateway.CLIENT_HEADER,
        "sanitize": True,
    }


def _rate_limit(module: EnabledModule) -> dict[str, Any]:
    limit = {"requests": int(module.settings.get("requests-per-minute", DEFAULT_REQUESTS)), "unit": "Minute"}
    by_client = [
        {"clientSelectors": [{"headers": [{"name": gateway.CLIENT_HEADER, "value": client}]}], "limit": limit}
        for client in api_clients(module)
    ]
    return {"local": {"rules": by_client}}


def _target(route: str) -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route}
