"""Secret Manager on Google Cloud (SEC-1, SEC-4)."""

import pytest

from tests.conftest import FOUNDATION_MODULES, WITH_LOGIN

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_values_are_generated_in_the_apply_and_write_only(gcp, environment):  # SEC-1
    versions = gcp(environment).all("google_secret_manager_secret_version")
    secrets = {body["secret_id"] for _, body in gcp(environment).all("google_secret_manager_secret")}
    own = {f"dpf-{environment}-{module}-app" for module in FOUNDATION_MODULES}
    given = {f"dpf-{environment}-{module}-oidc" for module in WITH_LOGIN}
    assert secrets - {f"dpf-{environment}-vpn"} == own | given
    assert len(versions) == len(secrets)
    for path, body in versions:
        assert "secret_data" not in body, path
        assert body["secret_data_wo_version"] == "1", path
    for path in ("secrets/airflow-version", "secrets/prometheus-oidc-version"):
        made = dict(versions)[path]["secret_data_wo"]
        assert made.count("uuid()") == 2 and "sha256" in made


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_secrets_use_the_environments_keys_and_regions(gcp, environment):  # SEC-1, GOV-2
    for path, body in gcp(environment).all("google_secret_manager_secret"):
        replicas = body["replication"]["user_managed"]["replicas"]
        places = {each["location"]: each["customer_managed_encryption"]["kms_key_name"] for each in replicas}
        assert set(places) == {"europe-west3"} | ({"europe-west9"} if environment == "prod" else set()), path
        for place, key in places.items():
            assert f"/locations/{place}/" in key and key.endswith("/cryptoKeys/secrets"), path
        assert body["deletion_protection"] is (environment != "dev"), path


def test_a_deleted_secret_is_recoverable(gcp):
    assert gcp("prod").one("google_secret_manager_secret", "secrets/airflow")["version_destroy_ttl"] == f"{30 * 86400}s"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_modules_secrets_name_who_rotates_them(gcp, environment):  # SEC-4
    for path in ("secrets/airflow", "secrets/prometheus", "secrets/prometheus-oidc"):
        labels = gcp(environment).one("google_secret_manager_secret", path)["labels"]
        module = path.removeprefix("secrets/").partition("-")[0]
        assert labels == {"rotated-by": module, "rotation-days": "180"}, path
