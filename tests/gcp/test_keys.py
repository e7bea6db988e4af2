"""KMS keys on Google Cloud (KEY-1 to KEY-3)."""

import pytest

from terrace.capabilities.keys import PURPOSES

ENVIRONMENTS = ("dev", "staging", "prod")
DAY = 86400


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_purpose_has_a_key_that_rotates_within_a_year(gcp, environment):  # KEY-1
    keys = dict(gcp(environment).all("google_kms_crypto_key"))
    assert {f"keys/{purpose}" for purpose in PURPOSES} <= set(keys)
    for path, key in keys.items():
        assert 0 < int(key["rotation_period"].rstrip("s")) <= 365 * DAY, path


def test_prod_rotates_twice_a_year_in_hardware(gcp):  # KEY-1
    key = gcp("prod").one("google_kms_crypto_key", "keys/lake")
    assert key["rotation_period"] == f"{180 * DAY}s"
    assert key["version_template"]["protection_level"] == "HSM"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_keys_have_a_deletion_window_of_thirty_days_and_protection(gcp, environment):  # KEY-2
    for path, key in gcp(environment).all("google_kms_crypto_key"):
        assert key["destroy_scheduled_duration"] == f"{30 * DAY}s", path
        assert key["deletion_policy"] == ("DELETE" if environment == "dev" else "PREVENT"), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_a_services_own_identity_uses_a_key(gcp, environment):  # KEY-3
    stack = gcp(environment)
    assert not stack.all("google_kms_key_ring_iam_member")
    grants = stack.all("google_kms_crypto_key_iam_member")
    for path, grant in grants:
        assert grant["role"] == "roles/cloudkms.cryptoKeyEncrypterDecrypter", path
        assert grant["member"].split("@")[1].startswith(("gcp-sa-", "gs-project-accounts", "container-", "compute-")), (
            path
        )
    for path, grant in stack.all("google_project_iam_member"):
        sealing = path == "pipelines/plan-sealer" and grant["role"] == "roles/cloudkms.cryptoKeyEncrypter"
        assert sealing or "cryptoKeyEncrypter" not in grant["role"], path
    of_database = {grant["member"] for path, grant in grants if path.startswith("keys/database")}
    assert len(of_database) == 1 and "gcp-sa-cloud-sql" in of_database.pop()


def test_prod_has_keys_in_the_recovery_region(gcp):
    rings = {path: ring["location"] for path, ring in gcp("prod").all("google_kms_key_ring")}
    assert rings == {
        "keys/home-ring": "europe-west3",
        "keys/recovery-ring": "europe-west9",
        "keys/both-ring": "europe",
    }
    assert len(gcp("dev").all("google_kms_key_ring")) == 1
