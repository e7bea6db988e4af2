"""Backups, images, caches, budgets."""

from typing import Any

from tests.emulator.gcp.conftest import LOCATION, Google, Json
from tests.emulator.gcp.invalid_requests.invalid_request import (
    BUDGET,
    DAY,
    InvalidRequest,
    with_cluster,
)
from tests.emulator.gcp.round_trip import RULE


def _vault(google: Google) -> None:
    google.send(f"backupdr/v1/{LOCATION}/backupVaults?backupVaultId=vault", VAULT)


VAULT = {"backupMinimumEnforcedRetentionDuration": f"{3 * DAY}s"}
PLAN = {
    "resourceType": "sqladmin.googleapis.com/Instance",
    "backupVault": f"{LOCATION}/backupVaults/vault",
    "backupRules": [RULE],
}
CLUSTER_PLAN = {
    "cluster": f"{LOCATION}/clusters/main",
    "retentionPolicy": {"backupDeleteLockDays": 3, "backupRetainDays": 7},
}
CACHE = {"shardCount": 1, "mode": "CLUSTER_DISABLED", "replicaCount": 1}


def rule(**changed: Any) -> Json:
    return {"backupRules": [RULE | changed]}


BUDGETS = "billingbudgets/v1/billingAccounts/000000-111111-222222/budgets"
PLANS, CLUSTER_PLANS = (
    f"backupdr/v1/{LOCATION}/backupPlans?backupPlanId=daily",
    f"gkebackup/v1/{LOCATION}/backupPlans?backupPlanId=daily",
)


def with_repository(google: Google) -> None:
    google.send(f"artifactregistry/v1/{LOCATION}/repositories?repositoryId=images", {"format": "DOCKER"})


INVALID_REQUESTS = (
    InvalidRequest(
        "retention-below-enforced", PLANS, PLAN, rule(backupRetentionDays=1), "less than the vault's", setup=_vault
    ),
    InvalidRequest(
        "narrow-window",
        PLANS,
        PLAN,
        rule(standardSchedule=RULE["standardSchedule"] | {"backupWindow": {"startHourOfDay": 1, "endHourOfDay": 3}}),
        "at least 6 hours",
        setup=_vault,
    ),
    InvalidRequest(
        "lock-beyond-retention",
        CLUSTER_PLANS,
        CLUSTER_PLAN,
        {"retentionPolicy": {"backupDeleteLockDays": 30}},
        "backupRetainDays",
        setup=with_cluster,
    ),
    InvalidRequest(
        "enforced-retention-too-short",
        f"backupdr/v1/{LOCATION}/backupVaults?backupVaultId=vault",
        VAULT,
        {"backupMinimumEnforcedRetentionDuration": "3600s"},
        "between 1 day",
    ),
    InvalidRequest(
        "remote-without-source",
        f"artifactregistry/v1/{LOCATION}/repositories?repositoryId=images",
        {"format": "DOCKER"},
        {"mode": "REMOTE_REPOSITORY"},
        "remoteRepositoryConfig",
    ),
    InvalidRequest(
        "shards", f"memorystore/v1/{LOCATION}/instances?instanceId=cache", CACHE, {"shardCount": 3}, "exactly one shard"
    ),
    InvalidRequest(
        "replicas", f"memorystore/v1/{LOCATION}/instances?instanceId=cache", CACHE, {"replicaCount": 9}, "0 to 5"
    ),
    InvalidRequest(
        "threshold-of-zero", BUDGETS, BUDGET, {"thresholdRules": [{"thresholdPercent": 0}]}, "greater than 0"
    ),
    InvalidRequest(
        "project-of-another-account",
        BUDGETS,
        BUDGET,
        {"budgetFilter": {"projects": ["projects/42"]}},
        "does not belong",
    ),
    InvalidRequest(
        "backup-retention-too-long",
        f"memorystore/v1/{LOCATION}/instances?instanceId=cache",
        CACHE,
        {"automatedBackupConfig": {"retention": f"{400 * DAY}s"}},
        "1 to 365 days",
    ),
    InvalidRequest("two-amounts", BUDGETS, BUDGET, {"amount": {"lastPeriodAmount": {}}}, "either specified"),
    InvalidRequest(
        "too-many-channels",
        BUDGETS,
        BUDGET,
        {"notificationsRule": {"monitoringNotificationChannels": [str(each) for each in range(6)]}},
        "up to 5",
    ),
    InvalidRequest(
        "repository-id",
        f"artifactregistry/v1/{LOCATION}/repositories?repositoryId=Images",
        {"format": "DOCKER"},
        {},
        "Invalid repository id",
        invalid_url=True,
    ),
    InvalidRequest(
        "format-changed",
        f"artifactregistry/v1/{LOCATION}/repositories/images?updateMask=format",
        {"format": "DOCKER"},
        {"format": "MAVEN"},
        "cannot be changed",
        400,
        with_repository,
        "PATCH",
    ),
)
