"""Storage accounts (LAKE-1 to LAKE-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import diagnostics, granted, referenced, uses
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
    """The storage account of a bucket. Raises Absent."""
    full = names.bucket(stack.target, name, recovery=recovery)
    for account in stack.all("azurerm_storage_account"):
        if account.get("name") == full:
            return account
    raise Absent(f"no azurerm_storage_account {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource, bool]]:
    """Each bucket with its purpose, and whether it is a copy in the recovery region; copies come last."""
    for name in BUCKETS:
        yield name, bucket(stack, name), False
    if stack.target.recovery_region and stack.environment.lake.replicate:
        for name in REPLICATED:
            yield name, bucket(stack, name, recovery=True), True


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether each container of a bucket is immutable for at least `days`, in the environment's mode."""
    account = bucket(stack, name)
    containers = stack.view.pointing("azurerm_storage_container", "storage_account_id", account)
    for container in containers:
        policies = stack.view.pointing(
            "azurerm_storage_container_immutability_policy", "storage_container_resource_manager_id", container
        )
        yield equal(str(container), "immutability policies", len(policies), 1)
        for policy in policies:
            yield at_least(str(policy), "days", policy.get("immutability_period_in_days"), days)
            locked = stack.environment.lake.immutability.mode == "compliance" and stack.target.protected
            yield equal(str(policy), "locked", bool(policy.get("locked")), locked)


@check("LAKE-1")
def public_access_blocked(stack: Subject) -> Iterator[Observation]:
    for _, account, _copy in buckets(stack):
        yield empty(
            str(account), "settings that allow access", [name for name in _OFF if account.get(name) is not False]
        )
        yield equal(str(account), "default_action", account.get("network_rules.default_action"), "Deny")
    for container in stack.all("azurerm_storage_container"):
        access = container.get("container_access_type")
        yield equal(str(container), "container_access_type", access, "private")
    lake_accounts = {account for _, account, _copy in buckets(stack)}
    others = [one for one in stack.all("azurerm_storage_account") if one not in lake_accounts]
    yield equal(
        "lake", "storage accounts outside the lake", [str(one) for one in others], ["observability/flow-account"]
    )


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, account, copy in buckets(stack):
        key = account.get("customer_managed_key.key_vault_key_id")
        yield uses(stack, account, key, "customer_managed_key", _KEY.get(name, "lake"), "recovery" if copy else "")


@check("LAKE-2")
def https_only(stack: Subject) -> Iterator[Observation]:
    for _, account, _copy in buckets(stack):
        yield equal(str(account), "https_traffic_only_enabled", account.get("https_traffic_only_enabled", True), True)
        yield equal(str(account), "min_tls_version", account.get("min_tls_version"), "TLS1_2")


@check("LAKE-3")
def versioned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for _, account, _copy in buckets(stack):
        yield equal(str(account), "versioning_enabled", account.get("blob_properties.versioning_enabled"), True)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def lifecycle_rules(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.lake.lifecycle.items():
        account = bucket(stack, name)
        policies = stack.view.pointing("azurerm_storage_management_policy", "storage_account_id", account)
        if len(policies) != 1:
            raise Absent(f"{len(policies) or 'no'} azurerm_storage_management_policy of {account}")
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
        superseded = _days(at(rules, "actions.version"), "delete_after_days_since_creation")
        yield equal(where, "superseded versions expire after days", superseded, spec.superseded_after_days)


def _days(actions: Any, name: str) -> Any:
    """Days of an action; None if it never runs, for which the provider plans -1."""
    days = at(actions, name)
    return None if days == -1 else days


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(at(rule, "filters.prefix_match") or blocks(rule, "filters.match_blob_index_tag"))


@check("LAKE-5")
def replicated(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    for name in REPLICATED:
        account, copy = bucket(stack, name), bucket(stack, name, recovery=True)
        links = stack.view.pointing("azurerm_storage_object_replication", "source_storage_account_id", account)
        destinations = [
            str(referenced(stack, account.type, link.get("destination_storage_account_id"))) for link in links
        ]
        yield includes(str(account), "replication destinations", destinations, [str(copy)])
        for link in links:
            since = [str(rule.get("copy_blobs_created_after")) for rule in link.blocks("rules")]
            yield equal(str(link), "copy_blobs_created_after", since, ["Everything"])
        location = stack.view.text(copy.get("location"))
        yield equal(str(copy), "location", location, stack.target.recovery_region)


@check("LAKE-6")
def access_logs_enabled(stack: Subject) -> Iterator[Observation]:
    access = bucket(stack, "access")
    for name, account, copy in buckets(stack):
        if name == "access" or copy:
            continue  # only a recovery reads the copies
        categories = [
            str(log.get("category"))
            for setting in diagnostics(stack, account, "/blobServices/default")
            if referenced(stack, access.type, setting.get("storage_account_id")) == access
            for log in setting.blocks("enabled_log")
        ]
        yield includes(str(account), "log categories", categories, _LOGS)


@check("LAKE-7")
def module_permissions(stack: Subject) -> Iterator[Observation]:
    modules = stack.environment.foundation_modules
    if not modules:
        raise NotRequired("no enabled module uses the foundation (modules)")
    layer_names: dict[str, str] = {names.container_id(stack.target, name): name for name in BUCKETS}
    for module, enabled in modules.items():
        identity = stack.one("azurerm_user_assigned_identity", f"workloads/module-{module}")
        grants = granted(stack, identity)
        verbs = {_READ: "read", _WRITE: "write"}
        rights = {layer_names.get(scope, scope): verbs[role] for role, scope in grants if role in verbs}
        yield equal(str(identity), "lake permissions", _described(rights), _described(dict(enabled.needs.lake)))
        allowed = (*verbs, "Key Vault Secrets User")
        yield empty(str(identity), "other roles", [role for role, _ in grants if role not in allowed])


def _described(rights: dict[Any, Any]) -> str:
    return ", ".join(f"{verb} {layer}" for layer, verb in sorted(rights.items())) or "nothing"
