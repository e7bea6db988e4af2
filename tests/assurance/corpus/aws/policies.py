"""Grants by the policies of resources: buckets, keys, secrets, topics, repositories, vaults."""

import json
from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, also, inside, put, statement, to, without

ACCOUNT = "777788889999"
FOREIGN = {"AWS": "arn:aws:iam::999999999999:root"}
ANYONE = {"AWS": "*"}


def in_policy(type: str, path: str, change: Any) -> Edit:
    return inside(type, path, "policy", change)


def another_writer(document: Any) -> None:
    """Exempt a role of another account from the denial of changes, and allow it to write."""
    role = "arn:aws:iam::999999999999:role/writer"
    document["Statement"][1]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append(role)
    also(Principal={"AWS": role}, Action="secretsmanager:PutSecretValue", Resource="*")(document)


DANGERS = [
    Danger(
        "policies",
        "another account decrypts the lake",
        in_policy("aws_kms_key", "keys/lake", also(Principal=FOREIGN, Action=["kms:Decrypt"], Resource="*")),
        "aws_kms_key keys/lake",
    ),
    Danger(
        "policies",
        "a named role of another account uses the backups' key by grants",
        in_policy(
            "aws_kms_key",
            "keys/backups",
            also(Principal={"AWS": "arn:aws:iam::999999999999:role/backup"}, Action="kms:CreateGrant", Resource="*"),
        ),
        "aws_kms_key keys/backups",
    ),
    Danger(
        "policies",
        "everyone decrypts secrets, through a service",
        in_policy(
            "aws_kms_key",
            "keys/secrets",
            also(
                Principal=ANYONE,
                Action="kms:*",
                Resource="*",
                Condition={"StringLike": {"kms:ViaService": "*.amazonaws.com"}},
            ),
        ),
        "aws_kms_key keys/secrets",
    ),
    Danger(
        "policies",
        "the account decrypts disks without the volumes' service",
        in_policy(
            "aws_kms_key",
            "keys/disks",
            also(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Action="kms:Decrypt", Resource="*"),
        ),
        "aws_kms_key keys/disks",
    ),
    Danger(
        "policies",
        "CloudTrail of any account uses the audit key",
        in_policy("aws_kms_key", "keys/audit", statement(3, Condition=None)),
        "aws_kms_key keys/audit",
    ),
    Danger(
        "policies",
        "the database's key has AWS's default policy",
        put("aws_kms_key", "keys/database", "policy", None),
        "aws_kms_key keys/database",
    ),
    Danger(
        "policies",
        "another account reads gold",
        in_policy(
            "aws_s3_bucket_policy",
            "lake/gold/policy",
            also(Principal=FOREIGN, Action="s3:Get*", Resource=f"arn:aws:s3:::dpf-prod-gold-{ACCOUNT}/*"),
        ),
        "aws_s3_bucket_policy lake/gold/policy",
    ),
    Danger(
        "policies",
        "anyone reads silver over one endpoint of unknown owner",
        in_policy(
            "aws_s3_bucket_policy",
            "lake/silver/policy",
            also(
                Principal="*",
                Action="s3:GetObject",
                Resource=f"arn:aws:s3:::dpf-prod-silver-{ACCOUNT}/*",
                Condition={"StringEquals": {"aws:SourceVpce": "vpce-0123456789"}},
            ),
        ),
        "aws_s3_bucket_policy lake/silver/policy",
    ),
    Danger(
        "policies",
        "all but one account write the copies in the recovery region",
        in_policy(
            "aws_s3_bucket_policy",
            "lake/gold-recovery/policy",
            also(
                NotPrincipal=FOREIGN,
                Action="s3:PutObject",
                Resource=f"arn:aws:s3:::dpf-prod-gold-recovery-{ACCOUNT}/*",
            ),
        ),
        "aws_s3_bucket_policy lake/gold-recovery/policy",
    ),
    Danger(
        "policies",
        "the whole organisation lists the audit bucket and reads it",
        in_policy(
            "aws_s3_bucket_policy",
            "lake/audit/policy",
            also(
                Principal="*",
                Action=["s3:List*", "s3:GetObject*"],
                Resource=[f"arn:aws:s3:::dpf-prod-audit-{ACCOUNT}", f"arn:aws:s3:::dpf-prod-audit-{ACCOUNT}/*"],
                Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abc123"}},
            ),
        ),
        "aws_s3_bucket_policy lake/audit/policy",
    ),
    Danger(
        "policies",
        "Config of any account writes the audit bucket",
        in_policy("aws_s3_bucket_policy", "lake/audit/policy", statement(5, Condition=None)),
        "aws_s3_bucket_policy lake/audit/policy",
    ),
    Danger(
        "policies",
        "the load balancers' log service writes the whole bucket of access logs and deletes in it",
        in_policy("aws_s3_bucket_policy", "lake/access/policy", statement(3, Action="s3:*")),
        "aws_s3_bucket_policy lake/access/policy",
    ),
    Danger(
        "policies",
        "a second policy of a bucket lets a module read it",
        add(
            "aws_s3_bucket_policy",
            "lake/platinum/second",
            {
                "bucket": to("aws_s3_bucket", "lake/platinum/bucket", "id"),
                "policy": json.dumps(
                    {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/dpf-prod-module-opencost"},
                                "Action": "s3:GetObject",
                                "Resource": f"arn:aws:s3:::dpf-prod-platinum-{ACCOUNT}/*",
                            }
                        ],
                    }
                ),
            },
        ),
        "aws_s3_bucket_policy lake/platinum/second",
    ),
    Danger(
        "policies",
        "another account writes a module's secret",
        in_policy(
            "aws_secretsmanager_secret_policy",
            "secrets/airflow-policy",
            another_writer,
        ),
        "aws_secretsmanager_secret_policy secrets/airflow-policy",
    ),
    Danger(
        "policies",
        "every role whose name has the prefix reads a module's secret",
        in_policy(
            "aws_secretsmanager_secret_policy",
            "secrets/spark-policy",
            statement(0, Condition={"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/dpf-*"}}),
        ),
        "aws_secretsmanager_secret_policy secrets/spark-policy",
    ),
    Danger(
        "policies",
        "every role of the account may delete a module's secret",
        in_policy(
            "aws_secretsmanager_secret_policy",
            "secrets/spark-policy",
            lambda document: document["Statement"][1]["Action"].remove("secretsmanager:DeleteSecret"),
        ),
        "aws_secretsmanager_secret_policy secrets/spark-policy",
    ),
    Danger(
        "policies",
        "AWS Backup's reports may be written by any role of the account",
        in_policy("aws_s3_bucket_policy", "lake/access/policy", statement(4, Principal=ANYONE)),
        "aws_s3_bucket_policy lake/access/policy",
    ),
    Danger(
        "policies",
        "a role with another name than Macie's decrypts the lake",
        in_policy(
            "aws_kms_key",
            "keys/lake",
            lambda document: document["Statement"][-1]["Condition"].pop("ArnEquals"),
        ),
        "aws_kms_key keys/lake",
    ),
    Danger(
        "policies",
        "the denial of a module's secret has another condition that never holds",
        in_policy(
            "aws_secretsmanager_secret_policy",
            "secrets/superset-policy",
            statement(
                0,
                Condition={
                    "ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/dpf-prod-module-superset"},
                    "StringEquals": {"aws:PrincipalAccount": "000000000000"},
                },
            ),
        ),
        "aws_secretsmanager_secret_policy secrets/superset-policy",
    ),
    Danger(
        "policies",
        "anyone publishes to the critical topic",
        in_policy(
            "aws_sns_topic_policy",
            "observability/critical-policy",
            also(Principal=ANYONE, Action="sns:Publish", Resource="*"),
        ),
        "aws_sns_topic_policy observability/critical-policy",
    ),
    Danger(
        "policies",
        "another account subscribes to the warnings",
        in_policy(
            "aws_sns_topic_policy",
            "observability/warning-policy",
            also(Principal=FOREIGN, Action=["sns:Subscribe", "sns:Receive"], Resource="*"),
        ),
        "aws_sns_topic_policy observability/warning-policy",
    ),
    Danger(
        "policies",
        "another account pushes images",
        in_policy(
            "aws_ecr_repository_policy",
            "registry/airflow-policy",
            also(Principal=FOREIGN, Action=["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart"]),
        ),
        "aws_ecr_repository_policy registry/airflow-policy",
    ),
    Danger(
        "policies",
        "the account may push images with the repository's policy",
        in_policy("aws_ecr_repository_policy", "registry/spark-policy", statement(0, Action="ecr:*")),
        "aws_ecr_repository_policy registry/spark-policy",
    ),
    Danger(
        "policies",
        "another account copies recovery points out of the vault",
        in_policy(
            "aws_backup_vault_policy",
            "backup/home/policy",
            also(Principal=FOREIGN, Action="backup:*", Resource="*"),
        ),
        "aws_backup_vault_policy backup/home/policy",
    ),
    Danger(
        "policies",
        "recovery points may be deleted by all but one identity",
        in_policy(
            "aws_backup_vault_policy",
            "backup/home/policy",
            statement(0, Condition={"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/absent"}}),
        ),
        "aws_backup_vault_policy backup/home/policy",
    ),
    Danger(
        "policies",
        "the boundary no longer keeps the record",
        in_policy("aws_iam_policy", "governance/boundary", without(5)),
        "aws_iam_policy governance/boundary",
    ),
    Danger(
        "policies",
        "the boundary lets a pipeline change its own trust",
        in_policy("aws_iam_policy", "governance/boundary", without(7)),
        "aws_iam_policy governance/boundary",
    ),
    Danger(
        "policies",
        "the boundary lets roles be created without it",
        in_policy("aws_iam_policy", "governance/boundary", without(3)),
        "aws_iam_policy governance/boundary",
    ),
    Danger(
        "policies",
        "a grant lets another account decrypt the lake",
        add(
            "aws_kms_grant",
            "keys/partner",
            {
                "key_id": to("aws_kms_key", "keys/lake", "key_id"),
                "grantee_principal": "arn:aws:iam::999999999999:role/partner",
                "operations": ["Decrypt", "GenerateDataKey"],
            },
        ),
        "aws_kms_grant keys/partner",
    ),
    Danger(
        "policies",
        "the lake's bucket is public by its access control list",
        add(
            "aws_s3_bucket_acl",
            "lake/gold/acl",
            {"bucket": to("aws_s3_bucket", "lake/gold/bucket", "id"), "acl": "public-read"},
        ),
        "aws_s3_bucket_acl lake/gold/acl",
    ),
    Danger(
        "policies",
        "a snapshot of the database is shared",
        add(
            "aws_db_snapshot",
            "database/export",
            {
                "db_instance_identifier": "dpf-prod",
                "db_snapshot_identifier": "export",
                "shared_accounts": ["999999999999"],
            },
        ),
        "aws_db_snapshot database/export",
    ),
]
