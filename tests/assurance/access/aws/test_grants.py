"""Grants by identities' own policies, by policies of resources, by trust and in the cluster."""

from collections.abc import Callable

import pytest

from terrace.assurance.access.model import Access, Differences
from tests.assurance.access.aws.conftest import Changed
from tests.assurance.corpus.aws.grants import ACCOUNT, attach, policy
from tests.assurance.corpus.aws.policies import FOREIGN, in_policy
from tests.assurance.corpus.aws.trust import ISSUER, subject, trust
from tests.assurance.mutants import Edit, add, also, inside, put, remove, statement, to, without

AUDIENCE = {f"{ISSUER}:aud": "sts.amazonaws.com"}
GOLD = f"arn:aws:s3:::dpf-prod-gold-{ACCOUNT}"
CLUSTER = {"aws:SourceArn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/dpf-prod"}


def texts(found: Differences) -> list[str]:
    return [str(edge) for edge in found.undeclared]


def test_a_module_has_what_its_contract_declares(found: Callable[..., Access]) -> None:
    own = {str(grant) for grant in found("prod").grants if grant.principal == "module superset"}
    assert own == {
        "module superset may connect cache/superset",
        "module superset may connect database/superset",
        "module superset may decrypt keys/lake by s3",
        "module superset may decrypt keys/secrets by secretsmanager",
        "module superset may read-data lake/gold/orders",
        "module superset may read-data lake/gold/web-events",
        "module superset may view lake/gold/orders",
        "module superset may view lake/gold/web-events",
        "module superset may read-secret secrets/superset",
    }


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (
            policy("x", "workloads/module-airflow", Action="s3:GetObject", Resource="arn:aws:s3:::dpf-prod-g*"),
            ["module airflow may read-data lake/dpf-prod-g*", "module airflow may read-data lake/gold",
             "module airflow may read-data lake/gold-recovery"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:GetObject", Resource="*"),
            ["module airflow may read-data lake/*", "module airflow may read-data state"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:GetObject", Resource=f"{GOLD}/orders/*"),
            ["module airflow may read-data lake/gold/orders"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:GetObject", Resource=f"{GOLD}/orders*"),
            ["module airflow may read-data lake/gold"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:GetObject", Resource=f"{GOLD}/orders/new/*"),
            ["module airflow may read-data lake/gold/orders/new"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:ListBucket", Resource=GOLD),
            ["module airflow may view lake/gold"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:ListBucketVersions", Resource=GOLD,
                   Condition={"StringLike": {"s3:prefix": ["orders/*"]}}),
            ["module airflow may view lake/gold/orders"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:ListBucket", Resource=GOLD,
                   Condition={"StringLikeIfExists": {"s3:prefix": ["orders/*"]}}),
            ["module airflow may view lake/gold"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:ListBucket", Resource=GOLD,
                   Condition={"StringNotLike": {"s3:prefix": ["orders/*"]}}),
            ["module airflow may view lake/gold"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="s3:PutObject", Resource="arn:aws:s3:::partner/*"),
            ["module airflow may write-data lake/partner"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="ec2:DescribeInstances", Resource="*"),
            ["module airflow may view account"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="iam:PassRole",
                   Resource=f"arn:aws:iam::{ACCOUNT}:role/dpf-prod-node"),
            ["module airflow may pass identities/nodes", "module airflow may pass identities/nodes to any service"],
        ),
        (
            policy("x", "workloads/module-airflow", Action="kms:Decrypt", Resource="*"),
            # each key's policy demands one of its services; a key outside the stack has no policy that is known
            ["module airflow may decrypt keys/*"],
        ),
        (
            inside("aws_iam_role_policy", "pipelines/apply-roles", "policy", statement(0, Condition=None)),
            ["pipeline apply may administer everything"],
        ),
        (
            in_policy("aws_s3_bucket_policy", "lake/gold/policy",
                      also(Principal=FOREIGN, Action="s3:GetObject", Resource=f"{GOLD}/*")),
            ["foreign 999999999999 may read-data lake/gold"],
        ),
        (
            in_policy("aws_s3_bucket_policy", "lake/gold/policy",
                      also(Principal="*", Action="s3:GetObject", Resource=f"{GOLD}/*",
                           Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})),
            ["account may read-data lake/gold"],
        ),
        (
            in_policy("aws_kms_key", "keys/lake", statement(1, Condition=None)),
            ["account may decrypt keys/lake", "account may encrypt keys/lake",
             "service replication may decrypt keys/lake"],
        ),
        (remove("aws_backup_vault_policy", "backup/home/policy"), ["account may delete backups"]),
        (
            trust("workloads/module-spark", Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole",
                  Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
            ["cloud lambda may assume identities/module spark"],
        ),
        (
            inside("aws_iam_role", "workloads/module-spark", "assume_role_policy",
                   statement(0, Condition={"ArnEquals": CLUSTER})),
            [],  # the cluster's ARN names the account
        ),
        (
            subject("pipelines/apply", StringEquals=AUDIENCE, StringLike={f"{ISSUER}:sub": "repo:acme/terrace:*"}),
            ["workflow repo:acme/terrace:* may assume identities/pipeline apply"],
        ),
        (
            subject("pipelines/apply", StringEquals=AUDIENCE),
            ["workflow * may assume identities/pipeline apply"],
        ),
        (
            add("aws_eks_access_entry", "cluster/x", {
                "cluster_name": to("aws_eks_cluster", "cluster/control-plane", "name"),
                "principal_arn": f"arn:aws:iam::{ACCOUNT}:role/developers", "kubernetes_groups": ["system:masters"],
            }),
            ["account role developers may administer kubernetes"],
        ),
    ],
)  # fmt: skip
def test_an_edit_grants(changed: Changed, edit: Edit, expected: list[str]) -> None:
    assert texts(changed(edit)) == expected


def test_a_policy_is_right_by_itself(changed: Changed) -> None:
    """That a secret's policy denies reading does not excuse a right to it, and the other way round."""
    secret = f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:dpf-prod/airflow/app-??????"
    own = policy("x", "workloads/module-spark", Action="secretsmanager:GetSecretValue", Resource=secret)
    assert texts(changed(own)) == ["module spark may read-secret secrets/airflow"]
    exempt = f"arn:aws:iam::{ACCOUNT}:role/dpf-prod-module-spark"
    denial = statement(0, Condition={"ArnNotEquals": {"aws:PrincipalArn": exempt}})
    opened = in_policy("aws_secretsmanager_secret_policy", "secrets/airflow-policy", denial)
    assert texts(changed(opened)) == ["module spark may read-secret secrets/airflow"]
    assert texts(changed(remove("aws_secretsmanager_secret_policy", "secrets/airflow-policy"))) == [
        f"account may {verb} secrets/airflow"
        for verb in ("change-policy", "delete", "operate", "read-secret", "write-secret")
    ]
    changeable = in_policy("aws_secretsmanager_secret_policy", "secrets/airflow-policy", without(1))
    assert "account may delete secrets/airflow" in texts(changed(changeable))


def test_the_boundary_limits_what_a_role_may_do(changed: Changed) -> None:
    stop = policy("x", "workloads/module-spark", Action="cloudtrail:StopLogging", Resource="*")
    assert texts(changed(stop)) == []
    unbounded = put("aws_iam_role", "workloads/module-spark", "permissions_boundary", None)
    assert texts(changed(stop, unbounded)) == ["module spark may change-detection detection"]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (attach("x", "workloads/module-spark", "AmazonS3FullAccess"), "unknown managed policy"),
        (attach("x", "workloads/module-spark", f"arn:aws:iam::{ACCOUNT}:policy/own"), "unknown managed policy"),
        (add("aws_kms_grant", "x", {"key_id": "x"}), "aws_kms_grant may open a path or grant a right"),
        (
            put("aws_iam_role_policy", "lake/replication-copy", "role", "outside"),
            "a policy of a role or user that is not in",
        ),
        (put("aws_s3_bucket_policy", "lake/gold/policy", "bucket", "outside"), "a policy of outside, not in the stack"),
        (
            put("aws_eks_access_policy_association", "cluster/access-plan-policy", "policy_arn", "x/NewPolicy"),
            "unknown access policy NewPolicy of pipeline plan",
        ),
    ],
)
def test_what_is_not_understood_is_unknown(changed: Changed, edit: Edit, text: str) -> None:
    assert any(one.text.startswith(text) for one in changed(edit).unknown)
