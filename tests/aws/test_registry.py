"""ECR on AWS (K8S-10)."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import FOUNDATION_MODULES, SynthesizedStack

Foundation = Callable[[str], SynthesizedStack]


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_module_has_a_repository_with_immutable_scanned_encrypted_images(
    foundation: Foundation, environment: str
) -> None:
    stack = foundation(environment)
    repositories = {body["name"]: body for _, body in stack.all("aws_ecr_repository")}
    assert set(repositories) == {f"dpf-{environment}/{module}" for module in FOUNDATION_MODULES}
    for body in repositories.values():
        assert body["image_tag_mutability"] == "IMMUTABLE"  # K8S-10
        assert body["image_scanning_configuration"] == {"scan_on_push": True}  # K8S-10
        (encryption,) = body["encryption_configuration"]
        assert encryption["encryption_type"] == "KMS"
        assert stack.resolve(encryption["kms_key"]) == "keys/registry"
        assert "force_delete" not in body


def test_only_untagged_images_expire(foundation: Foundation) -> None:
    policy = json.loads(foundation("dev").one("aws_ecr_lifecycle_policy", "registry/airflow-lifecycle")["policy"])
    (rule,) = policy["rules"]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert rule["selection"]["countNumber"] == 14


@pytest.mark.parametrize(("environment", "kind"), [("dev", "BASIC"), ("staging", "ENHANCED"), ("prod", "ENHANCED")])
def test_scanning_follows_the_environment(foundation: Foundation, environment: str, kind: str) -> None:
    stack = foundation(environment)
    assert stack.one("aws_ecr_registry_scanning_configuration", "registry/scanning")["scan_type"] == kind


def test_images_are_replicated_to_the_recovery_region(foundation: Foundation) -> None:
    assert not foundation("staging").all("aws_ecr_replication_configuration")
    (rule,) = foundation("prod").one("aws_ecr_replication_configuration", "registry/replication")[
        "replication_configuration"
    ]["rule"]
    assert [place["region"] for place in rule["destination"]] == ["eu-west-3"]
    assert rule["repository_filter"][0]["filter"] == "dpf-prod/"
