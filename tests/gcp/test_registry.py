"""Artifact Registry on Google Cloud (K8S-10)."""

import pytest

from tests.conftest import FOUNDATION_MODULES

ENVIRONMENTS = ("dev", "staging", "prod")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_tags_are_immutable_and_images_scanned_and_encrypted(gcp, environment):  # K8S-10
    repositories = gcp(environment).all("google_artifact_registry_repository")
    assert {path for path, _ in repositories} == {f"registry/{module}" for module in FOUNDATION_MODULES}
    for path, body in repositories:
        assert body["docker_config"]["immutable_tags"] is True, path
        assert body["vulnerability_scanning_config"]["enablement_config"] == "INHERITED", path
        assert body["kms_key_name"].endswith("/cryptoKeys/registry"), path
    on = {body["service"] for _, body in gcp(environment).all("google_project_service")}
    assert "containerscanning.googleapis.com" in on  # repositories inherit scanning only with it


def test_untagged_images_expire(gcp):
    policies = gcp("prod").one("google_artifact_registry_repository", "registry/airflow")["cleanup_policies"]
    ended = {policy["id"]: policy for policy in policies}["untagged"]
    assert ended["action"] == "DELETE"
    assert ended["condition"] == {"older_than": f"{14 * 86400}s", "tag_state": "UNTAGGED"}
