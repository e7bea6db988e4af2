"""Who acts as an identity, logins, and rights beside role assignments."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, every, point, put, to

GRANT = "azurerm_role_assignment"
IDENTITY = "azurerm_user_assigned_identity"
TRUST = "azurerm_federated_identity_credential"
OUTSIDER = "77777777-7777-4777-8777-777777777777"
VAULT, CLUSTER = ("azurerm_key_vault", "keys/vault"), ("azurerm_kubernetes_cluster", "cluster/control-plane")
ACCOUNT = "azurerm_storage_account"


def _grant(sentence: str, edit: Edit, path: str, type: str = GRANT) -> Danger:
    return Danger("grants", sentence, edit, f"{type} {path}")


def _identity(path: str) -> Any:
    return to(IDENTITY, path, "principal_id")


def _output(name: str, key: str, module: str, value: str) -> Edit:
    def edit(stack: dict[str, Any]) -> None:
        stack["output"][name]["value"][key][module] = value

    return edit


DANGERS = (
    _grant(
        "apply role for pull requests",
        put(TRUST, "pipelines/environment", "subject", "repo:acme/terrace:pull_request"),
        "pipelines/environment",
        TRUST,
    ),
    _grant(
        "apply role for a second workflow",
        add(
            TRUST,
            "pipelines/hotfix",
            {
                "name": "hotfix",
                "user_assigned_identity_id": to(IDENTITY, "pipelines/apply", "id"),
                "issuer": "https://token.actions.githubusercontent.com",
                "subject": "repo:acme/terrace:ref:refs/heads/hotfix",
                "audience": ["api://AzureADTokenExchange"],
            },
        ),
        "pipelines/hotfix",
        TRUST,
    ),
    _grant(
        "apply role with another audience",
        put(TRUST, "pipelines/environment", "audience", ["https://github.com/acme"]),
        "pipelines/environment",
        TRUST,
    ),
    _grant(
        "a module's identity for another cluster's tokens",
        put(TRUST, "workloads/module-airflow-identity", "issuer", "https://oidc.example.net/cluster"),
        "workloads/module-airflow-identity",
        TRUST,
    ),
    _grant(
        "a module's identity for the default account of its namespace, besides",
        add(
            TRUST,
            "workloads/second",
            {
                "name": "second",
                "user_assigned_identity_id": to(IDENTITY, "workloads/module-superset", "id"),
                "issuer": to("azurerm_kubernetes_cluster", "cluster/control-plane", "oidc_issuer_url"),
                "subject": "system:serviceaccount:superset:default",
                "audience": ["api://AzureADTokenExchange"],
            },
        ),
        "workloads/second",
        TRUST,
    ),
    _grant(
        "velero's identity for any pod of another namespace",
        put(TRUST, "backup/velero-pods", "subject", "system:serviceaccount:default:velero"),
        "backup/velero-pods",
        TRUST,
    ),
    _grant(
        "an outsider as administrator of the database",
        add(
            "azurerm_postgresql_flexible_server_active_directory_administrator",
            "database/dba",
            {"object_id": OUTSIDER, "principal_name": "dba", "principal_type": "Group"},
        ),
        "database/dba",
        "azurerm_postgresql_flexible_server_active_directory_administrator",
    ),
    _grant(
        "a module as administrator of the database",
        point(
            "azurerm_postgresql_flexible_server_active_directory_administrator",
            "database/administrators",
            "object_id",
            (IDENTITY, "workloads/module-airflow"),
            "principal_id",
        ),
        "database/administrators",
        "azurerm_postgresql_flexible_server_active_directory_administrator",
    ),
    _grant(
        "another module's identity as the database role of a module",
        _output("database", "roles", "superset", "dpf-prod-module-spark"),
        "workloads/module-spark",
        IDENTITY,
    ),
    _grant(
        "another module in the cache",
        add(
            "azurerm_managed_redis_access_policy_assignment",
            "workloads/module-spark-cache",
            {
                "managed_redis_id": to("azurerm_managed_redis", "cache/server", "id"),
                "object_id": _identity("workloads/module-spark"),
            },
        ),
        "workloads/module-spark-cache",
        "azurerm_managed_redis_access_policy_assignment",
    ),
    _grant(
        "access policy of the vault for an outsider",
        add(
            "azurerm_key_vault_access_policy",
            "keys/policy",
            {
                "key_vault_id": to(*VAULT, "id"),
                "tenant_id": "00000000-0000-4000-8000-000000000002",
                "object_id": OUTSIDER,
                "secret_permissions": ["Get", "List"],
            },
        ),
        "keys/policy",
        "azurerm_key_vault_access_policy",
    ),
    _grant(
        "secrets of the vault for virtual machines and templates",
        put(*VAULT, "enabled_for_template_deployment", True),
        VAULT[1],
        VAULT[0],
    ),
    _grant(
        "local user of a storage account",
        add(
            "azurerm_storage_account_local_user",
            "lake/local",
            {
                "name": "partner",
                "storage_account_id": to(ACCOUNT, "lake/gold/account", "id"),
                "ssh_password_enabled": True,
            },
        ),
        "lake/local",
        "azurerm_storage_account_local_user",
    ),
    _grant(
        "the apply identity attached to the cache",
        every(
            [
                put("azurerm_managed_redis", "cache/server", "identity.identity_ids", []),
                point(
                    "azurerm_managed_redis",
                    "cache/server",
                    "identity.identity_ids",
                    (IDENTITY, "pipelines/apply"),
                    "id",
                ),
            ]
        ),
        "cache/server",
        "azurerm_managed_redis",
    ),
    _grant(
        "kubelets that act as the apply identity",
        every(
            [
                point(*CLUSTER, f"kubelet_identity.{name}", (IDENTITY, "pipelines/apply"), what)
                for name, what in (
                    ("object_id", "principal_id"),
                    ("client_id", "client_id"),
                    ("user_assigned_identity_id", "id"),
                )
            ]
        ),
        CLUSTER[1],
        CLUSTER[0],
    ),
    _grant(
        "a token of the registry",
        add("azurerm_container_registry_token", "registry/token", {"name": "partner"}),
        "registry/token",
        "azurerm_container_registry_token",
    ),
    _grant(
        "data of a layer replicated to an account of another subscription",
        put(
            "azurerm_storage_object_replication",
            "lake/gold/replication",
            "destination_storage_account_id",
            "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/x/providers/Microsoft.Storage"
            "/storageAccounts/attacker",
        ),
        "lake/gold/replication",
        "azurerm_storage_object_replication",
    ),
    _grant(
        "second replication of a layer, to the access bucket",
        add(
            "azurerm_storage_object_replication",
            "lake/gold/second",
            {
                "source_storage_account_id": to(ACCOUNT, "lake/gold/account", "id"),
                "destination_storage_account_id": to(ACCOUNT, "lake/access/account", "id"),
                "rules": [
                    {
                        "source_container_name": "gold",
                        "destination_container_name": "access",
                        "copy_blobs_created_after": "Everything",
                    }
                ],
            },
        ),
        "lake/gold/second",
        "azurerm_storage_object_replication",
    ),
)
