"""What a destroy will meet: what stops it, what it leaves behind on purpose, and what to do."""

from collections.abc import Iterator
from itertools import islice

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.live import Obstacle
from terrace.live.azure import backup, cluster, database, keys, lake
from terrace.live.azure.checks import Deployment, at, named, opened
from terrace.live.azure.secrets import modules, secret, versions
from terrace.live.azure.session import CredentialsError, Unreadable
from terrace.live.obstacles import met
from terrace.purge import azure as objects

_COUNTED = 100_000  # versions of one container; beyond, "more than" is told
_FIRST = "destroy lifts the lock first"


def preflight(environment: Environment, target: Target) -> list[Obstacle]:
    """See terrace.live.preflight. What blocks comes first."""
    return obstacles(opened(environment, target))


def obstacles(deployment: Deployment) -> list[Obstacle]:
    """What is in the way, what blocks first; of the rest, locks first."""
    looks = (
        _locks,
        _containers,
        _recovery_points,
        _database,
        _volumes,
        _vaults,
        _secrets,
        _workspace,
    )
    return met(deployment, looks)


def _locks(deployment: Deployment) -> Iterator[Obstacle]:
    """Locks hold on everything below them, so one forgotten lock stops the destroy half-way."""
    subscription = names.subscription(deployment.target)
    ours = [f"{group.lower()}/" for group in deployment.groups]
    above = f"{subscription}/providers/microsoft.authorization/".lower()
    for lock in deployment.pages(f"{subscription}/providers/Microsoft.Authorization/locks"):
        id, level = str(lock["id"]), str(at(lock, "level"))
        scope = id[: id.lower().rindex("/providers/microsoft.authorization/")]
        resource = f"lock {lock['name']} on {named(scope)}"
        if id.lower().startswith(above):
            message = f"is on the whole subscription and refuses every deletion ({level})"
            yield Obstacle("blocks", resource, message, f"`az lock delete --ids {id}`, by its owner")
        elif id.lower().startswith(tuple(ours)):
            own = level == "CanNotDelete" and str(lock["name"]).startswith("keep-")
            message = "refuses deletion of it and of all that is in it"
            if own:
                yield Obstacle("note", resource, message, _FIRST)
            else:
                yield Obstacle("blocks", resource, f"{message} ({level})", f"`az lock delete --ids {id}`")


def _containers(deployment: Deployment) -> Iterator[Obstacle]:
    """Azure deletes an account with all it holds, unless a policy forbids it; so what is in it has to be seen first."""
    empty = f"`terrace destroy {deployment.environment.name} --empty-buckets` removes them for good"
    for account, name, container in objects.there(deployment):
        policy, resource = lake.immutable(deployment, str(container["id"])), f"container {account}/{name}"
        locked, days = at(policy, "state") == "Locked", at(policy, "immutabilityPeriodSinceCreationInDays")
        try:
            held = sum(1 for _ in islice(objects.blobs(deployment.reader, account, name), _COUNTED + 1))
        except CredentialsError:
            raise
        except Unreadable as error:
            message = f"what it holds cannot be seen, and would go with its account: {error.message}"
            yield Obstacle("blocks", resource, message, f"ask from inside the network; then {empty}")
            continue
        many = f"{held:,}" if held <= _COUNTED else f"more than {_COUNTED:,}"
        if locked and held:
            message = f"holds {many} versions, which nobody can remove for {days} days after each was written"
            remedy = "wait until then, or take the account and what is in it out of the state"
            yield Obstacle("blocks", resource, message, remedy)
        elif held:
            yield Obstacle("blocks", resource, f"holds {many} blob versions", empty)
        elif locked:
            message = "its immutability policy is locked: nobody can take the policy off, only the empty container"
            yield Obstacle("note", resource, message, "if the provider refuses, take the policy out of the state")


def _recovery_points(deployment: Deployment) -> Iterator[Obstacle]:
    found = backup.vault(deployment)
    soft = at(found, "securitySettings.softDeleteSettings", {})
    locked = at(found, "securitySettings.immutabilitySettings.state") == "Locked"
    days = soft.get("retentionDurationInDays", 14)
    resource, total = f"backup vault {deployment.prefix}", 0
    for instance in deployment.pages(f"{backup.vault_id(deployment)}/backupInstances"):
        points = deployment.pages(f"{instance['id']}/recoveryPoints")
        total += len(points)
        if points:
            name = f"backup of {at(instance, 'friendlyName') or instance['name']}"
            if locked:
                message = (
                    f"has {len(points)} recovery points that nobody can delete before their time: the lock is final"
                )
                remedy = f"wait {deployment.environment.backup.retention_days} days after the last, or take the vault"
                yield Obstacle("blocks", name, message, f"{remedy} out of the state")
            elif soft.get("state") in ("On", "AlwaysOn"):
                message = (
                    f"has {len(points)} recovery points; deleted, they stay for {days} days, and the vault with them"
                )
                yield Obstacle("blocks", name, message, f"delete it, and destroy again {days} days later")
    if not total and soft.get("state") in ("On", "AlwaysOn"):
        yield Obstacle("note", resource, f"keeps what is deleted for {days} days; it holds nothing yet")


def _database(deployment: Deployment) -> Iterator[Obstacle]:
    name = f"server {database.server(deployment)['name']}"
    remedy = (
        "`az postgres flexible-server backup create` keeps one for as long as the server lives; dump it to keep more"
    )
    yield Obstacle("note", name, "is deleted without a last backup; its own backups go with it", remedy)


def _volumes(deployment: Deployment) -> Iterator[Obstacle]:
    """Disks that pods asked for lie in the group that AKS made, and go with it."""
    group = at(cluster.cluster(deployment), "nodeResourceGroup")
    found = deployment.pages(f"{names.subscription(deployment.target)}/resourceGroups/{group}/resources")
    disks = [str(one["name"]) for one in found if str(one["type"]).lower() == "microsoft.compute/disks"]
    if disks:
        message = f"{len(disks)} disks of pods go with the cluster: {', '.join(sorted(disks)[:3])}"
        yield Obstacle("note", f"group {group}", message, "snapshot them, or back up with Velero, to keep them")


def _vaults(deployment: Deployment) -> Iterator[Obstacle]:
    remedy = "an apply within that time brings it back with its keys; until then nobody can use its name"
    for id in keys.vault_ids(deployment).values():
        found = deployment.get(id)
        days = at(found, "softDeleteRetentionInDays", 90)
        message = f"is kept for {days} days, and nobody can purge it (soft delete, purge protection)"
        yield Obstacle("kept", f"vault {found['name']}", message, remedy)


def _secrets(deployment: Deployment) -> Iterator[Obstacle]:
    days = at(deployment.get(names.vault_id(deployment.target)), "softDeleteRetentionInDays", 90)
    enabled = [name for name, module in deployment.environment.modules.items() if module.enabled]
    for module in modules(deployment) if enabled else []:
        versions(deployment, secret(module))
        remedy = "an apply within that time brings it back"
        yield Obstacle("kept", f"secret {secret(module)}", f"can be brought back for {days} days", remedy)


def _workspace(deployment: Deployment) -> Iterator[Obstacle]:
    """Source: Azure Monitor, "Delete and recover a Log Analytics workspace"."""
    found = deployment.get(names.workspace_id(deployment.target))
    message = "can be brought back with its logs for 14 days"
    yield Obstacle("kept", f"workspace {found['name']}", message, "`az monitor log-analytics workspace recover`")
