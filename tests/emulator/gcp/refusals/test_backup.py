"""Backups, images, caches, budgets."""

from typing import Any

import pytest

from tests.emulator.gcp.conftest import PLACE, Google, Json
from tests.emulator.gcp.refusals.wrong import BUDGET, DAY, Wrong, accepted, ids, refused, with_cluster
from tests.emulator.gcp.test_round_trips import RULE


def _vault(google: Google) -> None:
    google.make(f"backupdr/v1/{PLACE}/backupVaults?backupVaultId=vault", VAULT)


VAULT = {"backupMinimumEnforcedRetentionDuration": f"{3 * DAY}s"}
PLAN = {
    "resourceType": "sqladmin.googleapis.com/Instance",
    "backupVault": f"{PLACE}/backupVaults/vault",
    "backupRules": [RULE],
}
CLUSTER_PLAN = {
    "cluster": f"{PLACE}/clusters/main",
    "retentionPolicy": {"backupDeleteLockDays": 3, "backupRetainDays": 7},
}
CACHE = {"shardCount": 1, "mode": "CLUSTER_DISABLED", "replicaCount": 1}


def rule(**changed: Any) -> Json:
    return {"backupRules": [RULE | changed]}


BUDGETS = "billingbudgets/v1/billingAccounts/000000-111111-222222/budgets"
PLANS, CLUSTER_PLANS = (
    f"backupdr/v1/{PLACE}/backupPlans?backupPlanId=daily",
    f"gkebackup/v1/{PLACE}/backupPlans?backupPlanId=daily",
)


def with_repository(google: Google) -> None:
    google.make(f"artifactregistry/v1/{PLACE}/repositories?repositoryId=images", {"format": "DOCKER"})


WRONG = (
    Wrong("shorter-than-the-lock", PLANS, PLAN, rule(backupRetentionDays=1), "less than the vault's", needs=_vault),
    Wrong(
        "narrow-window",
        PLANS,
        PLAN,
        rule(standardSchedule=RULE["standardSchedule"] | {"backupWindow": {"startHourOfDay": 1, "endHourOfDay": 3}}),
        "at least 6 hours",
        needs=_vault,
    ),
    Wrong(
        "lock-beyond-retention",
        CLUSTER_PLANS,
        CLUSTER_PLAN,
        {"retentionPolicy": {"backupDeleteLockDays": 30}},
        "backupRetainDays",
        needs=with_cluster,
    ),
    Wrong(
        "vault-for-an-hour",
        f"backupdr/v1/{PLACE}/backupVaults?backupVaultId=vault",
        VAULT,
        {"backupMinimumEnforcedRetentionDuration": "3600s"},
        "between 1 day",
    ),
    Wrong(
        "remote-without-source",
        f"artifactregistry/v1/{PLACE}/repositories?repositoryId=images",
        {"format": "DOCKER"},
        {"mode": "REMOTE_REPOSITORY"},
        "remoteRepositoryConfig",
    ),
    Wrong(
        "shards", f"memorystore/v1/{PLACE}/instances?instanceId=cache", CACHE, {"shardCount": 3}, "exactly one shard"
    ),
    Wrong("replicas", f"memorystore/v1/{PLACE}/instances?instanceId=cache", CACHE, {"replicaCount": 9}, "0 to 5"),
    Wrong("alert-at-nothing", BUDGETS, BUDGET, {"thresholdRules": [{"thresholdPercent": 0}]}, "greater than 0"),
    Wrong("strange-payer", BUDGETS, BUDGET, {"budgetFilter": {"projects": ["projects/42"]}}, "does not belong"),
    Wrong(
        "snapshots-for-years",
        f"memorystore/v1/{PLACE}/instances?instanceId=cache",
        CACHE,
        {"automatedBackupConfig": {"retention": f"{400 * DAY}s"}},
        "1 to 365 days",
    ),
    Wrong("two-amounts", BUDGETS, BUDGET, {"amount": {"lastPeriodAmount": {}}}, "either specified"),
    Wrong(
        "six-channels",
        BUDGETS,
        BUDGET,
        {"notificationsRule": {"monitoringNotificationChannels": [str(each) for each in range(6)]}},
        "up to 5",
    ),
    Wrong(
        "repository-id",
        f"artifactregistry/v1/{PLACE}/repositories?repositoryId=Images",
        {"format": "DOCKER"},
        {},
        "Invalid repository id",
        broken=True,
    ),
    Wrong(
        "other-format",
        f"artifactregistry/v1/{PLACE}/repositories/images?updateMask=format",
        {"format": "DOCKER"},
        {"format": "MAVEN"},
        "cannot be changed",
        400,
        with_repository,
        "PATCH",
    ),
)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_a_fault_is_refused_with_its_reason(google: Google, wrong: Wrong) -> None:
    refused(google, wrong)


@pytest.mark.parametrize("wrong", WRONG, ids=ids)
def test_without_the_fault_it_is_accepted(google: Google, wrong: Wrong) -> None:
    accepted(google, wrong)
