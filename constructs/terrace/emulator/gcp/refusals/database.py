"""Refusals of Cloud SQL."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses, refuses_delete

SWITCHES = re.compile(r"cloudsql\.(iam_authentication|enable_\w+)|log_(connections|disconnections|lock_waits)")


def _settings(instance: Json) -> Json:
    return instance.get("settings") or {}


def _backups(instance: Json) -> Json:
    return _settings(instance).get("backupConfiguration") or {}


def _flags(instance: Json) -> dict[str, str]:
    return {each.get("name"): str(each.get("value")) for each in _settings(instance).get("databaseFlags", ())}


@refuses("sqladmin", "instances")
def name(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL API, instances.name: at most 98 characters with the project's id."""
    text = str(instance.get("name", ""))
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", text) or len(f"{call.project}:{text}") > 98:
        yield f"Invalid request: instance name ({text})."


@refuses("sqladmin", "instances")
def connectivity(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Private IP": at least one kind of connectivity."""
    network = _settings(instance).get("ipConfiguration") or {}
    psc = (network.get("pscConfig") or {}).get("pscEnabled")
    if not (network.get("ipv4Enabled", True) or network.get("privateNetwork") or psc):
        yield "At least one of Public IP, Private IP or PSC connectivity must be enabled."


@refuses("sqladmin", "instances")
def tier(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Editions overview", machine types."""
    machine, edition = str(_settings(instance).get("tier", "")), _settings(instance).get("edition", "ENTERPRISE")
    if (edition == "ENTERPRISE_PLUS") != machine.startswith(("db-perf-optimized-", "db-c4a-")):
        yield f"Invalid Tier ({machine}) for ({edition}) Edition. Use a predefined Tier of that edition."
    custom = re.fullmatch(r"db-custom-(\d+)-(\d+)", machine)
    if custom and not (int(custom[1]) == 1 or (int(custom[1]) % 2 == 0 and int(custom[2]) % 256 == 0)):
        yield f"Invalid Tier ({machine}): an even number of CPUs and a multiple of 256 MB."


@refuses("sqladmin", "instances")
def recovery(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Point-in-time recovery": 7 days, 35 with Enterprise Plus, needs backups."""
    backups, most = _backups(instance), 35 if _settings(instance).get("edition") == "ENTERPRISE_PLUS" else 7
    days = int(backups.get("transactionLogRetentionDays") or 1)
    if not 1 <= days <= most:
        yield f"Invalid request: transactionLogRetentionDays must be 1 to {most}, not {days}."
    if backups.get("pointInTimeRecoveryEnabled") and not backups.get("enabled"):
        yield "Invalid request: point-in-time recovery requires automated backups."
    retained = int((backups.get("backupRetentionSettings") or {}).get("retainedBackups") or 7)
    if backups.get("enabled") and not max(1, days) <= retained <= 365:
        yield "Invalid request: retainedBackups must be transactionLogRetentionDays at least, 365 at most."


@refuses("sqladmin", "instances")
def standby(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Enable high availability": needs backups and point-in-time recovery."""
    backups = _backups(instance)
    ready = backups.get("enabled") and backups.get("pointInTimeRecoveryEnabled")
    if (
        _settings(instance).get("availabilityType") == "REGIONAL"
        and not ready
        and not instance.get("masterInstanceName")
    ):
        yield "Invalid request: a regional instance requires automated backups and point-in-time recovery."


@refuses("sqladmin", "instances")
def replica(instance: Json, call: Call) -> Iterator[str | Refused]:
    """Source: Cloud SQL documentation, "Create read replicas": the primary exists, has backups and the same version."""
    primary = str(instance.get("masterInstanceName", "")).split(":")[-1]
    source = call.store.get(f"sqladmin/projects/{call.project}/instances/{primary}")
    if not primary:
        return
    if source is None:
        yield Refused(404, "NOT_FOUND", f"The Cloud SQL instance {primary} does not exist.", "instanceDoesNotExist")
    elif source["databaseVersion"] != instance.get("databaseVersion"):
        yield f"A replica has the version of its primary: {source['databaseVersion']}."
    elif not _backups(source).get("enabled"):
        yield "The primary of a replica must have automated backups enabled."


@refuses("sqladmin", "instances")
def disk(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Edit instances": at least 10 GB, at most its limit, cannot shrink."""
    size, limit = (int(_settings(instance).get(each) or 0) for each in ("dataDiskSizeGb", "storageAutoResizeLimit"))
    if 0 < size < 10:
        yield f"Invalid request: dataDiskSizeGb must be at least 10, not {size}."
    if 0 < limit < size:
        yield f"Invalid request: storageAutoResizeLimit {limit} is less than the size of the disk, {size}."
    current = call.store.get(call.key) or {}
    if size < int(_settings(current).get("dataDiskSizeGb") or 0):
        yield "Invalid request: Disk size cannot be decreased."


@refuses("sqladmin", "instances")
def window(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL API, MaintenanceWindow: day 1 (Monday) to 7, hour 0 to 23."""
    settings = _settings(instance).get("maintenanceWindow") or {}
    if settings and not (1 <= int(settings.get("day", 1)) <= 7 and 0 <= int(settings.get("hour", 0)) <= 23):
        yield "Invalid request: the maintenance window's day must be 1 to 7 and its hour 0 to 23."


@refuses("sqladmin", "instances")
def flags(instance: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Configure database flags": switches are on or off; pgaudit needs its flag."""
    values = _flags(instance)
    for flag, value in values.items():
        if SWITCHES.fullmatch(flag) and value not in ("on", "off"):
            yield f"Invalid flag value for {flag}: '{value}'. Must be on or off."
    if any(flag.startswith("pgaudit.") for flag in values) and values.get("cloudsql.enable_pgaudit") != "on":
        yield "Flags of pgaudit require cloudsql.enable_pgaudit=on."


@refuses("sqladmin", "users")
def logins(user: Json, call: Call) -> Iterator[str]:
    """Source: Cloud SQL documentation, "Manage users with IAM database authentication"."""
    instance = call.store.get(call.key.rpartition("/")[0]) or {}
    if (
        str(user.get("type", "")).startswith("CLOUD_IAM")
        and _flags(instance).get("cloudsql.iam_authentication") != "on"
    ):
        yield "Cloud SQL IAM authentication is not enabled: set the flag cloudsql.iam_authentication to on."
    if user.get("type") == "CLOUD_IAM_SERVICE_ACCOUNT" and str(user.get("name")).endswith(".gserviceaccount.com"):
        yield "Database username for a Cloud IAM service account should be without the suffix .gserviceaccount.com."
    if len(str(user.get("name", ""))) > 63:
        yield f"The name of a user has at most 63 characters: {user['name']}"


@refuses_delete("sqladmin", "instances")
def deletion_protection(instance: Json, call: Call) -> Iterator[Refused]:
    """Source: Cloud SQL documentation, "Prevent deletion of an instance"; replicas are deleted first."""
    if _settings(instance).get("deletionProtectionEnabled"):
        text = "The instance is protected. Please disable the deletion protection and try again."
        yield Refused(400, "FAILED_PRECONDITION", text, "invalidOperation")
    if instance.get("replicaNames"):
        text = f"The instance has read replicas: {', '.join(instance['replicaNames'])}. Delete them first."
        yield Refused(400, "FAILED_PRECONDITION", text, "invalidOperation")
