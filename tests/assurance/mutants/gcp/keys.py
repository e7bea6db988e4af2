"""Keys and secrets (KEY-1 to SEC-4)."""

from tests.assurance.mutants import add, drop, mutant, put, remove, to

KEY, GRANT = "google_kms_crypto_key", ("google_kms_crypto_key_iam_member", "keys/lake-storage")
SECRET, VERSION = (
    ("google_secret_manager_secret", "secrets/airflow"),
    ("google_secret_manager_secret_version", "secrets/airflow-version"),
)
DB, READ = (
    ("google_sql_database_instance", "database/server"),
    ("google_secret_manager_secret_iam_member", "workloads/module-airflow-secret"),
)
GIVEN = ("google_secret_manager_secret", "secrets/prometheus-oidc")

MUTANTS = [
    mutant("KEY-1", "key without rotation", drop(KEY, "keys/lake", "rotation_period")),
    mutant("KEY-1", "key rotation every two years", put(KEY, "keys/lake", "rotation_period", "63072000s")),
    mutant("KEY-1", "missing key of a purpose", remove(KEY, "keys/events")),
    mutant("KEY-2", "key destruction delay of a day", put(KEY, "keys/lake", "destroy_scheduled_duration", "86400s")),
    mutant("KEY-2", "keys deleted with the stack", put(KEY, "keys/lake", "deletion_policy", "DELETE"), only="prod"),
    mutant("KEY-3", "key role for a user", put(*GRANT, "member", "user:x@example.org")),
    mutant("KEY-3", "key admin role for a service", put(*GRANT, "role", "roles/cloudkms.admin")),
    mutant(
        "KEY-3",
        "role on every key",
        add(
            "google_project_iam_member",
            "keys/mutant",
            {"role": "roles/cloudkms.cryptoKeyEncrypterDecrypter", "member": "user:x@example.org"},
        ),
    ),
    mutant("SEC-1", "secret value in the state", put(*VERSION, "secret_data", "x")),
    mutant("SEC-1", "literal secret value", put(*VERSION, "secret_data_wo", "x")),
    mutant(
        "SEC-1",
        "VPN secret in the state",
        put("google_compute_vpn_tunnel", "hybrid/tunnel-0", "shared_secret", "x"),
        only="prod",
    ),
    mutant(
        "SEC-1",
        "secret with the wrong key",
        put(*SECRET, "replication.user_managed.replicas.0.customer_managed_encryption.kms_key_name", "x"),
    ),
    mutant("SEC-1", "automatic secret replication", put(*SECRET, "replication", {"auto": {}})),
    mutant("SEC-1", "given secret with another name", put(*GIVEN, "secret_id", "other")),
    mutant("SEC-1", "automatic replication of a given secret", put(*GIVEN, "replication", {"auto": {}})),
    mutant(
        "SEC-3",
        "module that cannot read its given secret",
        remove("google_secret_manager_secret_iam_member", "workloads/module-prometheus-secret-oidc"),
    ),
    mutant(
        "SEC-3",
        "module that reads another module's given secret",
        put(*READ, "secret_id", "projects/acme-data-prod/secrets/dpf-prod-prometheus-oidc"),
    ),
    mutant(
        "SEC-2 ID-2", "database user with a password", put("google_sql_user", "database/people", "type", "BUILT_IN")
    ),
    mutant("SEC-2", "identity login disabled", put(*DB, "settings.database_flags.1.value", "off")),
    mutant("SEC-1 SEC-2", "root password set", put(*DB, "root_password", "x")),
    mutant("SEC-3", "module that reads another module's secret", put(*READ, "secret_id", "projects/x/secrets/other")),
    mutant("SEC-3", "module that cannot read its secret", remove(*READ)),
    mutant(
        "ID-2",
        "identity bound to other pods",
        put(
            "google_service_account_iam_member",
            "workloads/module-airflow-identity",
            "member",
            "serviceAccount:x.svc.id.goog[default/airflow]",
        ),
    ),
    mutant(
        "ID-2",
        "identity bound to no pod",
        remove("google_service_account_iam_member", "workloads/module-spark-identity"),
    ),
    mutant("SEC-4", "secret without a rotating module", drop(*SECRET, "labels.rotated-by")),
    mutant("SEC-4", "secret rotated by another module", put(*GIVEN, "labels.rotated-by", "airflow")),
    mutant("SEC-4", "secret without an interval", put(*GIVEN, "labels.rotation-days", "9999")),
    *(
        mutant(
            "SEC-3",
            f"outsider with {role} on a secret",
            add(
                "google_secret_manager_secret_iam_member",
                "secrets/mutant",
                {
                    "role": f"roles/secretmanager.{role}",
                    "member": "user:x@example.org",
                    "secret_id": to(*SECRET, "id"),
                },
            ),
        )
        for role in ("secretVersionAdder", "secretVersionManager", "admin")
    ),
    mutant(
        "SEC-3",
        "workload that reads all secrets",
        add(
            "google_project_iam_member",
            "workloads/mutant",
            {"role": "roles/secretmanager.secretAccessor", "member": "user:x@example.org"},
        ),
    ),
]
