"""RDS on AWS (DB-1 to DB-10, SEC-2)."""

from collections.abc import Callable
from typing import Any

import pytest

from terrace.aws.database import _EXTENSIONS, _backup_window, maintenance_window
from terrace.capabilities.database import DatabaseSpec, MaintenanceWindow
from tests.conftest import SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]
ENVIRONMENTS = ("dev", "staging", "prod")


def server(stack: SynthesizedStack) -> dict[str, Any]:
    return stack.one("aws_db_instance", "database/server")


def settings(stack: SynthesizedStack) -> dict[str, dict[str, str]]:
    return {each["name"]: each for each in stack.one("aws_db_parameter_group", "database/parameters")["parameter"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_instance_is_private_encrypted_observed_and_patched(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    for _, body in stack.all("aws_db_instance"):
        assert body["publicly_accessible"] is False  # DB-1
        assert body["storage_encrypted"] is True  # DB-3
        assert stack.resolve(body["kms_key_id"]) == "keys/database"  # DB-3
        assert stack.resolve(body["performance_insights_kms_key_id"]) == "keys/database"
        assert body["enabled_cloudwatch_logs_exports"][:2] == ["postgresql", "upgrade"]  # DB-7
        assert body["performance_insights_enabled"] is True  # DB-7
        assert body["monitoring_interval"] > 0
        assert body["max_allocated_storage"] > server(stack)["allocated_storage"]  # DB-8
        assert body["iam_database_authentication_enabled"] is True  # DB-9
        assert body["auto_minor_version_upgrade"] is True  # DB-10
        assert body["lifecycle"]["ignore_changes"] == ["engine_version"]  # DB-10
        assert body["maintenance_window"] == "sun:03:00-sun:04:00"  # DB-10


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_server_requires_tls_and_logs_audits_and_slow_queries(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    parameters = settings(stack)
    assert parameters["rds.force_ssl"]["value"] == "1"  # DB-2
    assert parameters["ssl_min_protocol_version"]["value"] == "TLSv1.2"  # DB-2
    assert "pgaudit" in parameters["shared_preload_libraries"]["value"].split(",")  # DB-7
    assert parameters["shared_preload_libraries"]["apply_method"] == "pending-reboot"
    assert parameters["log_min_duration_statement"]["value"] == "1000"  # DB-7
    allowed = parameters["rds.allowed_extensions"]["value"].split(",")  # DB-9
    assert {"postgis", "pgaudit", "plpgsql"} <= set(allowed)
    for _, body in stack.all("aws_db_instance"):
        assert stack.resolve(body["parameter_group_name"]) == "database/parameters"


def test_no_extension_accesses_files_servers_or_buckets() -> None:
    assert not {"aws_s3", "aws_lambda", "dblink", "postgres_fdw", "file_fdw", "plperl"} & set(_EXTENSIONS)
    assert list(_EXTENSIONS) == sorted(_EXTENSIONS)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_rds_manages_the_admin_password(foundation: Foundation, environment: str) -> None:
    stack = foundation(environment)
    body = server(stack)
    assert body["manage_master_user_password"] is True  # SEC-2
    assert stack.resolve(body["master_user_secret_kms_key_id"]) == "keys/secrets"
    assert not any(name.startswith("password") for name in body)


@pytest.mark.parametrize(
    ("environment", "standby", "days", "replicas", "insights"),
    [("dev", False, 7, 0, 7), ("staging", True, 14, 0, 7), ("prod", True, 35, 1, 465)],
)
def test_sizes_and_numbers_follow_the_environment(
    foundation: Foundation, environment: str, standby: bool, days: int, replicas: int, insights: int
) -> None:
    stack = foundation(environment)
    body = server(stack)
    assert body["multi_az"] is standby  # DB-4
    assert ("availability_zone" in body) is not standby  # RDS rejects a zone together with a standby
    assert body["backup_retention_period"] == days  # DB-5
    assert body["performance_insights_retention_period"] == insights  # DB-7
    assert body["database_insights_mode"] == ("advanced" if insights == 465 else "standard")
    made = [path for path, _ in stack.all("aws_db_instance") if path != "database/server"]
    assert made == [f"database/replica-{number}" for number in range(1, replicas + 1)]  # DB-8


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", True), ("prod", True)])
def test_deletion_is_protected_and_leaves_a_final_snapshot(
    foundation: Foundation, environment: str, protected: bool
) -> None:
    stack = foundation(environment)
    body = server(stack)
    assert body["deletion_protection"] is protected  # DB-6
    assert body["skip_final_snapshot"] is not protected  # DB-6
    assert body["delete_automated_backups"] is not protected
    assert body.get("final_snapshot_identifier") == (f"dpf-{environment}-final" if protected else None)


def test_backups_go_to_the_recovery_region_in_prod(foundation: Foundation) -> None:
    assert not foundation("staging").all("aws_db_instance_automated_backups_replication")
    stack = foundation("prod")
    copy = stack.one("aws_db_instance_automated_backups_replication", "database/recovery")
    assert copy["provider"] == "aws.recovery"  # DB-5
    assert stack.resolve(copy["kms_key_id"]) == "keys/database-recovery"  # DB-3
    assert stack.resolve(copy["source_db_instance_arn"]) == "database/server"
    assert copy["retention_period"] == 35


def test_every_log_group_of_rds_is_created_first_and_encrypted(foundation: Foundation) -> None:
    stack = foundation("prod")
    groups = {body["name"]: body for _, body in stack.all("aws_cloudwatch_log_group")}
    for _, body in stack.all("aws_db_instance"):
        for log in body["enabled_cloudwatch_logs_exports"]:
            group = groups[f"/aws/rds/instance/{body['identifier']}/{log}"]
            assert group["retention_in_days"] == 365  # OBS-1
            assert stack.resolve(group["kms_key_id"]) == "keys/logs"


def test_events_of_server_and_replicas_reach_people(foundation: Foundation) -> None:
    stack = foundation("prod")
    events = stack.one("aws_db_event_subscription", "database/events")
    assert [stack.resolve(id) for id in events["source_ids"]] == ["database/server", "database/replica-1"]
    assert events["sns_topic"].endswith(":dpf-prod-warning")


def spec(**window: Any) -> DatabaseSpec:
    return DatabaseSpec(
        version=16,
        size="small",
        storage_gb=20,
        max_storage_gb=50,
        high_availability=False,
        replicas=0,
        recovery_days=7,
        deletion_protection=False,
        insights_days=7,
        maintenance_window=MaintenanceWindow(**window),
    )


@pytest.mark.parametrize("hour", range(23))
def test_backups_never_overlap_maintenance(hour: int) -> None:
    backup = int(_backup_window(spec(hour=hour))[:2])
    assert backup not in (hour, (hour + 1) % 24)
    assert (backup + 1) % 24 != (hour + 1) % 24


def test_windows_have_the_format_of_rds() -> None:
    assert maintenance_window(spec(day="sat", hour=0)) == "sat:00:00-sat:01:00"
    assert _backup_window(spec(day="sat", hour=0)) == "22:00-23:00"
    assert _backup_window(spec(hour=1)) == "23:00-00:00"
