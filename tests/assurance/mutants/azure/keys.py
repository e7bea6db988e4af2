"""Keys and secrets (KEY-1 to SEC-3)."""

from tests.assurance.mutants import add, drop, mutant, point, put, remove, to

VAULT, KEY = ("azurerm_key_vault", "keys/vault"), "azurerm_key_vault_key"
SECRET = ("azurerm_key_vault_secret", "secrets/airflow")
DB = ("azurerm_postgresql_flexible_server", "database/server")

MUTANTS = [
    mutant("KEY-1", "a key that is not rotated", drop(KEY, "keys/lake", "rotation_policy")),
    mutant(
        "KEY-1",
        "rotated every two years",
        put(KEY, "keys/lake", "rotation_policy.automatic.time_after_creation", "P730D"),
    ),
    mutant("KEY-1", "two purposes, one key", put(KEY, "keys/logs", "name", "lake")),
    mutant("KEY-2", "keys may be purged", put(*VAULT, "purge_protection_enabled", False)),
    mutant("KEY-2", "keys are gone in a week", put(*VAULT, "soft_delete_retention_days", 7)),
    mutant("KEY-3", "access policies decide", put(*VAULT, "rbac_authorization_enabled", False)),
    mutant("KEY-3", "somebody has an access policy", put(*VAULT, "access_policy", [{"object_id": "x"}])),
    mutant("KEY-3", "the vault answers everybody", put(*VAULT, "network_acls.default_action", "Allow")),
    mutant("KEY-3", "a public vault", put(*VAULT, "public_network_access_enabled", True)),
    mutant(
        "KEY-3",
        "one identity uses another's key",
        point(
            "azurerm_role_assignment",
            "keys/lake-use",
            "principal_id",
            ("azurerm_user_assigned_identity", "keys/logs-user"),
            "principal_id",
        ),
    ),
    mutant("KEY-3", "all keys of the vault", point("azurerm_role_assignment", "keys/lake-use", "scope", VAULT, "id")),
    mutant(
        "KEY-3 LAKE-7",
        "a module uses keys",
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
    mutant("SEC-1", "a value in the state", put(*SECRET, "value", "x")),
    mutant("SEC-1", "a written value", put(*SECRET, "value_wo", "x")),
    mutant("SEC-1", "a password in the state", put(*DB, "administrator_password", "x")),
    mutant("SEC-1", "a secret in another vault", put(*SECRET, "key_vault_id", "/x/elsewhere")),
    mutant("SEC-1", "a module without a secret", remove("azurerm_key_vault_secret", "secrets/spark")),
    mutant("SEC-1", "a secret under another name", put(*SECRET, "name", "other")),
    mutant("SEC-2", "the admin has a password", put(*DB, "authentication.password_auth_enabled", True)),
    mutant("SEC-2", "no login by Entra", put(*DB, "authentication.active_directory_auth_enabled", False)),
    mutant(
        "SEC-2",
        "a person is administrator",
        put(
            "azurerm_postgresql_flexible_server_active_directory_administrator",
            "database/administrators",
            "principal_type",
            "User",
        ),
    ),
    mutant(
        "SEC-3",
        "a module reads all secrets",
        put("azurerm_role_assignment", "workloads/module-airflow-secret", "scope", "/subscriptions/x"),
    ),
    mutant("SEC-3", "a module reads none", remove("azurerm_role_assignment", "workloads/module-airflow-secret")),
    mutant(
        "SEC-3",
        "other pods have the identity",
        put(
            "azurerm_federated_identity_credential",
            "workloads/module-airflow-identity",
            "subject",
            "system:serviceaccount:default:airflow",
        ),
    ),
    mutant(
        "SEC-3",
        "no pod has the identity",
        remove("azurerm_federated_identity_credential", "workloads/module-spark-identity"),
    ),
]
