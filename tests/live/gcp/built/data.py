"""What holds data: buckets, the database and its copies, the cache, secrets, images."""

from typing import Any

from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.gcp import names
from terrace.gcp.names import Place
from tests.live.gcp.built.ground import DAY, private_zone, vpc
from tests.live.gcp.site import BUCKET, SECRET, Site

KEYS: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}
VERBS = {"read": "roles/storage.objectViewer", "write": "roles/storage.objectUser"}


def build(site: Site) -> None:
    for name in ("access", *(bucket for bucket in BUCKETS if bucket != "access")):
        _bucket(site, name)  # type: ignore[arg-type]
    _readers(site)
    _database(site)
    _cache(site)
    _secrets(site)
    _images(site)


def _bucket(site: Site, name: Bucket) -> None:
    spec = site.environment.lake
    spans = spec.replicate and site.is_double and name in REPLICATED
    place: Place = "both" if spans else "home"
    lifecycle = spec.lifecycle[name]
    body: dict[str, Any] = {
        "name": names.bucket(site.target, name),
        "location": "EU" if spans else site.target.region.upper(),
        "iamConfiguration": {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}},
        "encryption": {"defaultKmsKeyName": names.key(site.target, KEYS.get(name, "lake"), place)},
        "softDeletePolicy": {"retentionDurationSeconds": str(30 * DAY)},
        "lifecycle": {"rule": rules(lifecycle)},
        "labels": site.labels,
    }
    if spans:
        both = [site.target.region.upper(), site.away.upper()]
        body |= {"customPlacementConfig": {"dataLocations": both}, "rpo": "ASYNC_TURBO"}
    held = {"bronze": spec.immutability.days, "audit": site.environment.audit.retention_days}.get(name)
    if held:
        body["retentionPolicy"] = {"retentionPeriod": str(held * DAY)}
    else:
        body["versioning"] = {"enabled": True}
    if name != "access":
        body["logging"] = {"logBucket": names.bucket(site.target, "access"), "logObjectPrefix": name}
    made = site.do("storage", "buckets.insert", project=site.account, body=body)
    if held and spec.immutability.mode == "compliance":
        now = str(made["metageneration"])
        site.do("storage", "buckets.lockRetentionPolicy", bucket=body["name"], ifMetagenerationMatch=now)


def rules(spec: Any) -> list[dict[str, Any]]:
    """A bucket's lifecycle as Cloud Storage writes it."""

    def rule(type: str, storage_class: str = "", **condition: Any) -> dict[str, Any]:
        action = {"type": type, **({"storageClass": storage_class} if storage_class else {})}
        return {"action": action, "condition": condition}

    made = [
        rule("SetStorageClass", "NEARLINE", age=spec.cool_after_days, isLive=True),
        rule("SetStorageClass", "COLDLINE", age=spec.archive_after_days, isLive=True),
        rule("Delete", daysSinceNoncurrentTime=spec.superseded_after_days, isLive=False),
    ]
    return [*made, rule("Delete", age=spec.expire_after_days, isLive=True)] if spec.expire_after_days else made


def _readers(site: Site) -> None:
    for module in site.modules:
        for bucket, access in site.environment.modules[module].lake.items():
            member = names.member(site.target, f"module-{module}")
            site.grant(BUCKET, {"bucket": names.bucket(site.target, bucket)}, (VERBS[access], member))
    velero = ("roles/storage.objectAdmin", names.member(site.target, "velero"))
    site.grant(BUCKET, {"bucket": names.bucket(site.target, "backups")}, velero)


FLAGS = {
    "cloudsql.iam_authentication": "on",
    "cloudsql.enable_pgaudit": "on",
    "pgaudit.log": "ddl,role",
    "log_min_duration_statement": "500",
}


def _database(site: Site) -> None:
    spec = site.environment.database
    window = spec.maintenance_window
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(window.day) + 1
    own = {
        "availabilityType": "REGIONAL" if spec.high_availability else "ZONAL",
        "backupConfiguration": {
            "enabled": True,
            "startTime": "01:00",
            "location": site.away,
            "pointInTimeRecoveryEnabled": True,
            "transactionLogRetentionDays": spec.recovery_days,
            "backupRetentionSettings": {"retainedBackups": spec.recovery_days, "retentionUnit": "COUNT"},
        },
        "maintenanceWindow": {"day": day, "hour": window.hour, "updateTrack": "stable"},
        "finalBackupConfig": {"enabled": True, "retentionDays": 30},
        "retainBackupsOnDelete": True,
    }
    instance(site, site.prefix, site.target.region, "home", **own)
    for number in range(1, spec.replicas + 1):
        instance(site, f"{site.prefix}-replica-{number}", site.target.region, "home", primary=site.prefix)
    if site.is_double:
        instance(site, f"{site.prefix}-recovery", site.away, "recovery", primary=site.prefix)
    private_zone(site, "database-server", "0123456789ab.europe-west3.sql.goog")
    modules = [f"module-{name}" for name in site.modules if site.environment.modules[name].database]
    for purpose in ("database-admin", *modules):
        user = names.role_email(site.target, purpose).removesuffix(".gserviceaccount.com")
        body = {"name": user, "type": "CLOUD_IAM_SERVICE_ACCOUNT"}
        site.do("sqladmin", "users.insert", project=site.account, instance=site.prefix, body=body)


