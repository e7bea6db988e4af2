"""What the services of modules need: log-in to their hosts, clients of API keys, channels of alerts."""

import re
from collections.abc import Iterator

from terrace.capabilities.observability import EmailChannel
from terrace.environment.schema import Environment
from terrace.errors import Problem

MAX_API_CLIENTS = 16
"""Rules of a local rate limit, one for each client. Source: Envoy Gateway, LocalRateLimit."""

_OF_CI_SYSTEM = {
    "github": ("owner_id", "repository_id", "apply_workflow"),
    "gitlab": ("gitlab",),
    "azure-devops": ("azure_devops",),
}
"""Settings of the section `identity` that belong to one CI system."""
_CLIENT = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def hosts_with_login_have_client(environment: Environment) -> Iterator[Problem]:
    """Every enabled module with a host of `login: oidc` or `own` has a client, and a group that may open it.

    The client's secret is in the cloud's secret manager: the foundation creates it with a random value, which an
    operator replaces by the provider's.
    """
    oidc = environment.identity.oidc
    for name, module in environment.enabled_modules.items():
        hosts = {host: need for host, need in module.needs.hosts.items() if need.login in ("oidc", "own")}
        if not hosts:
            continue
        if oidc is None:
            message = f"{name} has hosts with log-in ({', '.join(hosts)}), but there is no identity provider."
            yield Problem(message, path="identity", hint="Set identity.oidc, or disable the module.")
            continue
        if name not in oidc.clients:
            paths = {"oidc": "/oauth2/callback", "own": "/callback"}
            urls = ", ".join(sorted({f"https://<host>{paths[need.login]}" for need in hosts.values()}))
            hint = f"Add `{name}: <client id>`; its redirect URLs are {urls}."
            yield Problem(f"no client for {name}.", path="identity.oidc.clients", hint=hint)
        for host, need in hosts.items():
            if not oidc.groups_of(need.role):
                message = f"no group has the role {need.role}, which {host} of {name} asks for."
                yield Problem(message, path="identity.oidc.groups")


def identity_fits_ci_system(environment: Environment) -> Iterator[Problem]:
    """The repository has the form of the CI system's, the ids that its trust needs are there, and none of another's."""
    identity = environment.identity
    for system, keys in _OF_CI_SYSTEM.items():
        for key in keys if system != identity.ci else ():
            if getattr(identity, key) is not None:
                message = f"it is read with `ci: {system}` only, and identity.ci is {identity.ci}."
                yield Problem(message, path=f"identity.{key}", hint=f"Remove it, or set `ci: {system}`.")
    for message, path, hint in identity.tokens.problems(identity):
        yield Problem(message, path=path, hint=hint)


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


def alerts_reach_channel(environment: Environment) -> Iterator[Problem]:
    """Alerts in the cluster leave by the environment's channels; those with an address need a mail server."""
    provider = next(
        (each for each in environment.enabled_modules.values() if "metrics" in each.contract.provides), None
    )
    if provider is None or provider.settings.get("smtp"):
        return
    observability = environment.observability
    for severity in ("warning", "critical"):
        names: tuple[str, ...] = getattr(observability.escalation, severity)
        channels = [observability.channels[name] for name in names if name in observability.channels]
        if channels and all(isinstance(channel, EmailChannel) for channel in channels):
            message = f"{severity} alerts of the cluster reach only addresses, and {provider.name} has no mail server."
            hint = "Set its settings.smtp (host, from), or add a channel of kind webhook."
            yield Problem(message, path=f"modules.{provider.name}", hint=hint)
