"""GOV-1 and GOV-2, and the settings that exist once an account."""

import json
from typing import Any

import pytest

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
def test_the_ceiling_ends_at_the_environments_regions(foundation, environment):  # GOV-2
    denied = boundary(foundation(environment))["OwnRegionsOnly"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"]["StringNotEquals"]["aws:RequestedRegion"] == ENVIRONMENTS[environment]
    assert not {"s3:*", "ec2:*", "rds:*", "kms:*"} & set(denied["NotAction"]), "data would leave the regions"


def test_no_role_makes_users_or_long_lived_keys(foundation):
    denied = boundary(foundation("prod"))["NoUsersNoKeys"]
    assert denied["Effect"] == "Deny"
    assert "Condition" not in denied
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"} <= set(denied["Action"])


def test_no_role_makes_another_that_is_not_bounded(foundation):
    denied = boundary(foundation("prod"))["NewRolesUnderTheCeiling"]
    assert "iam:CreateRole" in denied["Action"]
    assert denied["Condition"]["StringNotEquals"] == {
        "iam:PermissionsBoundary": "arn:aws:iam::777788889999:policy/dpf-prod-boundary"
    }


def test_only_the_pipeline_touches_the_record_and_the_ceiling(foundation):
    pipeline = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::777788889999:role/dpf-prod-ci-apply"}}
    statements = boundary(foundation("prod"))
    assert statements["KeepTheRecord"]["Condition"] == pipeline
    assert {"cloudtrail:StopLogging", "guardduty:DeleteDetector"} <= set(statements["KeepTheRecord"]["Action"])
    assert statements["KeepTheCeiling"]["Condition"] == pipeline
    assert statements["KeepTheCeiling"]["Resource"].endswith(":policy/dpf-prod-boundary")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_role_is_under_the_ceiling(foundation, environment):
    stack = foundation(environment)
    for path, role in stack.all("aws_iam_role"):
        assert stack.resolve(role["permissions_boundary"]) == "governance/boundary", path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_all_that_is_tagged_is_found_in_one_group(foundation, environment):  # GOV-1
    group = foundation(environment).one("aws_resourcegroups_group", "governance/resources")
    tags = {one["Key"]: one["Values"] for one in json.loads(group["resource_query"]["query"])["TagFilters"]}
    assert tags == {"environment": [environment], "managed-by": ["terrace"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_account_is_set_up_by_the_environment_that_owns_it(foundation, environment):
    stack = foundation(environment)
    present = {type for type in SINGLETONS if stack.all(type)}
    assert present in (set(), set(SINGLETONS)), "an account is owned whole or not at all"


def test_disks_are_encrypted_with_our_key_even_when_nobody_asks(foundation):  # K8S-9
    stack = foundation("prod")
    assert stack.one("aws_ebs_encryption_by_default", "governance/disk-encryption")["enabled"] is True
    key = stack.one("aws_ebs_default_kms_key", "governance/disk-key")["key_arn"]
    assert stack.resolve(key) == "keys/disks"


def test_instances_of_others_in_the_account_need_sessions_for_metadata(foundation):
    defaults = foundation("prod").one("aws_ec2_instance_metadata_defaults", "governance/instance-metadata")
    assert (defaults["http_tokens"], defaults["http_put_response_hop_limit"]) == ("required", 1)
