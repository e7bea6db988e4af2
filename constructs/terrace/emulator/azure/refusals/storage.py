"""Refusals of Azure Storage. Source: Azure Storage documentation: feature support for Data Lake Storage, object
replication, point-in-time restore, immutable storage, lifecycle management, access tiers, anonymous read access; codes
from "Storage resource provider error codes"."""

import re

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find
from terrace.emulator.azure.store import Body

_ACCOUNT = "Microsoft.Storage/storageAccounts"
_TIERS = ("tierToCool", "tierToCold", "tierToArchive")


def _account_of(resource: Resource) -> Body:
    """The account of a nested resource."""
    return resource.store.body("/".join(resource.id.path.split("/")[:9]))


def account_name_taken(resource: Resource) -> Refused | None:
    """The name is globally unique. Source: "Storage account overview", name."""
    taken = resource.store.named(_ACCOUNT, resource.id.name)
    if taken and taken.id.lower() != resource.id.key:
        message = f"The storage account named {resource.id.name} is already taken."
        return Refused(409, "StorageAccountAlreadyTaken", message)
    return None


def account_name_malformed(resource: Resource) -> Refused | None:
    """Source: "Storage account overview", name: 3 to 24 of a-z and 0-9."""
    if not re.fullmatch(r"[a-z0-9]{3,24}", resource.id.name):
        message = f"{resource.id.name} is not a valid storage account name."
        return Refused(400, "AccountNameInvalid", message)
    return None


def encryption_changed(resource: Resource) -> Refused | None:
    """Source: "Enable infrastructure encryption": only when an account is created."""
    words = "properties.encryption.requireInfrastructureEncryption"
    if resource.old is not None and bool(find(resource.old, words)) != bool(find(resource.body, words)):
        message = "The property 'requireInfrastructureEncryption' cannot be changed after the account was created."
        return Refused(409, "PropertyImmutable", message)
    return None


def hierarchy_changed(resource: Resource) -> Refused | None:
    """Source: "Upgrade Azure Blob Storage with Data Lake Storage": cannot be changed by an update."""
    if resource.old is not None:
        old, new = (bool(find(body, "properties.isHnsEnabled")) for body in (resource.old, resource.body))
        if old != new:
            message = (
                "The property 'isHnsEnabled' was specified in the input, but it cannot be updated as it is read-only."
            )
            return Refused(409, "PropertyImmutable", message)
    return None


def versioning_with_hierarchical_namespace(resource: Resource) -> Refused | None:
    """Source: "Blob Storage feature support": no versioning with a hierarchical namespace."""
    if find(_account_of(resource), "properties.isHnsEnabled") and resource.get("isVersioningEnabled"):
        message = "Blob versioning is not supported for accounts with a hierarchical namespace."
        return Refused(409, "FeatureNotSupportedForAccount", message)
    return None


def restore_without_prerequisites(resource: Resource) -> Refused | None:
    """Source: "Point-in-time restore", prerequisites: versioning, change feed and soft delete."""
    if not resource.get("restorePolicy.enabled"):
        return None
    needs = ("isVersioningEnabled", "changeFeed.enabled", "deleteRetentionPolicy.enabled")
    missing = [word for word in needs if not resource.get(word)]
    if missing:
        message = f"Point-in-time restore needs {', '.join(missing)}."
        return Refused(400, "InvalidRestorePolicy", message)
    return None


def restore_beyond_soft_delete(resource: Resource) -> Refused | None:
    """Source: "Point-in-time restore", retention period: shorter than that of soft delete."""
    restore, deleted = resource.get("restorePolicy.days", 0), resource.get("deleteRetentionPolicy.days", 0)
    if resource.get("restorePolicy.enabled") and restore >= deleted:
        message = f"The restore period of {restore} days must be shorter than the {deleted} days of soft delete."
        return Refused(400, "InvalidRestorePolicy", message)
    return None


