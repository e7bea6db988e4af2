"""Storage accounts (LAKE-1 to LAKE-8)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure import lookup
from terrace.assurance.checks.azure.lookup import diagnostics, referenced, unset, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.azure import names
from terrace.calls import Absent
from terrace.capabilities.extension import EXTENSIONS
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
_FLOW = "observability/flow-account"
_NOT_FOR_FLOW = ("shared_access_key_enabled", "public_network_access_enabled")
"""Network Watcher writes flow logs with the account's key: see azure/bucket.py."""


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
        yield "audit", bucket(stack, "audit", recovery=True), True


def of_extensions(stack: Subject) -> list[Resource]:
    """The storage accounts of extensions, to which the rules apply that do not depend on a bucket's purpose."""
    return stack.view.all("azurerm_storage_account", EXTENSIONS)


def judged(stack: Subject) -> list[Resource]:
    """The buckets of the lake and of extensions."""
    return [*(one for _, one, _copy in buckets(stack)), *of_extensions(stack)]


def lock(stack: Subject, name: Bucket, days: int, *, recovery: bool = False) -> Iterator[Observation]:
    """Whether each container of a bucket is immutable for at least `days`, in the environment's mode."""
    account = bucket(stack, name, recovery=recovery)
    containers = stack.view.pointing("azurerm_storage_container", "storage_account_id", account)
    yield at_least(str(account), "containers", len(containers), 1)
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
    for account in judged(stack):
        yield empty(
            str(account), "settings that allow access", [name for name in _OFF if account.get(name) is not False]
        )
        yield equal(str(account), "default_action", account.get("network_rules.default_action"), "Deny")
    for account in stack.all("azurerm_storage_account"):
        yield from unset(account, "static_website", "custom_domain", "blob_properties.cors_rule", "is_hns_enabled")
        yield equal(str(account), "allowed_copy_scope", account.get("allowed_copy_scope"), "AAD")
    flow = stack.one("azurerm_storage_account", _FLOW)
    opened = [name for name in _OFF if name not in _NOT_FOR_FLOW and flow.get(name) is not False]
    yield empty(str(flow), "settings that allow access", opened)
    for container in stack.all("azurerm_storage_container"):
        access = container.get("container_access_type")
        yield equal(str(container), "container_access_type", access, "private")
    known = {*judged(stack)}
    others = [one for one in stack.all("azurerm_storage_account") if one not in known]
    yield equal("lake", "storage accounts outside the lake", [str(one) for one in others], [_FLOW])


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, account, copy in buckets(stack):
        key = account.get("customer_managed_key.key_vault_key_id")
        yield uses(stack, account, key, "customer_managed_key", _KEY.get(name, "lake"), "recovery" if copy else "")
    for account in of_extensions(stack):
        key = account.get("customer_managed_key.key_vault_key_id")
        yield uses(stack, account, key, "customer_managed_key", "lake")
    flow = stack.one("azurerm_storage_account", _FLOW)
    yield uses(stack, flow, flow.get("customer_managed_key.key_vault_key_id"), "customer_managed_key", "logs")


@check("LAKE-2")
def https_only(stack: Subject) -> Iterator[Observation]:
    for account in stack.all("azurerm_storage_account"):
        yield equal(str(account), "https_traffic_only_enabled", account.get("https_traffic_only_enabled", True), True)
        yield equal(str(account), "min_tls_version", account.get("min_tls_version"), "TLS1_2")


@check("LAKE-3")
def versioned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for account in judged(stack):
        yield equal(str(account), "versioning_enabled", account.get("blob_properties.versioning_enabled"), True)
    redundancy = "ZRS" if len(stack.target.zones) > 1 else "LRS"
    days = 7 if stack.target.tier == "dev" else 30
    for account in stack.all("azurerm_storage_account"):
        yield equal(str(account), "account_replication_type", account.get("account_replication_type"), redundancy)
        for kept in ("delete_retention_policy", "container_delete_retention_policy"):
            yield at_least(str(account), f"days of {kept}", account.get(f"blob_properties.{kept}.days"), days)
    for one in stack.all("azurerm_management_lock", under="lake", or_none=True):
        account = stack.one("azurerm_storage_account", f"{one.path.removesuffix('/keep')}/account")
        yield from lookup.lock(stack, one, account)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def lifecycle_rules(stack: Subject) -> Iterator[Observation]:
    for name, account, _copy in buckets(stack):
        spec = stack.environment.lake.lifecycle[name]
        policies = stack.view.pointing("azurerm_storage_management_policy", "storage_account_id", account)
        if len(policies) != 1:
            raise Absent(f"{len(policies) or 'no'} azurerm_storage_management_policy of {account}")
        where, rules = str(policies[0]), policies[0].blocks("rule")
        of_blocks = [rule for rule in rules if at(rule, "filters.blob_types") == ["blockBlob"] and not _narrowed(rule)]
        base = at(of_blocks, "actions.base_blob", {}) if len(of_blocks) == 1 and of_blocks[0].get("enabled") else {}
        since = "after_days_since_modification_greater_than"
        yield at_most(where, "days until cool", _days(base, f"tier_to_cool_{since}"), spec.cool_after_days)
        yield at_most(where, "days until cold", _days(base, f"tier_to_cold_{since}"), spec.archive_after_days)
        yield equal(where, "expires after days", _days(base, f"delete_{since}"), spec.expire_after_days)
        superseded = _days(at(of_blocks, "actions.version"), "delete_after_days_since_creation")
        yield equal(where, "superseded versions expire after days", superseded, spec.superseded_after_days)
        # logs are append blobs, which only expire
        others = [rule for rule in rules if rule not in of_blocks]
        expiry = [_days(at(rule, "actions.base_blob"), f"delete_{since}") for rule in others]
        yield equal(where, "days of other rules", expiry, [spec.expire_after_days] if spec.expire_after_days else [])
        for rule in others:
            yield equal(where, "blob types of other rules", at(rule, "filters.blob_types"), ["appendBlob"])


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
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "LAKE-7")


@check("LAKE-8")
def sensitive_data_discovery(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    bronze = bucket(stack, "bronze")
    settings = stack.view.pointing("azurerm_security_center_storage_defender", "storage_account_id", bronze)
    yield equal(str(bronze), "settings of Defender", len(settings), 1)
    for one in settings:
        for name in (
            "override_subscription_settings_enabled",
            "sensitive_data_discovery_enabled",
            "malware_scanning_on_upload_enabled",
        ):
            yield equal(str(one), name, one.get(name), True)
        yield from unset(one, "scan_results_event_grid_topic_id")
