"""Keys and secrets (KEY-1 to SEC-4)."""

from tests.assurance.mutants import add, drop, mutant, point, put, remove, to

VAULT, KEY = ("azurerm_key_vault", "keys/vault"), "azurerm_key_vault_key"
SECRET = ("azurerm_key_vault_secret", "secrets/airflow")
DB = ("azurerm_postgresql_flexible_server", "database/server")
GIVEN = ("azurerm_key_vault_secret", "secrets/prometheus-oidc")

MUTANTS = [
    mutant("KEY-1", "key without rotation", drop(KEY, "keys/lake", "rotation_policy")),
    mutant(
        "KEY-1",
        "key rotation every two years",
        put(KEY, "keys/lake", "rotation_policy.automatic.time_after_creation", "P730D"),
    ),
    mutant("KEY-1", "one key for two purposes", put(KEY, "keys/logs", "name", "lake")),
    mutant("KEY-2", "no purge protection", put(*VAULT, "purge_protection_enabled", False)),
    mutant("KEY-2", "soft-delete retention of a week", put(*VAULT, "soft_delete_retention_days", 7)),
    mutant("KEY-3", "key vault with access policies", put(*VAULT, "rbac_authorization_enabled", False)),
    mutant("KEY-3", "additional access policy", put(*VAULT, "access_policy", [{"object_id": "x"}])),
    mutant("KEY-3", "key vault open to all networks", put(*VAULT, "network_acls.default_action", "Allow")),
    mutant("KEY-3", "key vault with public network access", put(*VAULT, "public_network_access_enabled", True)),
    mutant(
        "KEY-3",
        "identity with another purpose's key",
        point(
            "azurerm_role_assignment",
            "keys/lake-use",
            "principal_id",
            ("azurerm_user_assigned_identity", "keys/logs-user"),
            "principal_id",
        ),
    ),
    mutant(
        "KEY-3",
        "role on all keys of the vault",
        point("azurerm_role_assignment", "keys/lake-use", "scope", VAULT, "id"),
    ),
    mutant(
        "KEY-3",
        "module with a key role",
        add(
            "azurerm_role_assignment",
            "workloads/mutant",
            {
                "role_definition_name": "Key Vault Crypto User",
                "scope": "/subscriptions/x",
                "principal_id": to("azurerm_user_assigned_identity", "workloads/module-spark", "principal_id"),
            },
        ),
    ),
    mutant("SEC-1", "secret value in the state", put(*SECRET, "value", "x")),
    mutant(
        "SEC-1",
        "certificate from an unknown authority",
        put(
            "azurerm_key_vault_certificate",
            "entry/certificate",
            "certificate_policy.issuer_parameters.name",
            "Unknown",
        ),
    ),
    mutant("SEC-1", "literal secret value", put(*SECRET, "value_wo", "x")),
    mutant("SEC-1", "password in the state", put(*DB, "administrator_password", "x")),
    mutant("SEC-1 SEC-3", "secret in another vault", put(*SECRET, "key_vault_id", "/x/elsewhere")),
    mutant("SEC-1 SEC-3", "module without a secret", remove("azurerm_key_vault_secret", "secrets/spark")),
    mutant("SEC-1 SEC-3", "secret with another name", put(*SECRET, "name", "other")),
    mutant("SEC-1 SEC-3", "given secret with another name", put(*GIVEN, "name", "other")),
    mutant("SEC-1", "literal given secret", put(*GIVEN, "value_wo", "x")),
    mutant(
        "SEC-3",
        "module that cannot read its given secret",
        remove("azurerm_role_assignment", "workloads/module-prometheus-secret-oidc"),
    ),
    mutant(
        "SEC-3",
        "module that reads another module's given secret",
        put(
            "azurerm_role_assignment",
            "workloads/module-prometheus-secret-oidc",
            "principal_id",
            to("azurerm_user_assigned_identity", "workloads/module-airflow", "principal_id"),
        ),
    ),
    mutant("SEC-2", "password login enabled", put(*DB, "authentication.password_auth_enabled", True)),
    mutant("SEC-2", "Entra login disabled", put(*DB, "authentication.active_directory_auth_enabled", False)),
    mutant(
        "SEC-2",
        "user as database administrator",
        put(
            "azurerm_postgresql_flexible_server_active_directory_administrator",
            "database/administrators",
            "principal_type",
            "User",
        ),
    ),
    mutant(
        "SEC-3",
        "module that reads all secrets",
        put("azurerm_role_assignment", "workloads/module-airflow-secret", "scope", "/subscriptions/x"),
    ),
    mutant(
        "SEC-3",
        "module that cannot read its secret",
        remove("azurerm_role_assignment", "workloads/module-airflow-secret"),
    ),
    mutant(
        "ID-2",
        "identity bound to other pods",
        put(
            "azurerm_federated_identity_credential",
            "workloads/module-airflow-identity",
            "subject",
            "system:serviceaccount:default:airflow",
        ),
    ),
    mutant(
        "ID-2",
        "identity bound to no pod",
        remove("azurerm_federated_identity_credential", "workloads/module-spark-identity"),
    ),
    mutant("SEC-4", "secret without an owner", drop(*SECRET, "tags.rotated-by")),
    mutant("SEC-4", "secret with another interval", put(*GIVEN, "tags.rotation-days", "3650")),
]
