"""The lake (LAKE-1 to LAKE-7)."""

from tests.assurance.mutants import add, drop, inside, mutant, point, put, remove, statement, to, without

OWN = "arn:aws:iam::777788889999:root"
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant(
        "LAKE-1",
        "a policy may open a bucket",
        put("aws_s3_bucket_public_access_block", "lake/gold/public-access", "block_public_policy", False),
    ),
    mutant(
        "LAKE-1", "a bucket without a block", remove("aws_s3_bucket_public_access_block", "lake/audit/public-access")
    ),
    mutant(
        "LAKE-1",
        "objects with owners",
        put("aws_s3_bucket_ownership_controls", "lake/gold/ownership", "rule.object_ownership", "ObjectWriter"),
    ),
    mutant("LAKE-1", "a bucket more", add("aws_s3_bucket", "lake/mutant", {"bucket": "open-to-all"})),
    mutant(
        "LAKE-2",
        "a bucket under S3's key",
        put(
            "aws_s3_bucket_server_side_encryption_configuration",
            "lake/bronze/encryption",
            "rule.apply_server_side_encryption_by_default.sse_algorithm",
            "AES256",
        ),
    ),
    mutant(
        "LAKE-2",
        "a bucket under another key",
        point(
            "aws_s3_bucket_server_side_encryption_configuration",
            "lake/bronze/encryption",
            "rule.apply_server_side_encryption_by_default.kms_master_key_id",
            LOGS_KEY,
        ),
    ),
    mutant("LAKE-2", "plain HTTP", inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", without(0))),
    mutant(
        "LAKE-2",
        "plain HTTP for writing",
        inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", statement(0, Action="s3:PutObject")),
    ),
    mutant(
        "LAKE-2",
        "plain HTTP refused to one",
        inside("aws_s3_bucket_policy", "lake/gold/policy", "policy", statement(0, Principal={"AWS": OWN})),
    ),
    mutant(
        "LAKE-3",
        "no versions",
        put("aws_s3_bucket_versioning", "lake/silver/versioning", "versioning_configuration.status", "Suspended"),
    ),
    mutant("LAKE-3", "bronze can be changed", remove("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock")),
    mutant(
        "LAKE-3",
        "bronze is locked briefly",
        put("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock", "rule.default_retention.days", 0),
    ),
    mutant(
        "LAKE-3",
        "some may lift the lock",
        put("aws_s3_bucket_object_lock_configuration", "lake/bronze/lock", "rule.default_retention.mode", "GOVERNANCE"),
        only="prod",
    ),
    mutant(
        "LAKE-4",
        "cold data stays",
        drop("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.transition"),
    ),
    mutant(
        "LAKE-4",
        "a rule is off",
        put("aws_s3_bucket_lifecycle_configuration", "lake/silver/lifecycle", "rule.status", "Disabled"),
    ),
    mutant(
        "LAKE-4",
        "bronze never ends",
        drop("aws_s3_bucket_lifecycle_configuration", "lake/bronze/lifecycle", "rule.expiration"),
    ),
    mutant(
        "LAKE-4",
        "gold ends",
        put("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.expiration", [{"days": 30}]),
    ),
    mutant(
        "LAKE-4",
        "a rule for a part",
        put("aws_s3_bucket_lifecycle_configuration", "lake/gold/lifecycle", "rule.filter", [{"prefix": "x/"}]),
    ),
    mutant(
        "LAKE-5",
        "a bucket is not copied",
        remove("aws_s3_bucket_replication_configuration", "lake/gold/replication"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "copying is off",
        put("aws_s3_bucket_replication_configuration", "lake/gold/replication", "rule.status", "Disabled"),
        only="prod",
    ),
    mutant(
        "LAKE-5",
        "encrypted objects stay",
        drop("aws_s3_bucket_replication_configuration", "lake/gold/replication", "rule.source_selection_criteria"),
        only="prod",
    ),
    mutant(
        "LAKE-5", "the copy is at home", drop("aws_s3_bucket", "lake/gold-recovery/bucket", "provider"), only="prod"
    ),
    mutant("LAKE-6", "a bucket without a log", remove("aws_s3_bucket_logging", "lake/bronze/access-log")),
    mutant(
        "LAKE-6",
        "a log in the wrong place",
        point(
            "aws_s3_bucket_logging",
            "lake/bronze/access-log",
            "target_bucket",
            ("aws_s3_bucket", "lake/gold/bucket"),
            "bucket",
        ),
    ),
    mutant(
        "LAKE-7",
        "a reader writes",
        inside("aws_iam_role_policy", "workloads/module-superset-lake", "policy", statement(0, Action=["s3:*"])),
    ),
    mutant(
        "LAKE-7",
        "a module reads all",
        inside("aws_iam_role_policy", "workloads/module-spark-lake", "policy", statement(0, Resource="*")),
    ),
    mutant(
        "LAKE-7",
        "a module lost its layer",
        inside("aws_iam_role_policy", "workloads/module-spark-lake", "policy", without(0)),
    ),
    mutant(
        "LAKE-7",
        "a policy of AWS's own",
        add(
            "aws_iam_role_policy_attachment",
            "workloads/mutant",
            {
                "role": to("aws_iam_role", "workloads/module-spark", "name"),
                "policy_arn": "arn:aws:iam::aws:policy/AmazonS3FullAccess",
            },
        ),
    ),
]
