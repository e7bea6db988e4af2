"""Instances and their users."""

import pytest

from tests.emulator.gcp.conftest import PROJECT, Google
from tests.emulator.gcp.refusals.wrong import DATABASE, SQL, Wrong, accepted, database, ids, refused, with_fault


def _instance(google: Google) -> None:
    google.make(SQL, with_fault(DATABASE, {"settings": {"databaseFlags": [IAM_LOGIN]}}))


def _instance_without_iam(google: Google) -> None:
    google.make(SQL, DATABASE)


IAM_LOGIN = {"name": "cloudsql.iam_authentication", "value": "on"}
USERS = f"{SQL}/main/users"


REPLICA = with_fault(
    DATABASE, {"name": "copy", "masterInstanceName": "main", "settings": {"backupConfiguration": None}}
)
WRONG = (
    Wrong("unreachable", SQL, DATABASE, database(ipConfiguration={"ipv4Enabled": False}), "must be enabled"),
    Wrong("tier-of-the-other", SQL, DATABASE, database(edition="ENTERPRISE_PLUS"), "Invalid Tier"),
    Wrong(
        "recovery-36-days",
        SQL,
        DATABASE,
        database(backupConfiguration={"transactionLogRetentionDays": 36}),
        "transactionLogRetentionDays",
    ),
    Wrong(
        "recovery-without-backups",
        SQL,
        DATABASE,
        database(backupConfiguration={"enabled": False}),
        "requires automated backups",
    ),
    Wrong(
        "backups-forgotten-early",
        SQL,
        DATABASE,
        database(backupConfiguration={"backupRetentionSettings": {"retainedBackups": 2}}),
        "retainedBackups",
    ),
    Wrong(
        "standby",
        SQL,
        DATABASE,
        database(availabilityType="REGIONAL", backupConfiguration={"pointInTimeRecoveryEnabled": False}),
        "regional instance",
    ),
    Wrong("disk-beyond-limit", SQL, DATABASE, database(storageAutoResizeLimit="15"), "storageAutoResizeLimit"),
    Wrong("day-eight", SQL, DATABASE, database(maintenanceWindow={"day": 8}), "maintenance window"),
    Wrong("flag-yes", SQL, DATABASE, database(databaseFlags=[IAM_LOGIN | {"value": "yes"}]), "on or off"),
    Wrong(
        "pgaudit-off",
        SQL,
        DATABASE,
        database(databaseFlags=[{"name": "pgaudit.log", "value": "all"}]),
        "enable_pgaudit",
    ),
    Wrong("orphan-replica", SQL, DATABASE, {"name": "copy", "masterInstanceName": "ghost"}, "does not exist", 404),
    Wrong(
        "whole-address",
        USERS,
        {"name": f"me@{PROJECT}.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"},
        {"name": f"me@{PROJECT}.iam.gserviceaccount.com"},
        "suffix",
        needs=_instance,
    ),
    Wrong(
        "no-iam-login",
        USERS,
        {"name": "me", "type": "BUILT_IN"},
        {"type": "CLOUD_IAM_USER"},
        "not enabled",
        needs=_instance_without_iam,
    ),
    Wrong("instance-name", SQL, DATABASE, {"name": "Main_1"}, "instance name"),
    Wrong("odd-processors", SQL, DATABASE, database(tier="db-custom-3-7680"), "even number of CPUs"),
    Wrong("other-version", SQL, REPLICA, {"databaseVersion": "POSTGRES_15"}, "version of its primary", needs=_instance),
    Wrong("tiny-disk", SQL, DATABASE, database(dataDiskSizeGb="5"), "at least 10"),
    Wrong(
        "shrunk",
        f"{SQL}/main",
        database(dataDiskSizeGb="30"),
        database(dataDiskSizeGb="10"),
        "cannot be decreased",
        400,
        _instance,
        "PATCH",
    ),
    Wrong(
        "long-login",
        USERS,
        {"name": "me", "type": "BUILT_IN"},
        {"name": "m" * 64},
        "63 characters",
        needs=_instance,
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
