"""Storage accounts (LAKE-1 to LAKE-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import diagnostics, granted, meant, uses
from terrace.assurance.evaluation import (
    Absent,
    NotRequired,
    Observation,
    at_least,
    at_most,
    check,
    empty,
    equal,
    includes,
)
from terrace.assurance.view import Resource, at, blocks
from terrace.azure import names
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket

_OFF = (
    "allow_nested_items_to_be_public",
    "shared_access_key_enabled",
    "public_network_access_enabled",
    "local_user_enabled",
    "cross_tenant_replication_enabled",
    "sftp_enabled",
)
_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}  # the others: the lake's
_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")
_READ, _WRITE = "Storage Blob Data Reader", "Storage Blob Data Contributor"


def bucket(stack: Subject, name: Bucket, *, recovery: bool = False) -> Resource:
    """The account behind a bucket. Raises Absent."""
    full = names.bucket(stack.target, name, recovery=recovery)
    for account in stack.all("azurerm_storage_account"):
        if account.get("name") == full:
            return account
    raise Absent(f"no azurerm_storage_account {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource, bool]]:
    """Each bucket: what it is for, and whether it is the copy in the recovery region; those come last."""
    for name in BUCKETS:
        yield name, bucket(stack, name), False
    if stack.target.recovery_region and stack.environment.lake.replicate:
        for name in REPLICATED:
            yield name, bucket(stack, name, recovery=True), True


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether each container of a bucket is immutable for these days, in the environment's mode."""
    of = bucket(stack, name)
    containers = stack.view.pointing("azurerm_storage_container", "storage_account_id", of)
    for container in containers:
        policies = stack.view.pointing(
            "azurerm_storage_container_immutability_policy", "storage_container_resource_manager_id", container
        )
        yield equal(str(container), "immutability policies", len(policies), 1)
        for policy in policies:
            yield at_least(str(policy), "days", policy.get("immutability_period_in_days"), days)
            final = stack.environment.lake.immutability.mode == "compliance" and stack.target.protected
            yield equal(str(policy), "locked", bool(policy.get("locked")), final)


@check("LAKE-1")
def never_public(stack: Subject) -> Iterator[Observation]:
    for _, of, _copy in buckets(stack):
        yield empty(str(of), "switches that are on", [name for name in _OFF if of.get(name) is not False])
        yield equal(str(of), "default_action", of.get("network_rules.default_action"), "Deny")
    for container in stack.all("azurerm_storage_container"):
        access = container.get("container_access_type")
        yield equal(str(container), "container_access_type", access, "private")
    ours = {of for _, of, _copy in buckets(stack)}
    others = [one for one in stack.all("azurerm_storage_account") if one not in ours]
    yield equal("lake", "other accounts", [str(one) for one in others], ["observability/flow-account"])


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, of, copy in buckets(stack):
        key = of.get("customer_managed_key.key_vault_key_id")
        place = "recovery" if copy else ""
        yield uses(stack, of, key, "customer_managed_key", _KEY.get(name, "lake"), place)
        yield equal(str(of), "https_traffic_only_enabled", of.get("https_traffic_only_enabled", True), True)
        yield equal(str(of), "min_tls_version", of.get("min_tls_version"), "TLS1_2")


@check("LAKE-3")
def versioned(stack: Subject) -> Iterator[Observation]:
    for _, of, _copy in buckets(stack):
        yield equal(str(of), "versioning_enabled", of.get("blob_properties.versioning_enabled"), True)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def tiered(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.lake.lifecycle.items():
        of = bucket(stack, name)
        policies = stack.view.pointing("azurerm_storage_management_policy", "storage_account_id", of)
        if len(policies) != 1:
            raise Absent(f"{len(policies) or 'no'} azurerm_storage_management_policy of {of}")
        rules = [
            rule
            for rule in policies[0].blocks("rule")
            if rule.get("enabled") and "blockBlob" in at(rule, "filters.blob_types", []) and not _narrowed(rule)
        ]
        base = at(rules, "actions.base_blob", {}) if len(rules) == 1 else {}
        where, since = str(policies[0]), "after_days_since_modification_greater_than"
        yield at_most(where, "days until cool", _days(base, f"tier_to_cool_{since}"), spec.cool_after_days)
        yield at_most(where, "days until cold", _days(base, f"tier_to_cold_{since}"), spec.archive_after_days)
        yield equal(where, "expires after days", _days(base, f"delete_{since}"), spec.expire_after_days)
        old = _days(at(rules, "actions.version"), "delete_after_days_since_creation")
        yield equal(where, "superseded versions end after days", old, spec.superseded_after_days)


def _days(actions: Any, name: str) -> Any:
    """Days of an action, None where it never comes: the provider plans -1 for what is not written."""
    days = at(actions, name)
    return None if days == -1 else days


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(at(rule, "filters.prefix_match") or blocks(rule, "filters.match_blob_index_tag"))


@check("LAKE-5")
def copied(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("no copies are asked for (lake.replicate)")
    for name in REPLICATED:
        of, copy = bucket(stack, name), bucket(stack, name, recovery=True)
        links = stack.view.pointing("azurerm_storage_object_replication", "source_storage_account_id", of)
        copies = [str(meant(stack, of.type, link.get("destination_storage_account_id"))) for link in links]
        yield includes(str(of), "copied to", copies, [str(copy)])
        for link in links:
            since = [str(rule.get("copy_blobs_created_after")) for rule in link.blocks("rules")]
            yield equal(str(link), "copies", since, ["Everything"])
        place = stack.view.text(copy.get("location"))
        yield equal(str(copy), "location", place, stack.target.recovery_region)


@check("LAKE-6")
def logged(stack: Subject) -> Iterator[Observation]:
    access = bucket(stack, "access")
    for name, of, copy in buckets(stack):
        if name == "access" or copy:
            continue  # nothing reads the copies but a recovery
        sent = [
            str(log.get("category"))
            for setting in diagnostics(stack, of, "/blobServices/default")
            if meant(stack, access.type, setting.get("storage_account_id")) == access
            for log in setting.blocks("enabled_log")
        ]
        yield includes(str(of), "logs", sent, _LOGS)


@check("LAKE-7")
def as_declared(stack: Subject) -> Iterator[Observation]:
    modules = {name: module for name, module in stack.environment.modules.items() if module.enabled}
    if not modules:
        raise NotRequired("no module is enabled (modules)")
    places: dict[str, str] = {names.container_id(stack.target, name): name for name in BUCKETS}
    for module, spec in modules.items():
        identity = stack.one("azurerm_user_assigned_identity", f"workloads/module-{module}")
        grants = granted(stack, identity)
        verbs = {_READ: "read", _WRITE: "write"}
        rights = {places.get(scope, scope): verbs[role] for role, scope in grants if role in verbs}
        yield equal(str(identity), "lake", _told(rights), _told(dict(spec.lake)))
        known = (*verbs, "Key Vault Secrets User")
        yield empty(str(identity), "other roles", [role for role, _ in grants if role not in known])


def _told(rights: dict[Any, Any]) -> str:
    return ", ".join(f"{verb} {place}" for place, verb in sorted(rights.items())) or "nothing"
