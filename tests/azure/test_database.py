"""PostgreSQL Flexible Server on Azure (DB-1 to DB-10, SEC-2)."""

import pytest

from terrace.azure.database import _EXTENSIONS, _storage_gb
from tests.azure.conftest import ENVIRONMENTS


def server(stack):
    return stack.one("azurerm_postgresql_flexible_server", "database/server")


def settings(stack):
    return {body["name"]: body["value"] for _, body in stack.all("azurerm_postgresql_flexible_server_configuration")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_servers_have_only_private_access(azure, environment):  # DB-1
    for path, body in azure(environment).all("azurerm_postgresql_flexible_server"):
        assert body["public_network_access_enabled"] is False, path
        assert body["delegated_subnet_id"].endswith("/subnets/database"), path
        assert body["private_dns_zone_id"].endswith(".private.postgres.database.azure.com"), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tls_is_required(azure, environment):  # DB-2
    assert settings(azure(environment))["require_secure_transport"] == "on"
    assert settings(azure(environment))["ssl_min_protocol_version"] == "TLSv1.2"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_servers_are_encrypted_with_the_databases_key(azure, environment):  # DB-3
    for path, body in azure(environment).all("azurerm_postgresql_flexible_server"):
        assert body["customer_managed_key"]["key_vault_key_id"].endswith("/keys/database"), path
        assert body["customer_managed_key"]["primary_user_assigned_identity_id"] in body["identity"]["identity_ids"], (
            path
        )


def test_the_standby_is_in_another_zone(azure):  # DB-4
    assert "high_availability" not in server(azure("dev"))
    for environment in ("staging", "prod"):
        body = server(azure(environment))
        assert body["high_availability"]["mode"] == "ZoneRedundant"
        assert body["high_availability"]["standby_availability_zone"] != body["zone"]


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("staging", 14), ("prod", 35)])
def test_recovery_days_follow_the_environment(azure, environment, days):  # DB-5
    assert server(azure(environment))["backup_retention_days"] == days


def test_prod_copies_its_backups_under_a_key_of_the_paired_region(azure):  # DB-5, DB-3
    body = server(azure("prod"))
    assert body["geo_redundant_backup_enabled"] is True
    key = body["customer_managed_key"]
    assert key["geo_backup_key_vault_key_id"] != key["key_vault_key_id"]
    assert key["geo_backup_user_assigned_identity_id"] in body["identity"]["identity_ids"]
    assert server(azure("staging"))["geo_redundant_backup_enabled"] is False


def test_the_server_has_a_lock_if_it_is_protected(azure):  # DB-6
    for environment, locked in {"dev": False, "staging": True, "prod": True}.items():
        stack = azure(environment)
        locks = {path: lock for path, lock in stack.all("azurerm_management_lock") if path == "database/keep"}
        assert bool(locks) is locked
        for lock in locks.values():
            assert stack.resolve(lock["scope"]) == "database/server"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_statements_are_audited_and_slow_ones_logged(azure, environment):  # DB-7
    parameters = settings(azure(environment))
    assert "pgaudit" in parameters["shared_preload_libraries"].split(",")
    assert parameters["pgaudit.log"] == "ddl,role,write"
    assert parameters["log_min_duration_statement"] == "1000"
    assert parameters["pg_qs.query_capture_mode"] == "top"
    log = azure(environment).one("azurerm_monitor_diagnostic_setting", "database/logs")
    assert log["enabled_log"] == [{"category_group": "allLogs"}]


def test_storage_grows_and_replicas_follow_the_environment(azure):  # DB-8
    for environment, replicas in {"dev": 0, "staging": 0, "prod": 1}.items():
        servers = dict(azure(environment).all("azurerm_postgresql_flexible_server"))
        assert len(servers) == 1 + replicas
        for body in servers.values():
            assert body["auto_grow_enabled"] is True
            assert "storage_mb" in body["lifecycle"]["ignore_changes"]  # or a plan would shrink storage that has grown


@pytest.mark.parametrize(("required", "available"), [(20, 32), (100, 128), (500, 512), (16384, 16384)])
def test_storage_is_the_smallest_available_size_that_fits(required, available):  # DB-8
    class Spec:
        storage_gb = required

    assert _storage_gb(Spec) == available


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_postgis_and_pgaudit_can_be_created(azure, environment):  # DB-9
    assert {"postgis", "pgaudit"} <= set(settings(azure(environment))["azure.extensions"].split(","))
    assert "azure_storage" not in _EXTENSIONS  # it can access buckets


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_patches_follow_the_maintenance_window(azure, environment):  # DB-10
    assert server(azure(environment))["maintenance_window"] == {"day_of_week": 0, "start_hour": 3, "start_minute": 0}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_password_exists(azure, environment):  # SEC-2
    stack = azure(environment)
    for path, body in stack.all("azurerm_postgresql_flexible_server"):
        assert body["authentication"]["password_auth_enabled"] is False, path
        assert body["authentication"]["active_directory_auth_enabled"] is True, path
        assert not any(name.startswith("administrator") for name in body), path
    kinds = [
        body["principal_type"]
        for _, body in stack.all("azurerm_postgresql_flexible_server_active_directory_administrator")
    ]
    assert sorted(kinds) == ["Group", "ServicePrincipal"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bootstrap_job_logs_in_as_an_administrator(azure, environment):  # DB-9, SEC-2
    stack = azure(environment)
    job = stack.one("azurerm_federated_identity_credential", "workloads/database-admin-identity")
    assert job["subject"] == "system:serviceaccount:terrace-system:database-bootstrap"
    assert job["user_assigned_identity_id"].endswith(f"/dpf-{environment}-database-admin")
    admin = stack.one("azurerm_postgresql_flexible_server_active_directory_administrator", "database/bootstrap")
    assert admin["principal_name"] == f"dpf-{environment}-database-admin"