def public_container(resource: Resource) -> Refused | None:
    """Source: "Remediate anonymous read access": the account's setting applies to its containers."""
    access = resource.get("publicAccess", "None")
    if access != "None" and not find(_account_of(resource), "properties.allowBlobPublicAccess", False):
        return Refused(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    return None


def locked_policy_shortened(resource: Resource) -> Refused | None:
    """Source: "Time-based retention policies": a locked one can only be extended."""
    old = find(resource.old, "properties", {})
    if old.get("state") == "Locked":
        days = "immutabilityPeriodSinceCreationInDays"
        if resource.get(days, 0) < old.get(days, 0):
            message = "The period of a locked immutability policy cannot be shortened."
            return Refused(409, "ImmutabilityPolicyLocked", message)
    return None


def locked_policy_deleted(resource: Resource) -> Refused | None:
    """Source: "Time-based retention policies": a locked one cannot be deleted."""
    if resource.get("state") == "Locked":
        return Refused(409, "ImmutabilityPolicyLocked", "A locked immutability policy cannot be deleted.")
    return None


def container_protected(resource: Resource) -> Refused | None:
    """Source: "Immutable storage", container-level: a container with a policy and blobs cannot be deleted."""
    policy = resource.store.get(f"{resource.id.path}/immutabilityPolicies/default")
    if policy and resource.store.children(resource.id.path, "blobs"):
        message = "The container has blobs under an immutability policy and cannot be deleted."
        return Refused(409, "ContainerProtectedFromDeletion", message)
    return None


def account_protected(resource: Resource) -> Refused | None:
    """Source: "Immutable storage": an account with a container under a locked policy cannot be deleted."""
    for item in resource.store.of_type(f"{_ACCOUNT}/blobServices/containers/immutabilityPolicies", resource.id.path):
        if item.body["properties"].get("state") == "Locked":
            message = f"The storage account cannot be deleted: {parse(item.id).parent} is under a locked policy."
            return Refused(409, "AccountProtectedFromDeletion", message)
    return None


def append_blobs_tiered(resource: Resource) -> Refused | None:
    """Source: "Lifecycle management policy structure": tiers apply to block blobs only."""
    for rule in resource.get("policy.rules", []):
        types = find(rule, "definition.filters.blobTypes", [])
        moves = [tier for tier in _TIERS if find(rule, f"definition.actions.baseBlob.{tier}")]
        if moves and any(type.lower() == "appendblob" for type in types):
            message = f"Rule {rule.get('name')}: append blobs cannot be moved to another tier."
            return Refused(400, "InvalidPolicyRule", message)
    return None


def archive_with_zone_redundancy(resource: Resource) -> Refused | None:
    """Source: "Access tiers": archive is available with LRS, GRS and RA-GRS."""
    sku = str(find(_account_of(resource), "sku.name", ""))
    for rule in resource.get("policy.rules", []):
        if "ZRS" in sku.upper() and find(rule, "definition.actions.baseBlob.tierToArchive"):
            message = f"Rule {rule.get('name')}: the archive tier is not available with {sku}."
            return Refused(400, "InvalidPolicyRule", message)
    return None


def last_access_not_tracked(resource: Resource) -> Refused | None:
    """Source: "Lifecycle management", access time tracking must be enabled."""
    service = resource.store.body(f"{resource.id.parent}/blobServices/default")
    tracked = find(service, "properties.lastAccessTimeTrackingPolicy.enable")
    if "LastAccessTime" in str(resource.get("policy")) and not tracked:
        message = "Last access time based tracking must be enabled before it can be used in a rule."
        return Refused(400, "LastAccessTimeTrackingPolicyNotEnabled", message)
    return None


def replication_without_prerequisites(resource: Resource) -> Refused | None:
    """Source: "Object replication", prerequisites: versioning on both accounts, change feed on the source."""
    for end in ("sourceAccount", "destinationAccount"):
        account = str(resource.get(end))
        service = resource.store.body(f"{account}/blobServices/default")
        if find(resource.store.body(account), "properties.isHnsEnabled"):
            message = f"Object replication is not supported for {account}, which has a hierarchical namespace."
            return Refused(409, "FeatureNotSupportedForAccount", message)
        if resource.store.get(account) and not find(service, "properties.isVersioningEnabled"):
            return Refused(409, "VersioningNotEnabledForAccount", f"Blob versioning is not enabled for {account}.")
        if end == "sourceAccount" and not find(service, "properties.changeFeed.enabled"):
            return Refused(409, "ChangeFeedNotEnabledForAccount", f"The change feed is not enabled for {account}.")
    return None


def replication_container_missing(resource: Resource) -> Refused | None:
    """Source: "Configure object replication": both containers exist."""
    for rule in resource.get("rules", []):
        for end, word in (("sourceAccount", "sourceContainer"), ("destinationAccount", "destinationContainer")):
            account = str(resource.get(end))
            container = f"{account}/blobServices/default/containers/{rule.get(word)}"
            if resource.store.get(account) and not resource.store.get(container):
                return Refused(404, "ContainerNotFound", f"The container {rule.get(word)} of {account} does not exist.")
    return None


ACCOUNT = (account_name_malformed, account_name_taken, encryption_changed, hierarchy_changed)
ACCOUNT_DELETE = (account_protected,)
BLOB_SERVICE = (versioning_with_hierarchical_namespace, restore_without_prerequisites, restore_beyond_soft_delete)
CONTAINER = (public_container,)
CONTAINER_DELETE = (container_protected,)
IMMUTABILITY = (locked_policy_shortened,)
IMMUTABILITY_DELETE = (locked_policy_deleted,)
LIFECYCLE = (append_blobs_tiered, archive_with_zone_redundancy, last_access_not_tracked)
REPLICATION = (replication_without_prerequisites, replication_container_missing)
