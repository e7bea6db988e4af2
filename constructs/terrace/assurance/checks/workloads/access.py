"""Checks of secrets (WL-5, SEC-3), log-in (WL-6) and rights in the cluster (WL-7)."""

from collections.abc import Iterator

from terrace.assurance.checks.workloads.lookup import admitted, per_object, spec_of
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal, includes
from terrace.assurance.workloads_view import Workloads
from terrace.capabilities.identity import BOOTSTRAP, SYSTEM_NAMESPACE
from terrace.workloads.context import Object
from terrace.workloads.policy_scope import title_of

_RIGHTS = ("no-cluster-admin", "no-wildcard-permissions", "service-accounts-without-api-token")


@check("WL-5")
def no_secret_values(workloads: Workloads) -> Iterator[Observation]:
    """No release contains a secret value: not in a Secret, except those that a module declares as settings, and not in
    an environment variable."""
    settings = {(module.namespace, name) for module in workloads.modules for name in module.contract.settings_secrets}
    filled = [
        one
        for one in workloads.kind("Secret")
        if _filled(one) and (one["metadata"].get("namespace"), one["metadata"]["name"]) not in settings
    ]
    yield from (equal(title_of(one), "values in the release", True, False) for one in filled)
    if not filled:
        yield empty("all releases", "Secrets with values", ())
    yield from per_object(workloads, workloads.pods, ["no-secrets-in-env"])
    yield from admitted(workloads)


@check("WL-5")
def declared_secrets(workloads: Workloads) -> Iterator[Observation]:
    """Each Secret that a module declares comes from the secret manager, with all its keys."""
    wanted = [(module, name, keys) for module in workloads.modules for name, keys in module.needs.secrets.items()]
    if not wanted:
        raise NotRequired("no module declares a secret")
    for module, name, keys in wanted:
        found = [
            one
            for one in workloads.kind("ExternalSecret", namespace=module.namespace)
            if (spec_of(one).get("target", {}).get("name") or one["metadata"]["name"]) == name
        ]
        have = {
            *(key for one in found for key in spec_of(one).get("target", {}).get("template", {}).get("data", {})),
            *(entry["secretKey"] for one in found for entry in spec_of(one).get("data", [])),
        }
        yield includes(f"ExternalSecret {module.namespace}/{name}", "keys", have, keys)


@check("SEC-3")
def own_store(workloads: Workloads) -> Iterator[Observation]:
    """Each module reads the secret manager through a store of its namespace, as its own service account."""
    stores = workloads.kind("SecretStore")
    secrets = workloads.kind("ExternalSecret")
    if not secrets and not any(module.needs.secrets for module in workloads.modules):
        raise NotRequired("no module has a secret")
    yield equal("all releases", "secrets from the secret manager", bool(secrets), True)
    yield empty(
        "all releases", "stores for all namespaces", [title_of(one) for one in workloads.kind("ClusterSecretStore")]
    )
    readers = set(_readers(workloads))
    names = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in stores}
    for one in secrets:
        reference = spec_of(one).get("secretStoreRef", {})
        at = (one["metadata"]["namespace"], reference.get("name"))
        own = reference.get("kind", "SecretStore") == "SecretStore" and at in names
        yield Observation(title_of(one), f"store = {reference.get('name')}", own, "a store of the namespace")
    for one in stores:
        provider, namespace = spec_of(one).get("provider"), one["metadata"]["namespace"]
        reader = next((identity for identity in _texts(provider) if (namespace, identity) in readers), "")
        yield Observation(
            title_of(one), f"reads as {reader or 'unknown'}", bool(reader), "the identity of a module there"
        )


