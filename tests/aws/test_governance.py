"""Ownership, residency and the account's defaults on AWS (GOV-1, GOV-2)."""

import json
from typing import Any

import pytest

from tests.conftest import ACCOUNTS

ENVIRONMENTS = {"dev": ["eu-central-1"], "staging": ["eu-central-1"], "prod": ["eu-central-1", "eu-west-3"]}
SINGLETONS = (
    "aws_ebs_default_kms_key",
    "aws_ebs_encryption_by_default",
    "aws_ebs_snapshot_block_public_access",
    "aws_ec2_instance_metadata_defaults",
    "aws_iam_account_password_policy",
)


def boundary(stack: Any) -> dict[str, dict[str, Any]]:
    policy = json.loads(stack.one("aws_iam_policy", "governance/boundary")["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_boundary_denies_other_regions(foundation, environment):  # GOV-2
    denied = boundary(foundation(environment))["OwnRegionsOnly"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == ENVIRONMENTS[environment]
    assert not {"s3:*", "ec2:*", "rds:*", "kms:*"} & set(denied["NotAction"]), "data would leave the regions"


def test_no_role_may_create_users_or_access_keys(foundation):
    denied = boundary(foundation("prod"))["NoUsersNoKeys"]
    assert denied["Effect"] == "Deny"
    assert "Condition" not in denied
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"} <= set(denied["Action"])


def test_no_role_may_create_a_role_without_the_boundary(foundation):
    denied = boundary(foundation("prod"))["NewRolesUnderTheCeiling"]
    assert "iam:CreateRole" in denied["Action"]
    assert denied["Condition"]["StringNotEquals"] == {
        "iam:PermissionsBoundary": "arn:aws:iam::777788889999:policy/dpf-prod-boundary"
    }


def test_only_the_pipeline_may_change_the_trail_and_no_role_the_boundary(foundation):
    pipeline = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::777788889999:role/dpf-prod-ci-apply"}}
    statements = boundary(foundation("prod"))
    assert statements["KeepTheRecord"]["Condition"] == pipeline
    denied = {"cloudtrail:StopLogging", "cloudtrail:UpdateTrail", "cloudtrail:PutEventSelectors"}
    assert denied | {"guardduty:DeleteDetector"} <= set(statements["KeepTheRecord"]["Action"])
    assert statements["KeepTheFindings"]["Condition"] == pipeline
    assert "Condition" not in statements["KeepTheCeiling"]
    assert statements["KeepTheCeiling"]["Resource"].endswith(":policy/dpf-prod-boundary")


def test_the_recovery_region_has_the_same_defaults(foundation):
    """AUD-4"""
    stack = foundation("prod")
    for type, name in (
        ("aws_ebs_encryption_by_default", "disk-encryption"),
        ("aws_ebs_snapshot_block_public_access", "snapshots"),
        ("aws_ec2_instance_metadata_defaults", "instance-metadata"),
    ):
        assert stack.one(type, f"governance/recovery/{name}")["provider"] == "aws.recovery"
    assert not [path for path, _ in foundation("staging").all("aws_ebs_encryption_by_default") if "recovery" in path]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_role_has_the_boundary(foundation, environment):
    stack = foundation(environment)
    (reference,) = (f"aws_iam_policy.{name}" for name in stack.document["resource"]["aws_iam_policy"])
    for path, role in stack.all("aws_iam_role"):
        arn = f"arn:aws:iam::{ACCOUNTS['aws'][environment]}:policy/dpf-{environment}-boundary"
        made = path.startswith("pipelines/")  # in the stack of the boundary
        assert role["permissions_boundary"] == (f"${{{reference}.arn}}" if made else arn), path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_one_resource_group_has_all_tagged_resources(foundation, environment):  # GOV-1
    group = foundation(environment).one("aws_resourcegroups_group", "governance/resources")
    tags = {
        tag_filter["Key"]: tag_filter["Values"]
        for tag_filter in json.loads(group["resource_query"]["query"])["TagFilters"]
    }
    assert tags == {"environment": [environment], "managed-by": ["terrace"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_only_the_environment_that_owns_the_account_sets_its_defaults(foundation, environment):
    stack = foundation(environment)
    present = {type for type in SINGLETONS if stack.all(type)}
    assert present in (set(), set(SINGLETONS)), "an environment owns all of an account's settings or none"


def test_disks_are_encrypted_with_the_environments_key_by_default(foundation):  # K8S-9
    stack = foundation("prod")
    assert stack.one("aws_ebs_encryption_by_default", "governance/disk-encryption")["enabled"] is True
    key = stack.one("aws_ebs_default_kms_key", "governance/disk-key")["key_arn"]
    assert stack.resolve(key) == "keys/disks"


def test_the_account_default_requires_imdsv2(foundation):
    defaults = foundation("prod").one("aws_ec2_instance_metadata_defaults", "governance/instance-metadata")
    assert (defaults["http_tokens"], defaults["http_put_response_hop_limit"]) == ("required", 1)
