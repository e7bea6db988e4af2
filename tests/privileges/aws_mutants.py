"""Changes to a stack's policies on AWS that give a module more, or less, than it declares."""

import json
from collections.abc import Callable
from typing import Any

from tests.conftest import SynthesizedStack

Statements = list[dict[str, Any]]
ROOT = "arn:aws:iam::111122223333:root"


def edited(type: str, path: str, change: Callable[[Statements], object], field: str = "policy") -> Any:
    """A change of one policy document of a stack."""

    def apply(stack: SynthesizedStack) -> None:
        body = stack.one(type, path)
        document = json.loads(body[field])
        change(document["Statement"])
        body[field] = json.dumps(document)

    return apply


def _set(index: int, **keys: Any) -> Callable[[Statements], object]:
    return lambda statements: statements[index].update(keys)


def _add(**keys: Any) -> Callable[[Statements], object]:
    return lambda statements: statements.append({"Effect": "Allow", **keys})


def _drop(sid: str) -> Callable[[Statements], object]:
    def change(statements: Statements) -> None:
        (found,) = [one for one in statements if one["Sid"] == sid]
        statements.remove(found)

    return change


def _of(kind: str, change: Callable[[Statements], object], module: str = "superset") -> Any:
    return edited("aws_iam_role_policy", f"workloads/module-{module}-{kind}", change)


def _trusting(change: Callable[[Statements], object]) -> Any:
    return edited("aws_iam_role", "workloads/module-superset", change, "assume_role_policy")


