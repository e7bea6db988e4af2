"""Steps between versions in a plan."""

from typing import Any

import pytest

from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import facts
from terrace.deployment import version_steps

CLOUDS = {"aws": "aws", "azurerm": "azure", "google": "gcp"}


def blockers(plan: dict[str, Any]) -> list[Blocker]:
    """What `version_steps` refuses in a plan of one cloud's resources."""
    cloud = CLOUDS[plan["resource_changes"][0]["type"].partition("_")[0]]
    return list(version_steps.blockers(plan, facts(cloud)))


def _plan(type: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    change = {"actions": ["update"], "before": before, "after": after}
    return {"resource_changes": [{"address": f"{type}.a", "type": type, "mode": "managed", "change": change}]}


CLUSTERS = [
    ("aws_eks_cluster", {"version": "1.35"}, "version"),
    ("azurerm_kubernetes_cluster", {"current_kubernetes_version": "1.35.4"}, "kubernetes_version"),
    ("google_container_cluster", {"master_version": "1.35.1-gke.100"}, "min_master_version"),
]


@pytest.mark.parametrize(("type", "before", "key"), CLUSTERS)
def test_a_skipped_minor_version_is_refused_and_the_next_one_named(type: str, before: dict[str, Any], key: str) -> None:
    (blocker,) = blockers(_plan(type, before, {key: "1.38"}))
    assert blocker.message == "Kubernetes 1.35 to 1.38 skips 1.36, 1.37"
    assert blocker.remedy == "set cluster.version to 1.36, apply and verify, then continue"
    assert list(blockers(_plan(type, before, {key: "1.36"}))) == []
    assert list(blockers(_plan(type, before, {key: "1.35"}))) == []
    (downgrade,) = blockers(_plan(type, before, {key: "1.34"}))
    assert "older than the deployed 1.35" in downgrade.message


@pytest.mark.parametrize(
    ("type", "key", "old", "new"),
    [
        ("aws_db_instance", "engine_version", "17.2", "16"),
        ("azurerm_postgresql_flexible_server", "version", "17", "16"),
        ("google_sql_database_instance", "database_version", "POSTGRES_17", "POSTGRES_16"),
    ],
)
def test_a_database_is_not_downgraded(type: str, key: str, old: str, new: str) -> None:
    (blocker,) = blockers(_plan(type, {key: old}, {key: new}))
    assert blocker.message == "PostgreSQL 16 is older than the deployed 17"
    assert list(blockers(_plan(type, {key: new}, {key: old}))) == []


def test_a_later_major_version_is_an_upgrade_in_place_but_not_on_aws() -> None:
    azure, google = "azurerm_postgresql_flexible_server", "google_sql_database_instance"
    assert list(blockers(_plan(azure, {"version": "16"}, {"version": "18"}))) == []
    assert list(blockers(_plan(google, {"database_version": "POSTGRES_16"}, {"database_version": "POSTGRES_18"}))) == []
    # engine_version is ignored, so only the name of the parameter group shows the change
    before = {"identifier": "dpf-dev", "engine_version": "16.10", "parameter_group_name": "dpf-dev-pg16"}
    (blocker,) = blockers(_plan("aws_db_instance", before, {**before, "parameter_group_name": "dpf-dev-pg18"}))
    assert blocker.message == "PostgreSQL 16 to 18 is not made by an apply on AWS"
    assert "--db-instance-identifier dpf-dev --engine-version 18 --allow-major-version-upgrade" in blocker.remedy
    upgraded = {**before, "engine_version": "18.1", "parameter_group_name": "default.postgres18"}
    assert (
        list(blockers(_plan("aws_db_instance", upgraded, {**upgraded, "parameter_group_name": "dpf-dev-pg18"}))) == []
    )
    (back,) = blockers(_plan("aws_db_instance", upgraded, {**upgraded, "parameter_group_name": "dpf-dev-pg16"}))
    assert back.message == "PostgreSQL 16 is older than the deployed 18"


def test_a_downgrade_that_the_provider_plans_as_a_replacement_is_refused() -> None:
    plan = _plan("azurerm_postgresql_flexible_server", {"version": "18"}, {"version": "17"})
    plan["resource_changes"][0]["change"]["actions"] = ["delete", "create"]
    (blocker,) = blockers(plan)
    assert blocker.message == "PostgreSQL 17 is older than the deployed 18"


def test_an_edition_that_keeps_logs_for_a_shorter_time_needs_a_shorter_recovery_first() -> None:
    def server(edition: str, days: int) -> dict[str, Any]:
        backups = [{"transaction_log_retention_days": days}]
        return {
            "database_version": "POSTGRES_16",
            "settings": [{"edition": edition, "backup_configuration": backups}],
        }

    type, wanted = "google_sql_database_instance", server("ENTERPRISE", 7)
    (blocker,) = blockers(_plan(type, server("ENTERPRISE_PLUS", 14), wanted))
    assert blocker.message == "keeps logs of 14 days, but Cloud SQL Enterprise at most of 7"
    assert blockers(_plan(type, server("ENTERPRISE_PLUS", 7), wanted)) == []
    assert blockers(_plan(type, server("ENTERPRISE", 7), server("ENTERPRISE_PLUS", 14))) == []


def test_a_version_of_cloud_sql_is_changed_in_an_apply_of_its_own() -> None:
    type, before = "google_sql_database_instance", {"database_version": "POSTGRES_16", "settings": [{"tier": "small"}]}
    newer = {**before, "database_version": "POSTGRES_17"}
    (blocker,) = blockers(_plan(type, before, {**newer, "settings": [{"tier": "large"}]}))
    assert "together with other settings (tier)" in blocker.message
    assert blockers(_plan(type, before, {**before, "settings": [{"tier": "large"}]})) == []
    plan = _plan(type, {**before, "settings": [{"tier": "small", "version": 3}]}, newer)
    plan["resource_changes"][0]["change"]["after_unknown"] = {"settings": [{"version": True}]}
    assert blockers(plan) == []
