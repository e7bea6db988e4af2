"""Node pools, modules, alert channels and sleep."""

from collections.abc import Iterator

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.identity import SYSTEM_NAMESPACE
from terrace.documents import suggestions
from terrace.environment.schema import OPTIONAL, Environment, Optional
from terrace.errors import Problem
from terrace.modules.enabled import EnabledModule

RESERVED_ROLES = ("postgres", "rdsadmin", "cloudsqladmin", "azuresu", "template0", "template1")
"""Roles and databases that PostgreSQL or a cloud creates; a module's role and database have the module's name."""

RESERVED_USERS = ("default",)
"""The user that every Redis-protocol server has."""

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def pool_sizes_are_in_order(environment: Environment) -> Iterator[Problem]:
    for name, pool in environment.pools.items():
        if pool.min_nodes > pool.max_nodes:
            message = f"{pool.min_nodes} exceeds max_nodes ({pool.max_nodes}) (K8S-6)."
            yield Problem(message, path=f"cluster.pools.{name}.min_nodes")


def system_pool_exists(environment: Environment) -> Iterator[Problem]:
    if environment.cluster is None:
        return
    system = [pool for pool in environment.pools.values() if pool.kind == "system"]
    if not system:
        yield Problem("no pool of kind system, which the platform's own pods need (K8S-6).", path="cluster.pools")
    elif environment.tier == "prod" and sum(pool.min_nodes for pool in system) < environment.network.zones:
        yield Problem(
            f"prod needs a system node in each of its {environment.network.zones} zones (K8S-6).",
            path="cluster.pools",
            hint="Increase min_nodes of the system pool.",
        )


def spot_and_gpu_pools_are_dedicated(environment: Environment) -> Iterator[Problem]:
    for name, pool in environment.pools.items():
        if pool.kind in ("spot", "gpu") and not pool.dedicated:
            message = f"a {pool.kind} pool is always dedicated."
            yield Problem(message, path=f"cluster.pools.{name}.dedicated", hint="Remove this key.")


def node_types_have_pool(environment: Environment) -> Iterator[Problem]:
    """Checks the sections of all clouds."""
    pools = environment.pools
    for cloud in CLOUDS:
        for name, types in getattr(getattr(environment, cloud), "node_types", {}).items():
            path = f"{cloud}.node_types.{name}"
            if name not in pools:
                yield Problem(f"unknown pool {name!r}.", path=path, hint=suggestions.hint(name, list(pools)))
            elif not types:
                yield Problem("lists no instance type.", path=path)


def module_names_are_free(environment: Environment) -> Iterator[Problem]:
    for name, enabled in environment.enabled_modules.items():
        path = f"modules.{name}"
        if enabled.needs.database and name in RESERVED_ROLES:
            yield Problem(f"{name!r} is a reserved role of the database server.", path=path)
        if enabled.needs.cache and name in RESERVED_USERS:
            yield Problem(f"{name!r} is a reserved user of the cache.", path=path)


def needed_sections_are_present(environment: Environment) -> Iterator[Problem]:
    """What an environment leaves out, no enabled module may need."""
    left_out = environment.left_out
    for name, module in environment.enabled_modules.items():
        for capability in ("cluster",) if "cluster" in left_out else left_out:
            if why := _needs(module, capability):
                section = OPTIONAL[capability]
                hint = f"Add {section}, or disable the module."
                yield Problem(f"it {why}, and {section} is off.", path=f"modules.{name}", hint=hint)


def _needs(module: EnabledModule, capability: Optional) -> str:
    """What of a capability a module needs; empty if nothing."""
    if capability == "cluster":
        return "runs in the cluster"
    if capability != "entry":
        return f"needs the {capability}" if getattr(module.needs, capability, False) else ""
    if module.needs.hosts:
        return f"has host names ({', '.join(sorted(module.needs.hosts))}) of the entry"
    return "serves the entry" if {"gateway", "dns", "load-balancing"} & {*module.contract.provides} else ""


def without_cluster_nothing_uses_one(environment: Environment) -> Iterator[Problem]:
    """What leads to the cluster, or is about its nodes, needs one."""
    if environment.cluster:
        return
    if environment.network.entry:
        message = "it leads to pods, and cluster is off."
        yield Problem(message, path="network.entry", hint="Set it to off, or add the cluster.")
    for name in ("cluster", "registry"):
        if getattr(environment.existing, name):
            message = "only a cluster uses it, and cluster is off."
            yield Problem(message, path=f"existing.{name}", hint="Remove it, or add the cluster.")
    if environment.cost.sleep and environment.database is None:
        message = "nothing sleeps: cluster and database are off."
        yield Problem(message, path="cost.sleep", hint="Remove it, or set it to null.")


def module_namespaces_are_free(environment: Environment) -> Iterator[Problem]:
    modules_by_namespace: dict[str, str] = {}
    for name, module in environment.modules.items():
        path, namespace = f"modules.{name}", module.namespace or name
        namespace_path = f"{path}.namespace" if module.namespace else path
        if namespace == SYSTEM_NAMESPACE:
            yield Problem(f"{namespace!r} is the namespace of Terrace's own jobs.", path=namespace_path)
        elif namespace in SYSTEM_NAMESPACES:
            yield Problem(f"{namespace!r} is a reserved namespace of Kubernetes.", path=namespace_path)
        elif namespace in modules_by_namespace:
            message = f"{namespace!r} is already the namespace of {modules_by_namespace[namespace]}."
            yield Problem(message, path=namespace_path)
        modules_by_namespace.setdefault(namespace, name)


def escalation_channels_exist(environment: Environment) -> Iterator[Problem]:
    observability = environment.observability
    for severity in ("warning", "critical"):
        names: tuple[str, ...] = getattr(observability.escalation, severity)
        for position, name in enumerate(names):
            path = f"observability.escalation.{severity}.{position}"
            if name not in observability.channels:
                hint = suggestions.hint(name, list(observability.channels))
                yield Problem(f"unknown channel {name!r}.", path=path, hint=hint)
            elif name in names[:position]:
                yield Problem(f"{name!r} is listed twice.", path=path)


def only_dev_sleeps(environment: Environment) -> Iterator[Problem]:
    sleep = environment.cost.sleep
    if sleep is None:
        return
    if environment.tier != "dev":
        message = f"sleep is only available in dev, and tier is {environment.tier} (COST-2)."
        yield Problem(message, path="cost.sleep", hint="Remove it, or set it to null.")
    if sleep.down == sleep.up:
        yield Problem(f"{sleep.up!r} is the same time as down.", path="cost.sleep.up")


def time_zone_exists(environment: Environment) -> Iterator[Problem]:
    sleep = environment.cost.sleep
    if sleep is None:
        return
    import zoneinfo

    try:
        zoneinfo.ZoneInfo(sleep.timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        if not known:
            return  # this machine has no time zone database
        match = suggestions.nearest(sleep.timezone, known)
        yield Problem(
            f"unknown time zone {sleep.timezone!r}.",
            path="cost.sleep.timezone",
            hint=f"Did you mean {match!r}?" if match else "Expected an IANA name, such as Europe/Berlin.",
        )
