"""The lake (LAKE-1 to LAKE-8)."""

from typing import Any

from tests.assurance.mutants import add, drop, inside, mutant, point, put, remove, statement, to, without

OWN = "arn:aws:iam::777788889999:root"
LOGS_KEY = ("aws_kms_key", "keys/logs")

SUPERSET, SPARK, AIRFLOW = (
    ("aws_iam_role_policy", f"workloads/module-{name}-lake") for name in ("superset", "spark", "airflow")
)


def of_silver(policy: Any, number: int, key: str) -> dict[str, Any]:
    """The statement of this number, for keys of silver."""
    bucket = next(one["Resource"] for one in policy["Statement"] if one["Sid"] == "ListSilver")
    return {**policy["Statement"][number], "Resource": f"{bucket}/{key}", "Sid": "Silver"}


def writes(policy: Any) -> None:
    """Write access besides to what the first statement reads."""
    policy["Statement"].append({**policy["Statement"][0], "Action": "s3:PutObject", "Sid": "More"})


MUTANTS = [
    mutant(
        "LAKE-1",
        "bucket policies may grant public access",
        put("aws_s3_bucket_public_access_block", "lake/gold/public-access", "block_public_policy", False),
    ),
    mutant(
        "LAKE-1",
        "bucket without a public access block",
        remove("aws_s3_bucket_public_access_block", "lake/audit/public-access"),
    ),
    mutant(
        "LAKE-1",
        "object ACLs enabled",
        put("aws_s3_bucket_ownership_controls", "lake/gold/ownership", "rule.object_ownership", "ObjectWriter"),
    ),
    mutant("LAKE-1", "bucket outside the lake", add("aws_s3_bucket", "lake/mutant", {"bucket": "open-to-all"})),
    mutant(
        "LAKE-2",
        "bucket with S3's own key",
        put(
            "aws_s3_bucket_server_side_encryption_configuration",
            "lake/bronze/encryption",
            "rule.apply_server_side_encryption_by_default.sse_algorithm",
            "AES256",
        ),
    ),
    mutant(
        "LAKE-2",
        "bucket with the wrong key",
        point(
            "aws_s3_bucket_server_side_encryption_configuration",
            "lake/bronze/encryption",
            "rule.apply_server_side_encryption_by_default.kms_master_key_id",
            LOGS_KEY,
        ),
    ),
    mutant("LAKE-2", "plain HTTP allowed", inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", without(0))),
    mutant(
        "LAKE-2",
        "plain HTTP denied for writes only",
        inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", statement(0, Action="s3:PutObject")),
    ),
    mutant(
        "LAKE-2",
        "plain HTTP denied for one principal only",
        inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", statement(0, Principal={"AWS": OWN})),
    ),
    mutant(
        "LAKE-3",
        "versioning disabled",
        put("aws_s3_bucket_versioning", "lake/silver/versioning", "versioning_configuration.status", "Suspended"),
    ),
    mutant(
        "LAKE-3", "bronze without immutability", remove("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock")
    ),
    mutant(
        "LAKE-3",
        "short bronze immutability",
        put("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock", "rule.default_retention.days", 0),
    ),
    mutant(
        "LAKE-3",
        "removable bronze lock",
        put("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock", "rule.default_retention.mode", "GOVERNANCE"),
        only="prod",
    ),
    mutant(
        "LAKE-4",
        "no transition of cold data",
        drop("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.transition"),
    ),
    mutant(
        "LAKE-4",
        "disabled lifecycle rule",
        put("aws_s3_bucket_lifecycle_configuration", "lake/silver/lifecycle", "rule.status", "Disabled"),
    ),
    mutant(
        "LAKE-4",
        "bronze without expiration",
        drop("aws_s3_bucket_lifecycle_configuration", "lake/bronze/lifecycle", "rule.expiration"),
    ),
    mutant(
        "LAKE-4",
        "gold with an expiration",
        put("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.expiration", [{"days": 30}]),
    ),
    mutant(
        "LAKE-4",
        "lifecycle rule for a prefix",
        put("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.filter", [{"prefix": "x/"}]),
    ),
    mutant(
        "LAKE-5",
        "bucket without replication",
        remove("aws_s3_bucket_replication_configuration", "lake/gold/replication"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "disabled replication",
        put("aws_s3_bucket_replication_configuration", "lake/gold/replication", "rule.status", "Disabled"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "encrypted objects not replicated",
        drop("aws_s3_bucket_replication_configuration", "lake/gold/replication", "rule.source_selection_criteria"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "replica in the home region",
        drop("aws_s3_bucket", "lake/gold-recovery/bucket", "provider"),
        only="prod",
    ),
    mutant("LAKE-6", "bucket without access logs", remove("aws_s3_bucket_logging", "lake/bronze/access-log")),
    mutant(
        "LAKE-6",
        "access logs in the wrong bucket",
        point(
            "aws_s3_bucket_logging",
            "lake/bronze/access-log",
            "target_bucket",
            ("aws_s3_bucket", "lake/gold/bucket"),
            "bucket",
        ),
    ),
    mutant(
        "LAKE-7 ID-2",
        "write access for a read-only module",
        inside(*SUPERSET, "policy", statement(0, Action=["s3:*"])),
    ),
    mutant(
        "LAKE-7 ID-2",
        "module that reads every layer",
        inside(*SPARK, "policy", statement(0, Resource="*")),
    ),
    mutant("LAKE-7", "module without its declared products", inside(*SPARK, "policy", without(0))),
    mutant(
        "LAKE-7",
        "module that writes a whole layer",
        inside(*SPARK, "policy", lambda policy: policy["Statement"].append(of_silver(policy, 1, "*"))),
    ),
    mutant(
        "LAKE-7",
        "module that reads another product",
        inside(*AIRFLOW, "policy", lambda policy: policy["Statement"].append(of_silver(policy, 0, "web-events/*"))),
    ),
    mutant(
        "LAKE-7",
        "module with a product's name as a prefix",
        inside(*SPARK, "policy", lambda policy: policy["Statement"].append(of_silver(policy, 1, "orders*"))),
    ),
    mutant("LAKE-7", "module that writes a product that it reads", inside(*SUPERSET, "policy", writes)),
    mutant("LAKE-7", "module that lists a whole layer", inside(*SUPERSET, "policy", statement(1, Condition=None))),
    mutant(
        "LAKE-7",
        "module that lists by a product's name as a prefix",
        inside(*SUPERSET, "policy", statement(1, Condition={"StringLike": {"s3:prefix": "orders*"}})),
    ),
    mutant(
        "LAKE-7",
        "module that lists another product",
        inside(*AIRFLOW, "policy", statement(3, Condition={"StringLike": {"s3:prefix": "web-events/*"}})),
    ),
    mutant("LAKE-7", "module that cannot list its products", inside(*SUPERSET, "policy", without(1))),
    mutant(
        "LAKE-7",
        "module that lists uploads of every product",
        inside(*SUPERSET, "policy", statement(1, Action="s3:ListBucketMultipartUploads", Condition=None)),
    ),
    mutant(
        "ID-2",
        "module with an AWS managed policy",
        add(
            "aws_iam_role_policy_attachment",
            "workloads/mutant",
            {
                "role": to("aws_iam_role", "workloads/module-spark", "name"),
                "policy_arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            },
        ),
    ),
    mutant(
        "LAKE-8",
        "no search for sensitive data",
        remove("aws_macie2_classification_job", "lake/discovery-job"),
        only="prod",
    ),
    mutant("LAKE-8", "Macie paused", put("aws_macie2_account", "lake/discovery", "status", "PAUSED"), only="prod"),
    mutant(
        "LAKE-8",
        "sensitive data searched once",
        put("aws_macie2_classification_job", "lake/discovery-job", "job_type", "ONE_TIME"),
        only="prod",
    ),
    mutant(
        "LAKE-8",
        "sensitive data searched in another bucket",
        put(
            "aws_macie2_classification_job",
            "lake/discovery-job",
            "s3_job_definition.bucket_definitions.0.buckets",
            ["other"],
        ),
        only="prod",
    ),
]