OTHER, GOLD = "dpf-dev-silver-111122223333", "arn:aws:s3:::dpf-dev-gold-111122223333"
MUTANTS = {
    "every action on a layer": (_of("lake", _set(0, Action="s3:*")), "s3:BypassGovernanceRetention on"),
    "every bucket": (_of("lake", _set(0, Resource="arn:aws:s3:::dpf-dev-*")), f"s3:GetObject on arn:aws:s3:::{OTHER}/"),
    "writing what it reads": (
        _of("lake", _set(0, Action=["s3:GetObject", "s3:PutObject"])),
        "s3:PutObject on arn:aws:s3:::dpf-dev-gold-111122223333/orders/table/part-0.parquet is allowed",
    ),
    "the whole bucket": (_of("lake", _set(0, Resource=f"{GOLD}/*")), f"{GOLD}/other/table/part-0.parquet is allowed"),
    "another product": (
        _of("lake", _set(0, Resource=f"{GOLD}/other/*")),
        f"{GOLD}/other/table/part-0.parquet is allowed",
    ),
    "a folder without its slash": (
        _of("lake", _set(0, Resource=f"{GOLD}/orders*")),
        f"{GOLD}/orders-eu/table/part-0.parquet is allowed",
    ),
    "lists of the whole bucket": (_of("lake", _set(1, Condition={})), f"s3:ListBucket on {GOLD} of other/ is allowed"),
    "lists of a folder without its slash": (
        _of("lake", _set(1, Condition={"StringLike": {"s3:prefix": "orders*"}})),
        f"s3:ListBucket on {GOLD} of orders-eu/ is allowed",
    ),
    "uploads of every product": (
        _of("lake", _add(Action="s3:ListBucketMultipartUploads", Resource=GOLD)),
        f"s3:ListBucketMultipartUploads on {GOLD}",
    ),
    "less than declared": (_of("lake", _set(0, Action="s3:GetObject")), "s3:GetObjectVersion on"),
    "all but a few actions": (
        _of(
            "lake",
            lambda statements: statements.append({"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}),
        ),
        "ec2:RunInstances on",
    ),
    "every secret": (
        _of("secret", _set(0, Resource="arn:aws:secretsmanager:*:*:secret:dpf-dev/*")),
        "secretsmanager:DescribeSecret on arn:aws:secretsmanager:eu-central-1:111122223333:secret:dpf-dev/airflow/app",
    ),
    "every key": (_of("keys", _set(0, Resource="*")), "kms:Decrypt on arn:aws:kms:eu-central-1:111122223333:key/audit"),
    "no key": (_of("keys", lambda statements: statements.pop(0)), "reading arn:aws:s3:::dpf-dev-gold"),
    "any database user": (
        _of("database", _set(0, Resource="arn:aws:rds-db:eu-central-1:111122223333:dbuser:*/*")),
        "dbuser:db-database_server_8BFC5013/platform_admin is allowed",
    ),
    "any cache user": (
        _of("cache", _set(0, Resource="arn:aws:elasticache:eu-central-1:111122223333:*")),
        "elasticache:Connect as default is allowed",
    ),
    "changing the cache": (
        _of("cache", _set(0, Action="elasticache:*")),
        "elasticache:DeleteReplicationGroup on arn:aws:elasticache:eu-central-1:111122223333:replicationgroup:dpf-dev",
    ),
    "becoming another role": (
        _of("lake", _add(Action="sts:AssumeRole", Resource="arn:aws:iam::*:role/dpf-dev-*")),
        "sts:AssumeRole on arn:aws:iam::111122223333:role/dpf-dev-module-airflow is allowed",
    ),
    "passing roles": (_of("lake", _add(Action="iam:*", Resource="*")), "iam:PassRole on arn:aws:iam::"),
    "a bucket that names the role": (
        edited(
            "aws_s3_bucket_policy",
            "lake/silver/policy",
            _add(
                Principal={"AWS": "arn:aws:iam::111122223333:role/dpf-dev-module-superset"},
                Action="s3:GetObject",
                Resource=f"arn:aws:s3:::{OTHER}/*",
            ),
        ),
        f"s3:GetObject on arn:aws:s3:::{OTHER}/orders/table/part-0.parquet is allowed",
    ),
    "plain HTTP": (
        edited("aws_s3_bucket_policy", "lake/gold/policy", _drop("RefusePlainHttp")),
        "over plain HTTP is allowed",
    ),
    "any region": (edited("aws_iam_policy", "governance/boundary", _drop("OwnRegionsOnly")), "in another region"),
    "a key for other services": (
        edited("aws_kms_key", "keys/lake", _set(1, Condition={})),
        None,  # the role's own policy still demands the service
    ),
    "a key for other services, and a role without that condition": (
        lambda stack: [
            edited("aws_kms_key", "keys/lake", _set(1, Condition={}))(stack),
            _of("keys", _set(0, Condition={}))(stack),
        ],
        "kms:Decrypt on arn:aws:kms:eu-central-1:111122223333:key/lake directly is allowed",
    ),
    "trust in the account": (_trusting(_set(1, Principal={"AWS": ROOT})), "sts:AssumeRole by arn:aws:iam::"),
    "trust in any cluster": (_trusting(_set(0, Condition={})), "sts:AssumeRole by pods of another cluster is allowed"),
    "trust in another service": (
        _trusting(_set(0, Principal={"Service": ["pods.eks.amazonaws.com", "ec2.amazonaws.com"]})),
        "sts:AssumeRole by ec2.amazonaws.com is allowed",
    ),
    "another service account": (
        lambda stack: stack.one("aws_eks_pod_identity_association", "workloads/module-superset-identity").update(
            service_account="default"
        ),
        "act as it is denied",
    ),
}
"""Name to the change of dev's stack and a part of the finding that it must give superset; None: no finding."""

UNKNOWN = {
    "operator": (_of("lake", _set(0, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})), "operator IpAddress"),
    "element": (_of("lake", _set(0, NotPrincipal="*")), "NotPrincipal"),
    "variable": (_of("lake", _set(0, Resource="arn:aws:s3:::x/$${aws:username}/*")), "no stand-in|policy variable"),
}
"""What the evaluation does not know, which it must refuse rather than leave out, and a part of the message."""
