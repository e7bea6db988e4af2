"""Keys and secrets (KEY-1 to SEC-3)."""

from collections.abc import Callable
from typing import Any

from tests.assurance.mutants import also, drop, inside, mutant, point, put, remove, statement, without

OWN = ["arn:aws:iam::111122223333:root", "arn:aws:iam::777788889999:root"]  # dev's and prod's own accounts
DB = ("aws_db_instance", "database/server")
LOGS_KEY = ("aws_kms_key", "keys/logs")


def _leaves(verb: str) -> Callable[[Any], None]:
    """Leave an action on a secret to the account's policies."""
    return lambda document: document["Statement"][1]["Action"].remove(f"secretsmanager:{verb}")


MUTANTS = [
    mutant("KEY-1", "key without rotation", put("aws_kms_key", "keys/lake", "enable_key_rotation", False)),
    mutant(
        "KEY-1", "key rotation every two years", put("aws_kms_key", "keys/database", "rotation_period_in_days", 730)
    ),
    mutant(
        "KEY-1",
        "one key for two purposes",
        point("aws_kms_alias", "keys/logs-alias", "target_key_id", ("aws_kms_key", "keys/lake"), "key_id"),
    ),
    mutant("KEY-2", "key deletion window of a week", put("aws_kms_key", "keys/lake", "deletion_window_in_days", 7)),
    mutant("KEY-2", "disabled key", put("aws_kms_key", "keys/backups", "is_enabled", False)),
    mutant(
        "KEY-3",
        "key open to the whole account",
        inside(
            "aws_kms_key",
            "keys/database",
            "policy",
            also(Sid="All", Principal={"AWS": OWN}, Action="kms:*", Resource="*"),
        ),
    ),
    mutant(
        "KEY-3",
        "key use without a condition",
        inside("aws_kms_key", "keys/audit", "policy", statement(1, Condition=None)),
    ),
    mutant(
        "KEY-3",
        "key use by a service of any account",
        inside("aws_kms_key", "keys/audit", "policy", statement(3, Condition=None)),
    ),
    mutant("KEY-3", "default key policy", drop("aws_kms_key", "keys/cache", "policy")),
    mutant(
        "SEC-1",
        "secret value in the state",
        put("aws_secretsmanager_secret_version", "secrets/airflow-version", "secret_string", "x"),
    ),
    mutant(
        "SEC-1",
        "literal secret value",
        put("aws_secretsmanager_secret_version", "secrets/airflow-version", "secret_string_wo", "x"),
    ),
    mutant("SEC-1", "password in the state", put(*DB, "password", "x")),
    mutant(
        "SEC-1",
        "secret with the wrong key",
        point("aws_secretsmanager_secret", "secrets/airflow", "kms_key_id", LOGS_KEY),
    ),
    mutant(
        "SEC-1",
        "secret without a recovery window",
        put("aws_secretsmanager_secret", "secrets/spark", "recovery_window_in_days", 0),
    ),
    mutant(
        "SEC-1", "secret without a replica", drop("aws_secretsmanager_secret", "secrets/spark", "replica"), only="prod"
    ),
    mutant(
        "SEC-1",
        "given secret with the wrong key",
        point("aws_secretsmanager_secret", "secrets/prometheus-oidc", "kms_key_id", LOGS_KEY),
    ),
    mutant(
        "SEC-1 SEC-3",
        "given secret with another name",
        put("aws_secretsmanager_secret", "secrets/prometheus-oidc", "name", "other"),
    ),
    mutant(
        "SEC-3",
        "given secret without a resource policy",
        remove("aws_secretsmanager_secret_policy", "secrets/prometheus-oidc-policy"),
    ),
    mutant(
        "SEC-3",
        "module that reads another module's given secret",
        inside(
            "aws_iam_role_policy",
            "workloads/module-airflow-secret",
            "policy",
            also(
                Effect="Allow",
                Action="secretsmanager:GetSecretValue",
                Resource="arn:aws:secretsmanager:eu-central-1:777788889999:secret:dpf-prod-prometheus-oidc-??????",
            ),
        ),
    ),
    mutant(
        "SEC-3",
        "secret that every role of the account may change",
        inside("aws_secretsmanager_secret_policy", "secrets/airflow-policy", "policy", without(1)),
    ),
    *(
        mutant(
            "SEC-3",
            f"secret whose policy leaves {verb} to the account",
            inside(
                "aws_secretsmanager_secret_policy",
                "secrets/airflow-policy",
                "policy",
                _leaves(verb),
            ),
        )
        for verb in ("DeleteSecret", "PutResourcePolicy", "CancelRotateSecret", "ReplicateSecretToRegions")
    ),
    mutant(
        "SEC-3",
        "module that may change its own secret",
        inside(
            "aws_secretsmanager_secret_policy",
            "secrets/airflow-policy",
            "policy",
            lambda document: document["Statement"][1].update(Condition=document["Statement"][0]["Condition"]),
        ),
    ),
    mutant("SEC-4", "secret without a rotating team", drop("aws_secretsmanager_secret", "secrets/airflow", "tags")),
    mutant(
        "SEC-4",
        "secret rotated by another module",
        put("aws_secretsmanager_secret", "secrets/prometheus-oidc", "tags.rotated-by", "airflow"),
    ),
    mutant(
        "SEC-4",
        "secret rotated every ten years",
        put("aws_secretsmanager_secret", "secrets/spark", "tags.rotation-days", "3650"),
    ),
    mutant("SEC-2", "manually managed admin password", put(*DB, "manage_master_user_password", False)),
    mutant(
        "SEC-2",
        "admin secret rotated too rarely",
        put(
            "aws_secretsmanager_secret_rotation",
            "secrets/database-rotation",
            "rotation_rules.automatically_after_days",
            400,
        ),
    ),
    mutant(
        "SEC-2",
        "admin secret without rotation",
        remove("aws_secretsmanager_secret_rotation", "secrets/database-rotation"),
    ),
    mutant("SEC-2", "admin secret with the wrong key", point(*DB, "master_user_secret_kms_key_id", LOGS_KEY)),
    mutant(
        "SEC-3",
        "secret without a resource policy",
        remove("aws_secretsmanager_secret_policy", "secrets/airflow-policy"),
    ),
    mutant(
        "SEC-3 ID-2",
        "module that reads all secrets",
        inside("aws_iam_role_policy", "workloads/module-airflow-secret", "policy", statement(0, Resource="*")),
    ),
    mutant(
        "ID-2",
        "identity bound to other pods",
        put("aws_eks_pod_identity_association", "workloads/module-airflow-identity", "namespace", "default"),
    ),
    mutant(
        "ID-2",
        "identity bound to no pod",
        remove("aws_eks_pod_identity_association", "workloads/module-spark-identity"),
    ),
    mutant(
        "SEC-3",
        "secret readable by another module",
        inside(
            "aws_secretsmanager_secret_policy",
            "secrets/airflow-policy",
            "policy",
            statement(
                0,
                Condition={
                    "ArnNotEquals": {"aws:PrincipalArn": ["arn:aws:iam::777788889999:role/dpf-prod-module-spark"]}
                },
            ),
        ),
    ),
]
