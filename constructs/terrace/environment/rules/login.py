"""Log-in to the hosts of modules: the identity provider, its clients and groups, the clients of API keys."""

import re
from collections.abc import Iterator

from terrace.environment.schema import Environment
from terrace.errors import Problem

MAX_API_CLIENTS = 16
"""Rules of a local rate limit, one for each client. Source: Envoy Gateway, LocalRateLimit."""

_CLIENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def hosts_with_login_have_client(environment: Environment) -> Iterator[Problem]:
    """Every enabled module with a host of `login: oidc` has a client, and a group that may open it."""
    oidc = environment.identity.oidc
    for name, module in environment.enabled_modules.items():
        hosts = {host: need for host, need in module.needs.hosts.items() if need.login == "oidc"}
        if not hosts:
            continue
        if oidc is None:
            message = (
                f"{name} has hosts with log-in ({', '.join(hosts)}), but there is no identity provider."
            )
            yield Problem(message, path="identity", hint="Set identity.oidc, or disable the module.")
            continue
        if name not in oidc.clients:
            hint = f"Add `{name}: <client id>`; its redirect URLs are https://<host>/oauth2/callback."
            yield Problem(f"no client for {name}.", path="identity.oidc.clients", hint=hint)
        for host, need in hosts.items():
            if not oidc.groups_of(need.role):
                message = f"no group has the role {need.role}, which {host} of {name} asks for."
                yield Problem(message, path="identity.oidc.groups")


def api_clients_are_few(environment: Environment) -> Iterator[Problem]:
    """A module with a host of `login: api-key` has one to 16 clients with valid names."""
    for name, module in environment.enabled_modules.items():
        if not any(host.login == "api-key" for host in module.needs.hosts.values()):
            continue
        clients = module.settings.get("api-clients", ["default"])
        if not isinstance(clients, list | tuple) or not 1 <= len(clients) <= MAX_API_CLIENTS:
            message = f"expected a list of one to {MAX_API_CLIENTS} names of clients."
            yield Problem(message, path=f"modules.{name}.settings.api-clients")
            continue
        for client in clients:
            if not isinstance(client, str) or not _CLIENT.fullmatch(client):
                message = f"invalid name of a client {client!r}; expected a-z, 0-9 and -."
                yield Problem(message, path=f"modules.{name}.settings.api-clients")
