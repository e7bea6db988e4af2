"""Checks of storage accounts (LAKE-1 to LAKE-8)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.azure import names
from terrace.azure.names import below
from terrace.azure.permissions import CREATE_BLOBS
from terrace.capabilities.identity import LakeRight
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.environment import data_access
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.lookup import Grant, diagnostics, granted, principal, role_permissions, sent, writer_permissions
from terrace.live.azure.session import Absent

_OFF = (
    "allowBlobPublicAccess",
    "allowSharedKeyAccess",
    "isLocalUserEnabled",
    "allowCrossTenantReplication",
    "isSftpEnabled",
)
_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}  # all others: the lake's key
_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")
_KIND = "Microsoft.Storage/storageAccounts"


def accounts(deployment: Deployment) -> Iterator[tuple[Bucket, str, bool]]:
    """Each bucket, the id of its account, and whether it is a copy in the recovery region; copies come last."""
    for name in BUCKETS:
        yield name, names.account_id(deployment.target, name), False
    if deployment.target.recovery_region and deployment.environment.lake.replicate:
        for name in REPLICATED:
            yield name, names.account_id(deployment.target, name, recovery=True), True
        yield "audit", names.account_id(deployment.target, "audit", recovery=True), True


def containers(deployment: Deployment, account: str) -> list[dict[str, Any]]:
    """An account's containers. Raises Absent."""
    return deployment.pages(f"{account}/blobServices/default/containers")


def immutable(deployment: Deployment, container: str) -> dict[str, Any] | None:
    """The immutability policy of a container, by its id; None without one."""
    try:
        found = deployment.get(f"{container}/immutabilityPolicies/default")
    except Absent:
        return None
    return found if at(found, "immutabilityPeriodSinceCreationInDays") else None


def locks(deployment: Deployment, name: Bucket, days: int, *, recovery: bool = False) -> Iterator[Observation]:
    """Whether each container of a bucket is immutable for these days, in the environment's mode."""
    for container in containers(deployment, names.account_id(deployment.target, name, recovery=recovery)):
        resource, policy = f"container {name}/{container['name']}", immutable(deployment, str(container["id"]))
        yield at_least(resource, "days of immutability", at(policy, "immutabilityPeriodSinceCreationInDays"), days)
        expected = "Locked" if deployment.environment.lake.immutability.mode == "compliance" else "Unlocked"
        # a locked policy is stricter than an unlocked one
        state = at(policy, "state")
        yield Observation(resource, f"state = {state or 'unset'}", state in (expected, "Locked"), expected)


@check("LAKE-1")
def never_public(deployment: Deployment) -> Iterator[Observation]:
    ours = {names.flow_account_id(deployment.target).lower()}
    for _, id, _copy in accounts(deployment):
        found = deployment.get(id)
        resource = f"account {found['name']}"
        yield empty(resource, "settings that must be off", [name for name in _OFF if at(found, name) is not False])
        yield equal(resource, "publicNetworkAccess", at(found, "publicNetworkAccess"), "Disabled")
        yield equal(resource, "defaultAction", at(found, "networkAcls.defaultAction"), "Deny")
        for container in containers(deployment, id):
            access = at(container, "publicAccess", "None")
            yield equal(f"container {found['name']}/{container['name']}", "publicAccess", access, "None")
        ours.add(id.lower())
    found_ids = [
        account
        for place in (False, True)
        if place is False or deployment.target.recovery_region
        for account in deployment.all(_KIND, recovery=place)
    ]
    others = [str(one["name"]) for one in found_ids if str(one["id"]).lower() not in ours]
    yield empty("lake", "undeclared accounts", others)


