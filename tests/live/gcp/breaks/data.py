"""Breaks of the guarantees about the database, the cache and the lake."""

from typing import Any

from terrace.gcp import names
from terrace.live.gcp import database, lake
from tests.live.gcp.breaks import breaks
from tests.live.gcp.site import BUCKET, Site


def _patch_server(site: Site, **settings: Any) -> None:
    where = {"project": site.account, "instance": site.prefix}
    site.do("sqladmin", "instances.patch", **where, body={"settings": settings})


@breaks("DB-1")
def server_has_a_public_address(site: Site) -> None:
    _patch_server(site, ipConfiguration={"ipv4Enabled": True})


@breaks("DB-2")
def server_accepts_connections_without_tls(site: Site) -> None:
    _patch_server(site, ipConfiguration={"sslMode": "ALLOW_UNENCRYPTED_AND_ENCRYPTED"})


@breaks("DB-3")
def replica_has_googles_key(site: Site) -> None:
    site.stored(f"sqladmin/{site.project}/instances/{site.prefix}-replica-1", diskEncryptionConfiguration={})


@breaks("DB-4")
def server_has_no_standby(site: Site) -> None:
    _patch_server(site, availabilityType="ZONAL")


@breaks("DB-5")
def logs_for_recovery_are_kept_for_7_days(site: Site) -> None:
    _patch_server(site, backupConfiguration={"transactionLogRetentionDays": 7})


@breaks("DB-6")
def deletion_protection_is_off(site: Site) -> None:
    _patch_server(site, deletionProtectionEnabled=False)


@breaks("DB-7")
def statements_are_not_audited(site: Site) -> None:
    flags = database.server(site.deployment)["settings"]["databaseFlags"]
    changed = [{**flag, "value": "none"} if flag["name"] == "pgaudit.log" else flag for flag in flags]
    _patch_server(site, databaseFlags=changed)


@breaks("DB-8")
def storage_cannot_grow(site: Site) -> None:
    _patch_server(site, storageAutoResize=False)


@breaks("DB-9")
def a_module_has_no_database_user(site: Site) -> None:
    user = names.role_email(site.target, "module-superset").removesuffix(".gserviceaccount.com")
    site.do("sqladmin", "users.delete", project=site.account, instance=site.prefix, name=user)


@breaks("DB-10")
def maintenance_is_at_noon(site: Site) -> None:
    _patch_server(site, maintenanceWindow={"hour": 12})


def _patch_cache(site: Site, field: str, value: Any) -> None:
    site.rest("PATCH", "memorystore", f"v1/{names.cache_id(site.target)}?updateMask={field}", {field: value})


@breaks("CACHE-1")
def cache_needs_no_authentication(site: Site) -> None:
    _patch_cache(site, "authorizationMode", "AUTH_DISABLED")


@breaks("CACHE-2")
def cache_accepts_connections_without_tls(site: Site) -> None:
    _patch_cache(site, "transitEncryptionMode", "TRANSIT_ENCRYPTION_DISABLED")


@breaks("CACHE-3")
def cache_has_no_replica(site: Site) -> None:
    _patch_cache(site, "replicaCount", 0)


def _patch_bucket(site: Site, bucket: Any, **changes: Any) -> None:
    site.do("storage", "buckets.patch", bucket=names.bucket(site.target, bucket), body=changes)


@breaks("LAKE-1")
def bucket_may_become_public(site: Site) -> None:
    _patch_bucket(site, "gold", iamConfiguration={"publicAccessPrevention": "inherited"})


@breaks("LAKE-2")
def plain_http_is_allowed(site: Site) -> None:
    site.constrain("storage.secureHttpTransport", {"enforce": False})


@breaks("LAKE-3")
def bucket_has_no_versioning(site: Site) -> None:
    _patch_bucket(site, "silver", versioning={"enabled": False})


@breaks("LAKE-4")
def objects_do_not_move_to_colder_storage(site: Site) -> None:
    rules = lake.bucket(site.deployment, "platinum")["lifecycle"]["rule"]
    _patch_bucket(site, "platinum", lifecycle={"rule": [r for r in rules if r["action"]["type"] == "Delete"]})


@breaks("LAKE-5")
def turbo_replication_is_off(site: Site) -> None:
    _patch_bucket(site, "gold", rpo="DEFAULT")


@breaks("LAKE-6")
def access_is_not_logged(site: Site) -> None:
    _patch_bucket(site, "gold", logging=None)


@breaks("LAKE-7")
def superset_may_write_to_bronze(site: Site) -> None:
    member = names.member(site.target, "module-superset")
    site.grant(BUCKET, {"bucket": names.bucket(site.target, "bronze")}, "roles/storage.objectUser", member)


@breaks("SEC-4")
def secret_names_no_module(site: Site) -> None:
    name = names.secret(site.target, "airflow-app")
    labels = {key: value for key, value in _secret_labels(site, name).items() if key != "rotated-by"}
    site.do("secretmanager", "projects.secrets.patch", name=name, updateMask="labels", body={"labels": labels})


def _secret_labels(site: Site, name: str) -> dict[str, str]:
    labels: dict[str, str] = site.do("secretmanager", "projects.secrets.get", name=name)["labels"]
    return labels


@breaks("LAKE-8")
def discovery_is_paused(site: Site) -> None:
    name = f"{site.place}/jobTriggers/{site.prefix}-bronze"
    body = {"jobTrigger": {"status": "PAUSED"}, "updateMask": "status"}
    site.do("dlp", "projects.locations.jobTriggers.patch", name=name, body=body)
