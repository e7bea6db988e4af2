"""Cloud SQL on Google Cloud (DB-1 to DB-10, SEC-2)."""

import pytest

from terrace.gcp.database import _LOG_DAYS, _edition

ENVIRONMENTS = ("dev", "staging", "prod")


def server(stack):
    return stack.one("google_sql_database_instance", "database/server")


def flags(body):
    return {flag["name"]: flag["value"] for flag in body["settings"]["database_flags"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_instance_is_private_encrypted_and_requires_tls(gcp, environment):  # DB-1, DB-2, DB-3
    for path, body in gcp(environment).all("google_sql_database_instance"):
        ip = body["settings"]["ip_configuration"]
        assert ip["ipv4_enabled"] is False, path  # DB-1
        assert ip["psc_config"][0]["psc_enabled"] is True, path  # DB-1
        assert "authorized_networks" not in ip, path
        assert ip["ssl_mode"] == "ENCRYPTED_ONLY", path  # DB-2
        assert "/cryptoKeys/database" in body["encryption_key_name"], path  # DB-3


@pytest.mark.parametrize(("environment", "kind"), [("dev", "ZONAL"), ("staging", "REGIONAL"), ("prod", "REGIONAL")])
def test_the_standby_is_in_another_zone(gcp, environment, kind):  # DB-4
    settings = server(gcp(environment))["settings"]
    assert settings["availability_type"] == kind
    places = settings["location_preference"]
    assert (places.get("secondary_zone") not in (None, places["zone"])) is (kind == "REGIONAL")


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("staging", 14), ("prod", 35)])
def test_recovery_days_follow_the_environment(gcp, environment, days):  # DB-5
    settings = server(gcp(environment))["settings"]
    backup = settings["backup_configuration"]
    assert backup["enabled"] is True and backup["point_in_time_recovery_enabled"] is True
    assert backup["transaction_log_retention_days"] == days <= _LOG_DAYS[settings["edition"]]
    assert settings["edition"] == _edition(settings["tier"])
    assert backup["location"] == ("europe-west9" if environment == "prod" else "europe-west3")


def test_prod_has_a_replica_in_the_other_region(gcp):  # DB-5, DB-8
    regions = {path: body["region"] for path, body in gcp("prod").all("google_sql_database_instance")}
    assert regions == {
        "database/server": "europe-west3",
        "database/replica-1": "europe-west3",
        "database/recovery": "europe-west9",
    }
    away = gcp("prod").one("google_sql_database_instance", "database/recovery")
    assert "/locations/europe-west9/" in away["encryption_key_name"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_deletion_is_protected_and_leaves_a_final_backup(gcp, environment):  # DB-6
    body, protected = server(gcp(environment)), environment != "dev"
    assert body["deletion_protection"] is protected
    assert body["deletion_policy"] == ("PREVENT" if protected else "DELETE")
    assert body["settings"]["deletion_protection_enabled"] is protected
    assert body["settings"]["final_backup_config"]["enabled"] is protected
    assert body["settings"]["retain_backups_on_delete"] is protected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_audits_slow_queries_and_insights_are_logged(gcp, environment):  # DB-7, DB-9
    for path, body in gcp(environment).all("google_sql_database_instance"):
        assert flags(body)["cloudsql.enable_pgaudit"] == "on", path
        assert flags(body)["log_min_duration_statement"] == "1000", path
        assert body["settings"]["insights_config"]["query_insights_enabled"] is True, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_storage_grows_to_its_maximum_and_patches_have_a_window(gcp, environment):  # DB-8, DB-10
    body = server(gcp(environment))
    assert body["settings"]["disk_autoresize"] is True
    assert body["settings"]["disk_autoresize_limit"] > body["settings"]["disk_size"]
    assert body["lifecycle"]["ignore_changes"] == ["settings[0].disk_size"]
    window = body["settings"]["maintenance_window"]
    assert (window["day"], window["hour"]) == (7, 3)  # Sunday


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_user_has_a_password(gcp, environment):  # SEC-2
    stack = gcp(environment)
    assert flags(server(stack))["cloudsql.iam_authentication"] == "on"
    users = stack.all("google_sql_user")
    assert {body["type"] for _, body in users} == {"CLOUD_IAM_GROUP", "CLOUD_IAM_SERVICE_ACCOUNT"}
    assert not [body for _, body in users if "password" in body or "password_wo" in body]
    assert "root_password" not in server(stack)


def test_logins_fit_postgresqls_limit(gcp):  # DB-9
    for path, body in gcp("prod").all("google_sql_user"):
        assert len(body["name"]) <= 63, path
        assert not body["name"].endswith(".gserviceaccount.com"), path
