"""Instances and their users."""

from tests.emulator.gcp.conftest import PROJECT, Google
from tests.emulator.gcp.invalid_requests.invalid_request import (
    DATABASE,
    SQL,
    InvalidRequest,
    database,
    merged,
)


def _instance(google: Google) -> None:
    google.send(SQL, merged(DATABASE, {"settings": {"databaseFlags": [IAM_LOGIN]}}))


def _instance_without_iam(google: Google) -> None:
    google.send(SQL, DATABASE)


IAM_LOGIN = {"name": "cloudsql.iam_authentication", "value": "on"}
USERS = f"{SQL}/main/users"


REPLICA = merged(DATABASE, {"name": "copy", "masterInstanceName": "main", "settings": {"backupConfiguration": None}})
INVALID_REQUESTS = (
    InvalidRequest("unreachable", SQL, DATABASE, database(ipConfiguration={"ipv4Enabled": False}), "must be enabled"),
    InvalidRequest("tier-of-another-edition", SQL, DATABASE, database(edition="ENTERPRISE_PLUS"), "Invalid Tier"),
    InvalidRequest(
        "recovery-36-days",
        SQL,
        DATABASE,
        database(backupConfiguration={"transactionLogRetentionDays": 36}),
        "transactionLogRetentionDays",
    ),
    InvalidRequest(
        "recovery-without-backups",
        SQL,
        DATABASE,
        database(backupConfiguration={"enabled": False}),
        "requires automated backups",
    ),
    InvalidRequest(
        "too-few-retained-backups",
        SQL,
        DATABASE,
        database(backupConfiguration={"backupRetentionSettings": {"retainedBackups": 2}}),
        "retainedBackups",
    ),
    InvalidRequest(
        "standby",
        SQL,
        DATABASE,
        database(availabilityType="REGIONAL", backupConfiguration={"pointInTimeRecoveryEnabled": False}),
        "regional instance",
    ),
    InvalidRequest("disk-beyond-limit", SQL, DATABASE, database(storageAutoResizeLimit="15"), "storageAutoResizeLimit"),
    InvalidRequest("maintenance-day-8", SQL, DATABASE, database(maintenanceWindow={"day": 8}), "maintenance window"),
    InvalidRequest("flag-value", SQL, DATABASE, database(databaseFlags=[IAM_LOGIN | {"value": "yes"}]), "on or off"),
    InvalidRequest(
        "pgaudit-off",
        SQL,
        DATABASE,
        database(databaseFlags=[{"name": "pgaudit.log", "value": "all"}]),
        "enable_pgaudit",
    ),
    InvalidRequest(
        "replica-without-primary", SQL, DATABASE, {"name": "copy", "masterInstanceName": "ghost"}, "does not exist", 404
    ),
    InvalidRequest(
        "iam-user-suffix",
        USERS,
        {"name": f"me@{PROJECT}.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"},
        {"name": f"me@{PROJECT}.iam.gserviceaccount.com"},
        "suffix",
        setup=_instance,
    ),
    InvalidRequest(
        "no-iam-login",
        USERS,
        {"name": "me", "type": "BUILT_IN"},
        {"type": "CLOUD_IAM_USER"},
        "not enabled",
        setup=_instance_without_iam,
    ),
    InvalidRequest("instance-name", SQL, DATABASE, {"name": "Main_1"}, "instance name"),
    InvalidRequest("odd-cpu-count", SQL, DATABASE, database(tier="db-custom-3-7680"), "even number of CPUs"),
    InvalidRequest(
        "replica-version", SQL, REPLICA, {"databaseVersion": "POSTGRES_15"}, "version of its primary", setup=_instance
    ),
    InvalidRequest("tiny-disk", SQL, DATABASE, database(dataDiskSizeGb="5"), "at least 10"),
    InvalidRequest(
        "disk-reduced",
        f"{SQL}/main",
        database(dataDiskSizeGb="30"),
        database(dataDiskSizeGb="10"),
        "cannot be decreased",
        400,
        _instance,
        "PATCH",
    ),
    InvalidRequest(
        "user-name-too-long",
        USERS,
        {"name": "me", "type": "BUILT_IN"},
        {"name": "m" * 64},
        "63 characters",
        setup=_instance,
    ),
)