def instance(site: Site, name: str, region: str, place: Place, primary: str = "", **settings: Any) -> None:
    """The server, or a copy of `primary`."""
    spec = site.environment.database
    private = {
        "ipv4Enabled": False,
        "sslMode": "ENCRYPTED_ONLY",
        "pscConfig": {"pscEnabled": True, "allowedConsumerProjects": [site.account]},
    }
    body = {
        "name": name,
        "region": region,
        "databaseVersion": f"POSTGRES_{spec.version}",
        "diskEncryptionConfiguration": {"kmsKeyName": names.key(site.target, "database", place)},
        "settings": {
            "tier": "db-perf-optimized-N-8",
            "edition": "ENTERPRISE_PLUS",
            "dataDiskSizeGb": str(spec.storage_gb),
            "storageAutoResize": True,
            "storageAutoResizeLimit": str(spec.max_storage_gb),
            "deletionProtectionEnabled": True,
            "ipConfiguration": private,
            "insightsConfig": {"queryInsightsEnabled": True},
            "databaseFlags": [{"name": flag, "value": value} for flag, value in FLAGS.items()],
            "userLabels": site.labels,
            **settings,
        },
        **({"masterInstanceName": primary} if primary else {}),
    }
    site.do("sqladmin", "instances.insert", project=site.account, body=body)


def _cache(site: Site) -> None:
    spec = site.environment.cache
    way = {"pscAutoConnection": {"network": vpc(site), "projectId": site.account}}
    body = {
        "engineVersion": "VALKEY_8_0",
        "mode": "CLUSTER_DISABLED",
        "nodeType": "HIGHMEM_MEDIUM",
        "shardCount": 1,
        "replicaCount": spec.replicas,
        "zoneDistributionConfig": {"mode": "MULTI_ZONE" if spec.replicas else "SINGLE_ZONE"},
        "authorizationMode": "IAM_AUTH",
        "transitEncryptionMode": "SERVER_AUTHENTICATION",
        "kmsKey": names.key(site.target, "cache"),
        "endpoints": [{"connections": [way]}],
        "automatedBackupConfig": {"automatedBackupMode": "ENABLED", "retention": f"{spec.snapshot_days * DAY}s"},
        "deletionProtectionEnabled": True,
        "labels": site.labels,
    }
    site.rest("POST", "memorystore", f"v1/{site.place}/instances?instanceId={site.prefix}", body)


def _secrets(site: Site) -> None:
    places: dict[str, Place] = {site.target.region: "home"} | ({site.away: "recovery"} if site.is_double else {})
    replicas = [
        {"location": region, "customerManagedEncryption": {"kmsKeyName": names.key(site.target, "secrets", place)}}
        for region, place in places.items()
    ]
    for module in site.modules:
        id = f"{site.prefix}-{module}-app"
        body = {"replication": {"userManaged": {"replicas": replicas}}, "labels": site.labels}
        site.do("secretmanager", "projects.secrets.create", parent=site.project, secretId=id, body=body)
        name = f"{site.project}/secrets/{id}"
        value = {"payload": {"data": "YS10ZXN0"}}
        site.do("secretmanager", "projects.secrets.addVersion", parent=name, body=value)
        member = names.member(site.target, f"module-{module}")
        site.grant(SECRET, {"resource": name}, ("roles/secretmanager.secretAccessor", member))


def _images(site: Site) -> None:
    for module in site.modules:
        body = {
            "format": "DOCKER",
            "kmsKeyName": names.key(site.target, "registry"),
            "dockerConfig": {"immutableTags": True},
            "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
            "labels": site.labels,
        }
        site.do(
            "artifactregistry",
            "projects.locations.repositories.create",
            parent=site.place,
            repositoryId=f"{site.prefix}-{module}",
            body=body,
        )
