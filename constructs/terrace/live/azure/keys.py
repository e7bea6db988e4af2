"""Checks of Key Vault and its keys (KEY-1 to KEY-3)."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal
from terrace.azure import names
from terrace.capabilities.keys import PURPOSES, Purpose
from terrace.live.azure.checks import Deployment, at
from terrace.live.azure.lookup import on, principal, uses
from terrace.live.azure.session import Absent

USE = "Key Vault Crypto Service Encryption User"
"""The role by which a service uses a key."""
_DAYS = re.compile(r"P(\d+)D")


def vault_ids(deployment: Deployment) -> dict[str, str]:
    """The vaults by location: home (empty), recovery, and geo in the paired region."""
    ids = {"": names.vault_id(deployment.target)}
    if deployment.target.recovery_region:
        for place in ("recovery", "geo"):
            ids[place] = names.vault_id(deployment.target, place)
    return ids


def _vaults(deployment: Deployment) -> list[str]:
    """The deployment's vaults, and those of existing keys."""
    existing = (id.partition("/keys/")[0] for id in deployment.target.existing.keys.values())
    return list(dict.fromkeys([*vault_ids(deployment).values(), *existing]))


def _told(deployment: Deployment, purpose: Purpose, place: str) -> str:
    vault, name = names.key_id(deployment.target, purpose, place).split("/")[-3::2]
    return f"key {vault}/{name}"


def _keys(deployment: Deployment) -> Iterator[tuple[Purpose, str]]:
    """Each key: its purpose and the location of its vault."""
    for purpose in PURPOSES:
        yield purpose, ""
    if deployment.target.recovery_region:
        for purpose in names.RECOVERY_KEYS:
            yield purpose, "geo" if purpose == "database" else "recovery"


def key(deployment: Deployment, purpose: Purpose, place: str = "") -> Any:
    """A key's newest version, without its private part. Raises Absent."""
    vault, name = names.key_id(deployment.target, purpose, place).split("/")[-3::2]
    client = deployment.reader.keys(vault)
    return deployment.reader.once(names.key_url(deployment.target, purpose, place), lambda: client.get_key(name))


def sealed(deployment: Deployment, resource: str, name: str, url: object, purpose: Purpose, kind: str) -> Observation:
    """Whether a key's URL is the purpose's; any, on an existing resource of the kind whose key is not named."""
    if kind in deployment.target.existing.kinds and purpose not in deployment.target.existing.keys:
        return Observation(resource, f"{name} = {url or 'unset'}", bool(url), "a key of the customer")
    return uses(deployment, resource, name, url, purpose)


def _rotation_days(deployment: Deployment, purpose: Purpose, place: str) -> int | None:
    """Days after which the vault rotates the key; None without rotation."""
    vault, name = names.key_id(deployment.target, purpose, place).split("/")[-3::2]
    client = deployment.reader.keys(vault)
    url = f"{names.key_url(deployment.target, purpose, place)}/rotationpolicy"
    policy = deployment.reader.once(url, lambda: client.get_key_rotation_policy(name))
    for step in policy.lifetime_actions:
        found = _DAYS.fullmatch(str(step.time_after_create or ""))
        if found and str(getattr(step.action, "value", step.action)).lower() == "rotate":
            return int(found[1])
    return None


@check("KEY-1")
def one_a_purpose_rotated(deployment: Deployment) -> Iterator[Observation]:
    most = min(deployment.environment.keys.rotation_days, 365)
    for purpose, place in _keys(deployment):
        resource = _told(deployment, purpose, place)
        try:
            found = key(deployment, purpose, place)
        except Absent:
            continue  # KEY-2 reports it
        yield equal(resource, "enabled", found.properties.enabled, True)
        yield at_most(resource, "rotation period in days", _rotation_days(deployment, purpose, place), most)


@check("KEY-2")
def cannot_be_lost(deployment: Deployment) -> Iterator[Observation]:
    least = deployment.environment.keys.deletion_window_days
    for id in _vaults(deployment):
        found = deployment.get(id)
        resource = f"vault {found['name']}"
        yield equal(resource, "enablePurgeProtection", at(found, "enablePurgeProtection"), True)
        yield at_least(resource, "softDeleteRetentionInDays", at(found, "softDeleteRetentionInDays"), least)
    for purpose, place in _keys(deployment):
        try:
            key(deployment, purpose, place)
        except Absent:
            resource = _told(deployment, purpose, place)
            yield Observation(resource, "is deleted", False, "present")


@check("KEY-3")
def least_use(deployment: Deployment) -> Iterator[Observation]:
    for id in _vaults(deployment):
        found = deployment.get(id)
        resource = f"vault {found['name']}"
        yield equal(resource, "enableRbacAuthorization", at(found, "enableRbacAuthorization"), True)
        yield equal(resource, "defaultAction", at(found, "networkAcls.defaultAction"), "Deny")
        yield equal(resource, "publicNetworkAccess", at(found, "publicNetworkAccess"), "Disabled")
        yield empty(resource, "identities that can use every key", on(deployment, id, USE))
    for purpose, place in _keys(deployment):
        recovery = bool(place)
        users = on(deployment, names.key_id(deployment.target, purpose, place), USE)
        known = _users(deployment, purpose, recovery=recovery)
        resource = _told(deployment, purpose, place)
        yield empty(resource, "undeclared users", sorted(set(users) - known))


def _users(deployment: Deployment, purpose: Purpose, *, recovery: bool) -> set[str]:
    """The declared users of a key: the purpose's identity and, for backups, the backup vault's own."""
    name = f"{purpose}-recovery-key" if recovery else f"{purpose}-key"
    known = set()
    with contextlib.suppress(Absent):  # AKS's control plane uses the cluster's key; the secrets' key has no user
        known.add(principal(deployment, names.identity_id(deployment.target, name, recovery=recovery)))
    if purpose == "backups" and not recovery:
        vault = names.id(deployment.target, "Microsoft.DataProtection/backupVaults", deployment.prefix)
        known.add(str(deployment.get(vault).get("identity", {}).get("principalId")))
    return known