@check("WL-6")
def log_in_at_the_gateway(workloads: Workloads) -> Iterator[Observation]:
    """Each host has the log-in that its module declares, and there is no other route."""
    declared = {
        (module.namespace, name): host for module in workloads.modules for name, host in module.needs.hosts.items()
    }
    routes = workloads.kind("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "Ingress")
    if not declared and not routes:
        raise NotRequired("no module has a host name")
    found = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in routes}
    undeclared = sorted("/".join(one) for one in found - set(declared))
    yield empty("all releases", "undeclared routes", undeclared)
    for at, host in declared.items():
        name = f"HTTPRoute {'/'.join(at)}"
        yield equal(name, "exists", at in found, True)
        policies = [spec_of(one) for one in workloads.kind("SecurityPolicy", namespace=at[0]) if _targets(one, at[1])]
        if host.login == "oidc":
            closed = [
                one
                for one in policies
                if one.get("oidc") and one.get("authorization", {}).get("defaultAction") == "Deny"
            ]
            yield Observation(name, f"single sign-on: {bool(closed)}", bool(closed), "OIDC, and denied by default")
        elif host.login == "api-key":
            keys = any(one.get("apiKeyAuth") for one in policies)
            limits = workloads.kind("BackendTrafficPolicy", namespace=at[0])
            limited = any(_targets(one, at[1]) for one in limits) and all(
                spec_of(one).get("rateLimit") for one in limits if _targets(one, at[1], rules=True)
            )
            yield Observation(name, f"keys: {keys}, rate limit: {limited}", keys and limited, "keys and a rate limit")
        else:
            yield Observation(name, "the module authenticates each request itself", True)


@check("WL-7")
def least_privilege(workloads: Workloads) -> Iterator[Observation]:
    """No wildcard rights, no cluster-admin, and no token of the Kubernetes API for a pod that does not need it."""
    accounts = workloads.kind("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount")
    yield from per_object(workloads, accounts, _RIGHTS)
    yield from per_object(workloads, workloads.pods, ["pods-without-api-token"])
    yield from admitted(workloads)


@check("WL-7")
def own_accounts(workloads: Workloads) -> Iterator[Observation]:
    """Each module with rights in the cloud has a service account of its own."""
    accounts = {(one["metadata"]["namespace"], one["metadata"]["name"]) for one in workloads.kind("ServiceAccount")}
    modules = [one for one in workloads.modules if one.in_foundation or one.needs.identities]
    if not modules:
        raise NotRequired("no module has rights in the cloud")
    for module in modules:
        names = [*((module.name,) if module.in_foundation else ()),
                 *(one.service_account for one in module.needs.identities.values())]  # fmt: skip
        have = [name for name in names if (module.namespace, name) in accounts]
        yield includes(module.name, "service accounts", have, names)


def _filled(secret: Object) -> bool:
    values = {**(secret.get("data") or {}), **(secret.get("stringData") or {})}
    return any(value not in (None, "") for value in values.values())


def _targets(policy: Object, route: str, *, rules: bool = False) -> bool:
    """Whether a policy is for a whole route or, with `rules`, for one of its rules."""
    references = [*spec_of(policy).get("targetRefs", []), spec_of(policy).get("targetRef") or {}]
    whole = [one for one in references if rules or not one.get("sectionName")]
    return any(one.get("kind") == "HTTPRoute" and one.get("name") == route for one in whole)


def _readers(workloads: Workloads) -> Iterator[tuple[str, str]]:
    """(namespace, identity) of all that may read a secret: a service account, or the cloud identity that it has."""
    outputs = workloads.context.outputs
    for module in workloads.modules:
        yield module.namespace, module.name
        yield module.namespace, outputs.identities.get(module.name, "")
    yield SYSTEM_NAMESPACE, BOOTSTRAP
    yield SYSTEM_NAMESPACE, outputs.platform_identities.get(BOOTSTRAP, "")


def _texts(value: object) -> Iterator[str]:
    """All texts of a document, service accounts first."""
    if isinstance(value, dict):
        for key in sorted(value, key=lambda one: one != "serviceAccountRef"):
            yield from _texts(value[key])
    elif isinstance(value, str) and value:
        yield value
