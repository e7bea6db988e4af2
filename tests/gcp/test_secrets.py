"""SEC-1 as the stacks carry it."""

import pytest

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_are_made_while_applying_and_written_only(gcp, environment):  # SEC-1
    versions = gcp(environment).all("google_secret_manager_secret_version")
    assert {"secrets/airflow-version", "secrets/spark-version", "secrets/superset-version"} <= {p for p, _ in versions}
    for path, body in versions:
        assert "secret_data" not in body, path
        assert body["secret_data_wo_version"] == "1", path
    made = dict(versions)["secrets/airflow-version"]["secret_data_wo"]
    assert made.count("uuid()") == 2 and "sha256" in made


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_are_ours_to_decrypt_and_stay_where_they_belong(gcp, environment):  # SEC-1, GOV-2
    for path, body in gcp(environment).all("google_secret_manager_secret"):
        replicas = body["replication"]["user_managed"]["replicas"]
        places = {each["location"]: each["customer_managed_encryption"]["kms_key_name"] for each in replicas}
        assert set(places) == {"europe-west3"} | ({"europe-west9"} if environment == "prod" else set()), path
        for place, key in places.items():
            assert f"/locations/{place}/" in key and key.endswith("/cryptoKeys/secrets"), path
        assert body["deletion_protection"] is (environment != "dev"), path


def test_a_deleted_value_can_be_brought_back(gcp):
    assert gcp("prod").one("google_secret_manager_secret", "secrets/airflow")["version_destroy_ttl"] == f"{30 * 86400}s"
