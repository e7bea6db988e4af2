"""Keys and secrets (KEY-1 to SEC-3)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

KEY, GRANT = "google_kms_crypto_key", ("google_kms_crypto_key_iam_member", "keys/lake-storage")
SECRET, VERSION = (
    ("google_secret_manager_secret", "secrets/airflow"),
    ("google_secret_manager_secret_version", "secrets/airflow-version"),
)
DB, READ = (
    ("google_sql_database_instance", "database/server"),
    ("google_secret_manager_secret_iam_member", "workloads/module-airflow-secret"),
)

MUTANTS = [
    mutant("KEY-1", "a key that is not rotated", drop(KEY, "keys/lake", "rotation_period")),
    mutant("KEY-1", "rotated every two years", put(KEY, "keys/lake", "rotation_period", "63072000s")),
    mutant("KEY-1", "no key of its own", remove(KEY, "keys/events")),
    mutant("KEY-2", "a key is gone in a day", put(KEY, "keys/lake", "destroy_scheduled_duration", "86400s")),
    mutant("KEY-2", "keys go with the stack", put(KEY, "keys/lake", "deletion_policy", "DELETE"), only="prod"),
    mutant("KEY-3", "a person uses a key", put(*GRANT, "member", "user:x@example.org")),
    mutant("KEY-3", "a service rules a key", put(*GRANT, "role", "roles/cloudkms.admin")),
    mutant(
        "KEY-3",
        "every key",
        add(
            "google_project_iam_member",
            "keys/mutant",
            {"role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "member": "user:x@example.org"},
        ),
    ),
    mutant("SEC-1", "a value in the state", put(*VERSION, "secret_data", "x")),
    mutant("SEC-1", "a written value", put(*VERSION, "secret_data_wo", "x")),
    mutant(
        "SEC-1",
        "a tunnel's secret in the state",
        put("google_compute_vpn_tunnel", "hybrid/tunnel-0", "shared_secret", "x"),
        only="prod",
    ),
    mutant(
        "SEC-1",
        "a secret under another key",
        put(*SECRET, "replication.user_managed.replicas.0.customer_managed_encryption.kms_key_name", "x"),
    ),
    mutant("SEC-1", "a secret anywhere", put(*SECRET, "replication", {"auto": {}})),
    mutant("SEC-2", "a user with a password", put("google_sql_user", "database/people", "type", "BUILT_IN")),
    mutant("SEC-2", "no login by identity", put(*DB, "settings.database_flags.1.value", "off")),
    mutant("SEC-1 SEC-2", "the root has a password", put(*DB, "root_password", "x")),
    mutant("SEC-3", "a module reads another's secret", put(*READ, "secret_id", "projects/x/secrets/other")),
    mutant("SEC-3", "a module reads none", remove(*READ)),
    mutant(
        "SEC-3",
        "other pods have the identity",
        put(
            "google_service_account_iam_member",
            "workloads/module-airflow-identity",
            "member",
            "serviceAccount:x.svc.id.goog[default/airflow]",
        ),
    ),
    mutant(
        "SEC-3",
        "no pod has the identity",
        remove("google_service_account_iam_member", "workloads/module-spark-identity"),
    ),
    mutant(
        "SEC-3",
        "a reader of all secrets",
        add(
            "google_project_iam_member",
            "workloads/mutant",
            {"role": "roles/secretmanager.secretAccessor", "member": "user:x@example.org"},
        ),
    ),
]
