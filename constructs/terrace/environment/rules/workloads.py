"""The cluster's pools, the modules that run on them, who is told and when all sleep."""

from collections.abc import Iterator
from typing import get_args

from terrace.environment import suggestions as nearest
from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud
from terrace.errors import Problem

RESERVED_ROLES = ("postgres", "rdsadmin", "cloudsqladmin", "azuresu", "template0", "template1")
"""Roles and databases that PostgreSQL or a cloud has made already; a module's are called as the module is."""

RESERVED_USERS = ("default",)
"""The user that a Redis-protocol server is born with."""

SYSTEM_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")


def pools_have_room(environment: Environment) -> Iterator[Problem]:
    for name, pool in environment.cluster.pools.items():
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                f"{pool.min_nodes} is more than max_nodes, {pool.max_nodes} (K8S-6).",
                path=f"cluster.pools.{name}.min_nodes",
            )


def platform_has_a_pool(environment: Environment) -> Iterator[Problem]:
    system = [pool for pool in environment.cluster.pools.values() if pool.kind == "system"]
    if not system:
        yield Problem("has no pool of kind system, which the platform's own pods run on (K8S-6).", path="cluster.pools")
    elif environment.tier == "prod" and sum(pool.min_nodes for pool in system) < environment.network.zones:
        yield Problem(
            f"prod wants a system node in each of its {environment.network.zones} zones (K8S-6).",
            path="cluster.pools",
            hint="Raise min_nodes of the system pool.",
        )


def special_pools_are_kept_apart(environment: Environment) -> Iterator[Problem]:
    for name, pool in environment.cluster.pools.items():
        if pool.kind in ("spot", "gpu") and not pool.dedicated:
            yield Problem(
                f"a {pool.kind} pool always keeps other pods off.",
                path=f"cluster.pools.{name}.dedicated",
                hint="Leave it out.",
            )


def exact_machines_are_of_pools(environment: Environment) -> Iterator[Problem]:
    """Of whichever cloud's section has such a table, an exact machine for a pool that is there."""
    pools = environment.cluster.pools
    for cloud in get_args(Cloud):
        for name, machines in getattr(getattr(environment, cloud), "node_types", {}).items():
            path = f"{cloud}.node_types.{name}"
            if name not in pools:
                yield Problem(f"there is no pool {name!r}.", path=path, hint=nearest.hint(name, list(pools)))
            elif not machines:
                yield Problem("names no instance type.", path=path)


def modules_have_names_of_their_own(environment: Environment) -> Iterator[Problem]:
    homes: dict[str, str] = {}
    for name, module in environment.modules.items():
        path = f"modules.{name}"
        if module.database and name in RESERVED_ROLES:
            yield Problem(f"{name!r} is a role of the database server itself.", path=path)
        if module.cache and name in RESERVED_USERS:
            yield Problem(f"{name!r} is a user of the cache itself.", path=path)
        home = module.namespace or name
        where = f"{path}.namespace" if module.namespace else path
        if home in SYSTEM_NAMESPACES:
            yield Problem(f"{home!r} is a namespace of Kubernetes itself.", path=where)
        elif home in homes:
            yield Problem(f"{home!r} is the namespace of {homes[home]} already.", path=where)
        homes.setdefault(home, name)


def people_can_be_told(environment: Environment) -> Iterator[Problem]:
    observability = environment.observability
    for severity in ("warning", "critical"):
        names: tuple[str, ...] = getattr(observability.escalation, severity)
        for position, name in enumerate(names):
            path = f"observability.escalation.{severity}.{position}"
            if name not in observability.channels:
                yield Problem(
                    f"there is no channel {name!r}.", path=path, hint=nearest.hint(name, list(observability.channels))
                )
            elif name in names[:position]:
                yield Problem(f"{name!r} is there twice.", path=path)


def only_dev_sleeps(environment: Environment) -> Iterator[Problem]:
    sleep = environment.cost.sleep
    if sleep is None:
        return
    if environment.tier != "dev":
        yield Problem(
            f"{environment.tier} does not sleep (COST-2).", path="cost.sleep", hint="Leave it out; null removes it."
        )
    if sleep.down == sleep.up:
        yield Problem(f"{sleep.up!r} is when it goes to sleep as well.", path="cost.sleep.up")


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
            return  # a machine without the database of time zones cannot tell
        guess = nearest.nearest(sleep.timezone, known)
        yield Problem(
            f"{sleep.timezone!r} is not a time zone.",
            path="cost.sleep.timezone",
            hint=f"Did you mean {guess!r}?" if guess else "Write it as Europe/Berlin.",
        )
