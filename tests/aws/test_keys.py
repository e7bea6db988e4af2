"""KMS keys on AWS (KEY-1 to KEY-3)."""

import json
from typing import Any

import pytest

from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES
from tests.conftest import ACCOUNTS

ENVIRONMENTS = ("dev", "staging", "prod")
DECRYPTING = {"kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"}


def statements(key: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(key["policy"])["Statement"]


def actions(statement: dict[str, Any]) -> set[str]:
    action = statement["Action"]
    return {action} if isinstance(action, str) else set(action)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_purpose_has_a_key_that_rotates_within_a_year(foundation, environment):  # KEY-1
    keys = dict(foundation(environment).all("aws_kms_key"))
    assert {f"keys/{purpose}" for purpose in PURPOSES} <= set(keys)
    for path, key in keys.items():
        assert key["enable_key_rotation"] is True, path
        assert key["rotation_period_in_days"] <= 365, path


def test_prod_rotates_twice_a_year(foundation):  # KEY-1
    assert foundation("prod").one("aws_kms_key", "keys/lake")["rotation_period_in_days"] == 180


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_keys_have_a_deletion_window_of_thirty_days(foundation, environment):  # KEY-2
    for path, key in foundation(environment).all("aws_kms_key"):
        assert key["deletion_window_in_days"] == 30, path


def test_recovery_keys_exist_only_with_a_recovery_region(foundation):
    def away(environment: str) -> set[str]:
        return {path for path, key in foundation(environment).all("aws_kms_key") if "provider" in key}

    assert away("dev") == away("staging") == set()
    assert away("prod") == {f"keys/{purpose}-recovery" for purpose in RECOVERY_PURPOSES}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_key_has_an_alias_by_its_purpose(foundation, environment):
    stack = foundation(environment)
    pointed_at = {stack.resolve(alias["target_key_id"]): alias["name"] for _, alias in stack.all("aws_kms_alias")}
    for path, _ in stack.all("aws_kms_key"):
        purpose = path.removeprefix("keys/").removesuffix("-recovery")
        assert pointed_at[path] == f"alias/dpf-{environment}-{purpose}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_administrators_can_neither_decrypt_nor_grant_decryption(foundation, environment):  # KEY-3
    for path, key in foundation(environment).all("aws_kms_key"):
        unconditional = [statement for statement in statements(key) if "Condition" not in statement]
        assert [statement["Sid"] for statement in unconditional] == ["Administer"], path
        granted = actions(unconditional[0])
        assert not granted & DECRYPTING, path
        assert not any("*" in action for action in granted), path
        assert "kms:PutKeyPolicy" in granted, f"{path}: the policy could never be changed"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_identities_use_a_key_only_through_its_services(foundation, environment):  # KEY-3
    stack = foundation(environment)
    for path, key in stack.all("aws_kms_key"):
        region = "eu-west-3" if path.endswith("-recovery") else "eu-central-1"
        for statement in statements(key):
            condition = statement.get("Condition", {})
            if statement["Sid"].startswith("ThroughService"):
                assert condition["StringEquals"]["kms:CallerAccount"] == ACCOUNTS["aws"][environment], path
                services = condition["StringEquals"]["kms:ViaService"]
                assert services and all(service.endswith(f".{region}.amazonaws.com") for service in services), path
            if "kms:CreateGrant" in actions(statement):
                assert condition["Bool"] == {"kms:GrantIsForAWSResource": "true"}, path


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_services_use_a_key_for_this_account_only(foundation, environment):  # KEY-3
    for path, key in foundation(environment).all("aws_kms_key"):
        for statement in statements(key):
            if "Service" not in statement["Principal"]:
                continue
            condition = statement["Condition"]
            if path == "keys/logs":
                groups = f"arn:aws:logs:eu-central-1:{ACCOUNTS['aws'][environment]}:log-group:*"
                assert condition["ArnLike"] == {"kms:EncryptionContext:aws:logs:arn": groups}
            else:
                assert condition["StringEquals"] == {"aws:SourceAccount": ACCOUNTS["aws"][environment]}, path


def test_a_key_is_not_usable_by_another_purposes_service(foundation):  # KEY-3
    stack = foundation("prod")

    def via(purpose: str) -> list[str]:
        conditional = [
            statement
            for statement in statements(stack.one("aws_kms_key", f"keys/{purpose}"))
            if statement["Sid"] == "ThroughServiceUse"
        ]
        return [
            service.split(".")[0]
            for statement in conditional
            for service in statement["Condition"]["StringEquals"]["kms:ViaService"]
        ]

    assert via("lake") == ["s3"]
    assert via("database") == ["rds"]
    assert via("secrets") == ["secretsmanager"]
    assert via("logs") == []


def test_only_two_services_roles_have_access_through_a_wildcard_principal(foundation):  # KEY-3
    roles = {"keys/disks": "/AWSServiceRoleForAutoScaling", "keys/lake": "/AWSServiceRoleForAmazonMacie"}
    for path, key in foundation("prod").all("aws_kms_key"):
        for statement in statements(key):
            if statement["Principal"] == {"AWS": "*"}:
                assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == "777788889999"
                assert statement["Condition"]["ArnEquals"]["aws:PrincipalArn"].endswith(roles[path])