@check("LAKE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for name, id, copy in accounts(deployment):
        found = deployment.get(id)
        resource, key = f"account {found['name']}", at(found, "encryption.keyvaultproperties", {})
        place = "recovery" if copy else ""
        expected = names.key_url(deployment.target, _KEY.get(name, "lake"), place)
        url = f"{str(key.get('keyvaulturi', '')).rstrip('/')}/keys/{key.get('keyname')}"
        yield Observation(resource, f"key = {url if key else 'unset'}", same(url, expected), expected)
        yield equal(resource, "keySource", at(found, "encryption.keySource"), "Microsoft.Keyvault")
        yield equal(resource, "supportsHttpsTrafficOnly", at(found, "supportsHttpsTrafficOnly"), True)
        oldest = str(at(found, "minimumTlsVersion"))
        yield Observation(resource, f"minimumTlsVersion = {oldest}", oldest in ("TLS1_2", "TLS1_3"), "TLS1_2")


@check("LAKE-3")
def versioned(deployment: Deployment) -> Iterator[Observation]:
    for _, id, _copy in accounts(deployment):
        service = deployment.get(f"{id}/blobServices/default")
        resource = f"account {id.rpartition('/')[2]}"
        yield equal(resource, "isVersioningEnabled", at(service, "isVersioningEnabled"), True)
        yield equal(resource, "deleteRetentionPolicy", at(service, "deleteRetentionPolicy.enabled"), True)
    yield from locks(deployment, "bronze", deployment.environment.lake.immutability.days)


@check("LAKE-4")
def tiered(deployment: Deployment) -> Iterator[Observation]:
    for name, spec in deployment.environment.lake.lifecycle.items():
        id = names.account_id(deployment.target, name)
        found = deployment.get(f"{id}/managementPolicies/default")
        rules = [
            rule.get("definition", {})
            for rule in at(found, "policy.rules", [])
            if rule.get("enabled") and _whole_bucket(rule.get("definition", {}))
        ]
        resource = f"lifecycle of {id.rpartition('/')[2]}"
        base = rules[0].get("actions", {}).get("baseBlob", {}) if len(rules) == 1 else {}
        yield at_most(resource, "days until cool", _days(base, "tierToCool"), spec.cool_after_days)
        yield at_most(resource, "days until cold", _days(base, "tierToCold"), spec.archive_after_days)
        yield equal(resource, "expires after days", _days(base, "delete"), spec.expire_after_days)
        old = rules[0].get("actions", {}).get("version", {}).get("delete", {}) if rules else {}
        ends = old.get("daysAfterCreationGreaterThan")
        yield equal(resource, "superseded versions expire after days", ends, spec.superseded_after_days)


def _days(actions: dict[str, Any], step: str) -> int | None:
    found = actions.get(step, {}).get("daysAfterModificationGreaterThan")
    return None if found is None else int(found)


def _whole_bucket(definition: dict[str, Any]) -> bool:
    filters = definition.get("filters", {})
    narrowed = filters.get("prefixMatch") or filters.get("blobIndexMatch")
    return "blockBlob" in filters.get("blobTypes", []) and not narrowed


@check("LAKE-5")
def copied(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    for name in REPLICATED:
        source = names.account_id(deployment.target, name)
        copy = names.account_id(deployment.target, name, recovery=True)
        resource = f"account {source.rpartition('/')[2]}"
        links = [
            link
            for link in deployment.pages(f"{source}/objectReplicationPolicies")
            if _is(at(link, "destinationAccount"), copy)
        ]
        yield at_least(resource, f"replications to {copy.rpartition('/')[2]}", len(links), 1)
        for link in links:
            yield at_least(resource, "rules", len(at(link, "rules", [])), 1)
        place = deployment.get(copy).get("location")
        yield equal(f"account {copy.rpartition('/')[2]}", "location", place, deployment.target.recovery_region)


def _is(account: object, id: str) -> bool:
    """A policy names an account by its id or, within a tenant, by its name."""
    return same(account, id) or same(account, id.rpartition("/")[2])


@check("LAKE-6")
def logged(deployment: Deployment) -> Iterator[Observation]:
    access = names.account_id(deployment.target, "access")
    for name, id, copy in accounts(deployment):
        if name == "access" or copy:
            continue  # only a recovery reads the copies
        settings = diagnostics(deployment, f"{id}/blobServices/default")
        to_access = [setting for setting in settings if same(at(setting, "storageAccountId"), access)]
        yield includes(f"account {id.rpartition('/')[2]}", "logs", sent(to_access), _LOGS)


@check("LAKE-7")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    environment = deployment.environment
    groups = data_access.files(environment)
    if not environment.foundation_modules and not groups:
        raise NotRequired("no enabled module uses the foundation (modules), and no group reads files (access)")
    for module, enabled in environment.foundation_modules.items():
        name = names.identity(deployment.target, f"module-{module}")
        grants = granted(deployment, principal(deployment, names.identity_id(deployment.target, f"module-{module}")))
        yield from _rights(deployment, f"identity {name}", grants, environment.lake_access(enabled))
        topics = names.TOPIC_VERBS.values()  # STREAM-3 compares these
        known = (*_verbs(deployment), "Key Vault Secrets User", *topics)
        yield empty(f"identity {name}", "other roles", [one.role for one in grants if one.role not in known])
    for group, lake in groups.items():  # a group of the organisation may have roles on what is not the environment's
        found = granted(deployment, names.settings(deployment.target).groups[group])
        ours = [one for one in found if any(f"{id}/".startswith(f"{one.scope.lower()}/") for id in _places(deployment))]
        yield from _rights(deployment, f"group {group}", ours, lake)
        others = [one.role for one in ours if one.role not in _verbs(deployment)]
        yield empty(f"group {group}", "other roles", others)
    yield from writer_permissions(deployment)
    if any(
        "add" in folders.values()
        for one in environment.foundation_modules.values()
        for folders in environment.lake_access(one).values()
    ):
        yield from role_permissions(deployment, names.BLOB_ADDER, CREATE_BLOBS)


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


def _verbs(deployment: Deployment) -> dict[str, LakeRight]:
    target = deployment.target
    return {names.BLOB_READER: "read", names.blob_writer(target): "write", names.blob_adder(target): "add"}


def _places(deployment: Deployment) -> dict[str, str]:
    return {names.container_id(deployment.target, name).lower(): name for name in BUCKETS}


def _rights(
    deployment: Deployment, holder: str, grants: Iterable[Grant], lake: Mapping[Any, Mapping[str, LakeRight]]
) -> Iterator[Observation]:
    """Whether roles on containers are those that are declared, with their conditions."""
    verbs, places = _verbs(deployment), _places(deployment)
    declared = {f"{access} {place}/{one}" for place, folders in lake.items() for one, access in folders.items()}
    rights = set[str]()
    for one in grants:
        if verb := verbs.get(one.role):
            place = places.get(one.scope.lower(), one.scope)
            own = [folder for folder, access in lake.get(place, {}).items() if access == verb]
            limited = own and one.condition == below(own, verb)
            where = f" if {one.condition}" if one.condition else ""
            rights |= {f"{verb} {place}/{folder}" for folder in own} if limited else {f"{verb} {place}{where}"}
    yield equal(holder, "lake permissions", _told(rights), _told(declared))


@check("LAKE-8")
def discovered(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    bronze = names.account_id(deployment.target, "bronze")
    settings = deployment.get(f"{bronze}/providers/Microsoft.Security/defenderForStorageSettings/current")
    for name in ("isEnabled", "overrideSubscriptionLevelSettings", "sensitiveDataDiscovery.isEnabled"):
        yield equal(f"account {named(bronze)}", name, at(settings, name), True)
