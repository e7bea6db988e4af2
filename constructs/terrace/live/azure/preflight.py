"""What blocks a destroy, what it leaves on purpose, and what to do about it."""

from collections.abc import Iterator
from itertools import islice

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Obstacle
from terrace.live.azure import backup, cluster, database, keys, objects
from terrace.live.azure.checks import Deployment, at, named, opened
from terrace.live.azure.foreign import KINDS
from terrace.live.azure.secrets import modules, secrets, versions
from terrace.live.azure.session import CredentialsError, Unreadable
from terrace.live.foreign import preflight_checks
from terrace.live.obstacles import met
from terrace.words import counted

_COUNTED = 100_000  # versions of one container; above, messages say "more than"
_LIFTED = "destroy lifts the lock first"


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight."""
    return obstacles(opened(environment, target))


def obstacles(deployment: Deployment) -> list[Obstacle]:
    """The obstacles: what blocks first, then locks."""
    checks = (
        _locks,
        _containers,
        _recovery_points,
        _database,
        _volumes,
        _vaults,
        _secrets,
        _workspace,
    )
    return met(deployment, (*checks, *preflight_checks(KINDS)))


def _locks(deployment: Deployment) -> Iterator[Obstacle]:
    """A lock covers everything below it: one forgotten lock stops the destroy half-way."""
    subscription = names.subscription(deployment.target)
    groups = [f"{group.lower()}/" for group in deployment.groups]
    above = f"{subscription}/providers/microsoft.authorization/".lower()
    for lock in deployment.pages(f"{subscription}/providers/Microsoft.Authorization/locks"):
        id, level = str(lock["id"]), str(at(lock, "level"))
        scope = id[: id.lower().rindex("/providers/microsoft.authorization/")]
        resource = f"lock {lock['name']} on {named(scope)}"
        if id.lower().startswith(above):
            message = f"is on the whole subscription and blocks every deletion ({level})"
            yield Obstacle("blocks", resource, message, f"ask its owner to run `az lock delete --ids {id}`")
        elif id.lower().startswith(tuple(groups)):
            own = level == "CanNotDelete" and str(lock["name"]).startswith("keep-")
            message = f"blocks the deletion of {named(scope)} and of everything in it"
            if own:
                yield Obstacle("note", resource, message, _LIFTED)
            else:
                yield Obstacle("blocks", resource, f"{message} ({level})", f"`az lock delete --ids {id}`")


def _containers(deployment: Deployment) -> Iterator[Obstacle]:
    """Azure deletes an account with its blobs unless a policy forbids it, so they are counted first."""
    empty = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them permanently"
    for container in objects.existing_buckets(deployment):
        account, name, _ = container
        resource, days = f"container {account}/{name}", objects.locked_days(deployment, container)
        try:
            count = sum(1 for _ in islice(objects.blobs(deployment.reader, account, name), _COUNTED + 1))
        except CredentialsError:
            raise
        except Unreadable as error:
            message = f"its blobs cannot be listed, and are deleted with the account: {error.message}"
            yield Obstacle("blocks", resource, message, f"run this command from inside the network; then {empty}")
            continue
        many = counted(count, "blob version") if count <= _COUNTED else f"more than {_COUNTED:,} blob versions"
        if days is not None and count:
            message = f"contains {many}, each locked for {days} days after it was written"
            remedy = "wait until then, or remove the account and its containers from the state"
            yield Obstacle("blocks", resource, message, remedy)
        elif count:
            yield Obstacle("blocks", resource, f"contains {many}", empty)
        elif days is not None:
            message = "its immutability policy is locked: only the empty container can be deleted, not the policy"
            yield Obstacle("note", resource, message, "if the provider refuses, remove the policy from the state")


def _recovery_points(deployment: Deployment) -> Iterator[Obstacle]:
    vault = backup.vault(deployment)
    soft = at(vault, "securitySettings.softDeleteSettings", {})
    locked = at(vault, "securitySettings.immutabilitySettings.state") == "Locked"
    days = soft.get("retentionDurationInDays", 14)
    resource, total = f"backup vault {deployment.prefix}", 0
    for instance in deployment.pages(f"{backup.vault_id(deployment)}/backupInstances"):
        points = deployment.pages(f"{instance['id']}/recoveryPoints")
        total += len(points)
        if points:
            name = f"backup of {at(instance, 'friendlyName') or instance['name']}"
            if locked:
                message = f"has {counted(len(points), 'recovery point')}, locked until expiry"
                days_kept = deployment.environment.backup.retention_days
                remedy = f"wait {days_kept} days after the last one, or remove the vault from the state"
                yield Obstacle("blocks", name, message, remedy)
            elif soft.get("state") in ("On", "AlwaysOn"):
                held = counted(len(points), "recovery point")
                message = f"has {held}; after deletion, they and the vault remain for {days} days"
                yield Obstacle("blocks", name, message, f"delete it, and destroy again {days} days later")
    if not total and soft.get("state") in ("On", "AlwaysOn"):
        yield Obstacle("note", resource, f"retains deleted backups for {days} days; it has none yet")


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    if deployment.environment.database is None:
        return
    name = f"server {database.server(deployment)['name']}"
    remedy = (
        "dump it to keep its data: backups of `az postgres flexible-server backup create` are deleted with the server"
    )
    yield Obstacle("note", name, "is deleted with its backups; no final backup is taken", remedy)


def _volumes(deployment: Deployment) -> Iterator[Obstacle]:
    """Disks of persistent volume claims are in the group that AKS creates, and are deleted with it."""
    if deployment.environment.cluster is None:
        return
    group = at(cluster.cluster(deployment), "nodeResourceGroup")
    resources = deployment.pages(f"{names.subscription(deployment.target)}/resourceGroups/{group}/resources")
    disks = [str(entry["name"]) for entry in resources if str(entry["type"]).lower() == "microsoft.compute/disks"]
    if disks:
        message = (
            f"disks of persistent volumes are deleted with the cluster: {', '.join(sorted(disks)[:3])} "
            f"({len(disks)} in total)"
        )
        yield Obstacle("note", f"group {group}", message, "snapshot them, or back up with Velero, to keep them")


def _vaults(deployment: Deployment) -> Iterator[Obstacle]:
    remedy = "an apply within that time restores it with its keys; other vaults cannot use its name until then"
    for id in keys.vault_ids(deployment).values():
        vault = deployment.get(id)
        days = at(vault, "softDeleteRetentionInDays", 90)
        message = f"is retained for {days} days and cannot be purged (soft delete, purge protection)"
        yield Obstacle("retained", f"vault {vault['name']}", message, remedy)


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    days = at(deployment.get(names.vault_id(deployment.target)), "softDeleteRetentionInDays", 90)
    enabled = list(deployment.environment.foundation_modules)
    wanted = modules(deployment) if enabled else []
    for name in (name for module in wanted for name in secrets(deployment, module)):
        versions(deployment, name)
        remedy = "an apply within that time restores it"
        yield Obstacle("retained", f"secret {name}", f"can be restored for {days} days", remedy)


def _workspace(deployment: Deployment) -> Iterator[Obstacle]:
    """Source: Azure Monitor, "Delete and recover a Log Analytics workspace"."""
    if deployment.target.existing.monitoring:
        return
    workspace = deployment.get(names.workspace_id(deployment.target))
    message = "can be restored with its logs for 14 days"
    yield Obstacle(
        "retained", f"workspace {workspace['name']}", message, "`az monitor log-analytics workspace recover`"
    )
