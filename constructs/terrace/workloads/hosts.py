"""Host names: a route from the gateway to a module's Service, and who may use it (NET-6, ID-1).

`oidc`: Envoy logs people in at the organisation's provider, verifies the ID token and admits the groups of the role.
`api-key`: Envoy admits one key per client, and limits the requests of each client. Sources: Gateway API v1, Envoy
Gateway api/v1alpha1 (SecurityPolicy, BackendTrafficPolicy), external-secrets.io/v1.
"""

from collections.abc import Sequence

from terrace.capabilities.identity import given_secret
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

_PROVIDER = "organisation"
_ID_TOKEN = "terrace-id-token"


def fqdn(name: str, context: Context) -> str:
    """The full name of a host."""
    return f"{name}.{context.environment.network.entry.domain}"


def api_clients(module: EnabledModule) -> Sequence[str]:
    """The clients of a module's API keys: its setting `api-clients`."""
    return list(module.settings.get("api-clients", ["default"]))


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The routes of a module, and the log-in or the keys at the gateway."""
    hosts = module.needs.hosts
    if not hosts:
        return []
    provider = context.provider("gateway")
    if provider is None:
        raise ContractError(f"{module.name} needs host names, but no enabled module provides gateway")
    result = [_route(name, host, module, provider, context) for name, host in hosts.items()]
    logins = {host.login for host in hosts.values()} - {"none"}
    if logins and not gateway.is_envoy(context):
        raise ContractError(
            f"{module.name} has hosts with login {', '.join(sorted(logins))}, which {provider.name} does not provide; "
            "enable envoy-gateway instead"
        )
    if "oidc" in logins:
        result.append(_client_secret(module, context))
        for name, host in hosts.items():
            if host.login == "oidc":
                result.append(_oidc(name, host, module, context))
    if "api-key" in logins:
        result.append(_api_keys(module, context))
        for name, host in hosts.items():
            if host.login == "api-key":
                result += [_api_key_policy(name, module, context), _rate_limit(name, module, context)]
    return result


def _route(name: str, host: HostNeed, module: EnabledModule, provider: EnabledModule, context: Context) -> Object:
    parent = {"name": gateway.GATEWAY, "namespace": provider.namespace, "sectionName": gateway.HTTPS}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(name, module, context),
        "spec": {
            "parentRefs": [parent],
            "hostnames": [fqdn(name, context)],
            "rules": [{"backendRefs": [{"name": host.service, "port": host.port}]}],
        },
    }


def _oidc(name: str, host: HostNeed, module: EnabledModule, context: Context) -> Object:
    oidc = context.environment.identity.oidc
    if oidc is None or module.name not in oidc.clients:
        raise ContractError(f"{module.name} has a host with login oidc, but identity.oidc has no client for it")
    groups = oidc.groups_of(host.role)
    claims = [{"name": oidc.groups_claim, "valueType": "StringArray", "values": groups}]
    allow = {"name": "groups", "action": "Allow", "principal": {"jwt": {"provider": _PROVIDER, "claims": claims}}}
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "SecurityPolicy",
        "metadata": metadata(name, module, context),
        "spec": {
            "targetRefs": [_target(name)],
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
        },
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


def _api_key_policy(name: str, module: EnabledModule, context: Context) -> Object:
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "SecurityPolicy",
        "metadata": metadata(name, module, context),
        "spec": {
            "targetRefs": [_target(name)],
            "apiKeyAuth": {
                "credentialRefs": [{"kind": "Secret", "name": f"{module.name}-api-keys"}],
                "extractFrom": [{"headers": [API_KEY_HEADER]}],
                "forwardClientIDHeader": gateway.CLIENT_HEADER,
                "sanitize": True,
            },
        },
    }


def _rate_limit(name: str, module: EnabledModule, context: Context) -> Object:
    limit = {"requests": int(module.settings.get("requests-per-minute", DEFAULT_REQUESTS)), "unit": "Minute"}
    by_client = [
        {"clientSelectors": [{"headers": [{"name": gateway.CLIENT_HEADER, "value": client}]}], "limit": limit}
        for client in api_clients(module)
    ]
    return {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "BackendTrafficPolicy",
        "metadata": metadata(name, module, context),
        "spec": {"targetRefs": [_target(name)], "rateLimit": {"local": {"rules": by_client}}},
    }


def _target(route: str) -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route}
