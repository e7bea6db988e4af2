"""The table of managed policies: what it says exists, and the foundation attaches nothing else."""

import pytest

from terrace.assurance.access.aws import actions, policies, roles
from terrace.assurance.access.model import VERBS, Unknown


@pytest.mark.parametrize("name", sorted(roles.POLICIES))
def test_every_action_of_a_managed_policy_is_known(name: str) -> None:
    read = list(policies.statements(roles.document(name), name, str))
    assert [one.text for one in read if isinstance(one, Unknown)] == []


def test_an_unknown_policy_has_no_document() -> None:
    assert roles.document("AmazonS3FullAccess") is None


@pytest.mark.parametrize(
    ("action", "verb", "object"),
    [
        ("s3:getobject", "read-data", ""),
        ("s3:deleteobject", "write-data", ""),
        ("s3:deletebucket", "delete", ""),
        ("s3:putbucketpolicy", "change-policy", ""),
        ("s3:listbucket", "view", ""),
        ("kms:decrypt", "decrypt", ""),
        ("kms:putkeypolicy", "change-policy", ""),
        ("kms:disablekey", "change-keys", ""),
        ("secretsmanager:putsecretvalue", "write-secret", ""),
        ("ssm:getparametersbypath", "read-secret", "secrets/parameters"),
        ("ec2:authorizesecuritygroupingress", "change-network", "network"),
        ("ec2:createroute", "change-network", "network"),
        ("ec2:describesubnets", "view", "network"),
        ("ec2:runinstances", "operate", "account"),
        ("ec2:deleteflowlogs", "change-detection", "detection"),
        ("logs:deleteloggroup", "change-detection", "detection"),
        ("cloudwatch:disablealarmactions", "change-detection", "detection"),
        ("cloudtrail:puteventselectors", "change-detection", ""),
        ("iam:updateassumerolepolicy", "change-policy", ""),
        ("dynamodb:putitem", "operate", ""),
    ],
)
def test_what_an_action_means(action: str, verb: str, object: str) -> None:
    assert actions.meaning(action) == (verb, object)


def test_every_action_that_exists_means_something_the_model_has() -> None:
    meanings = [actions.meaning(action) for service in actions.services() for action in actions.of(service)]
    assert {one.verb for one in meanings if one is not None} <= set(VERBS)
