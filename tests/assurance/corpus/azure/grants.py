"""Rights: role assignments, custom roles, identities, logins."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, body, every, point, put, to

GRANT, ROLE, IDENTITY = "azurerm_role_assignment", "azurerm_role_definition", "azurerm_user_assigned_identity"
GROUP = ("azurerm_resource_group", "group")
SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000021"
OUTSIDER = "77777777-7777-4777-8777-777777777777"
OWNER = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
VAULT = ("azurerm_key_vault", "keys/vault")
ACCOUNT = "azurerm_storage_account"


def _grant(sentence: str, edit: Edit, path: str, type: str = GRANT) -> Danger:
    return Danger("grants", sentence, edit, f"{type} {path}")


def _assigned(path: str, role: str, principal: Any, scope: Any, **more: Any) -> Edit:
    """A role assignment; a role with a slash is an id."""
    kind = "role_definition_id" if "/" in role else "role_definition_name"
    return add(GRANT, path, {kind: role, "principal_id": principal, "scope": scope, **more})


def _identity(path: str) -> Any:
    return to(IDENTITY, path, "principal_id")


def _also(path: str, kind: str, action: str) -> Edit:
    """One more action of a custom role."""

    def edit(stack: dict[str, Any]) -> None:
        body(stack, ROLE, path)["permissions"][0].setdefault(kind, []).append(action)

    return edit


DANGERS = (
    _grant(
        "an outsider as Owner of the subscription, by the role's id",
        _assigned("pipelines/support", OWNER, OUTSIDER, SUBSCRIPTION, principal_type="User"),
        "pipelines/support",
    ),
    _grant(
        "an outsider as Contributor of the home group",
        _assigned("pipelines/contractor", "Contributor", OUTSIDER, to(*GROUP, "id")),
        "pipelines/contractor",
    ),
    _grant(
        "the apply identity as Contributor of its own group",
        _assigned(
            "pipelines/apply-own",
            "Contributor",
            _identity("pipelines/apply"),
            to("azurerm_resource_group", "pipelines/group", "id"),
        ),
        "pipelines/apply-own",
    ),
    _grant(
        "the apply identity in a group that it may change",
        point(IDENTITY, "pipelines/apply", "resource_group_name", GROUP, "name"),
        "pipelines/apply",
        IDENTITY,
    ),
    _grant(
        "an outsider as Key Vault Administrator",
        _assigned("keys/outsider", "Key Vault Administrator", OUTSIDER, to(*VAULT, "id")),
        "keys/outsider",
    ),
    _grant(
        "an outsider reads one layer",
        _assigned("lake/analyst", "Storage Blob Data Reader", OUTSIDER, to(ACCOUNT, "lake/gold/account", "id")),
        "lake/analyst",
    ),
    _grant(
        "an outsider as Reader of the subscription",
        _assigned("pipelines/auditor", "Reader", OUTSIDER, SUBSCRIPTION),
        "pipelines/auditor",
    ),
    _grant(
        "an outsider may assign roles",
        _assigned("pipelines/iam", "User Access Administrator", OUTSIDER, SUBSCRIPTION),
        "pipelines/iam",
    ),
    _grant(
        "an unknown built-in role by its id",
        _assigned(
            "pipelines/odd",
            f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/12345678-1234-4234-8234-123456789012",
            _identity("pipelines/plan"),
            SUBSCRIPTION,
        ),
        "pipelines/odd",
    ),
    _grant(
        "a role for a management group above the subscription",
        _assigned(
            "pipelines/above",
            "Contributor",
            _identity("pipelines/apply"),
            "/providers/Microsoft.Management/managementGroups/root",
        ),
        "pipelines/above",
    ),
    _grant(
        "the apply identity as Contributor of the subscription",
        put(GRANT, "pipelines/apply-changes-home", "scope", SUBSCRIPTION),
        "pipelines/apply-changes-home",
    ),
    _grant(
        "the apply identity assigns any role: the condition is gone",
        every([put(GRANT, "pipelines/apply-grants-home", "condition", None)]),
        "pipelines/apply-grants-home",
    ),
    _grant(
        "the apply identity assigns any role: the condition excludes only one",
        put(
            GRANT,
            "pipelines/apply-grants-home",
            "condition",
            "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR"
            " (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
            " ForAnyOfAllValues:GuidNotEquals {8e3af657-a8ff-443c-a75c-2fe8c4bcb635}))",
        ),
        "pipelines/apply-grants-home",
    ),
    _grant(
        "state of every environment for the plan identity: StringLike *",
        put(
            GRANT,
            "pipelines/plan-state",
            "condition",
            "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'})) OR"
            " (@Resource[Microsoft.Storage/storageAccounts:name] StringLike '*'"
            " AND @Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringLike '*'"
            " AND @Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringLike '*'))",
        ),
        "pipelines/plan-state",
    ),
    _grant(
        "blobs of the whole subscription for the plan identity: no condition",
        put(GRANT, "pipelines/plan-state", "condition", None),
        "pipelines/plan-state",
    ),
    _grant(
        "the plan identity changes security rules",
        _also("pipelines/planning-home", "actions", "Microsoft.Network/networkSecurityGroups/securityRules/write"),
        "pipelines/planning-home",
        ROLE,
    ),
    _grant(
        "the plan identity writes secrets",
        _also("pipelines/planning-home", "data_actions", "Microsoft.KeyVault/vaults/secrets/setSecret/action"),
        "pipelines/planning-home",
        ROLE,
    ),
    _grant(
        "the plan identity reads the lake",
        _also("pipelines/planning-home", "data_actions", "Microsoft.Storage/*/read"),
        "pipelines/planning-home",
        ROLE,
    ),
    _grant(
        "the plan identity decrypts with the keys",
        _also("pipelines/planning-home", "data_actions", "Microsoft.KeyVault/vaults/keys/decrypt/action"),
        "pipelines/planning-home",
        ROLE,
    ),
    _grant(
        "the plan identity signs in to the cluster as its local administrator",
        _also(
            "pipelines/planning-home",
            "actions",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
        ),
        "pipelines/planning-home",
        ROLE,
    ),
    _grant(
        "the plan identity is cluster admin",
        put(GRANT, "pipelines/plan-cluster", "role_definition_name", "Azure Kubernetes Service RBAC Cluster Admin"),
        "pipelines/plan-cluster",
    ),
    _grant(
        "an outside group is cluster admin",
        put(GRANT, "cluster/access-admin", "principal_id", OUTSIDER),
        "cluster/access-admin",
    ),
    _grant(
        "the apply identity's role with a wildcard over the subscription",
        _also("pipelines/applying-subscription", "actions", "*/write"),
        "pipelines/applying-subscription",
        ROLE,
    ),
    _grant(
        "the apply identity reads secrets of the whole subscription",
        put(GRANT, "pipelines/apply-secrets-home", "scope", SUBSCRIPTION),
        "pipelines/apply-secrets-home",
    ),
    _grant(
        "a module reads another module's secret",
        point(
            GRANT,
            "workloads/module-spark-secret",
            "scope",
            ("azurerm_key_vault_secret", "secrets/airflow"),
            "resource_versionless_id",
        ),
        "workloads/module-spark-secret",
    ),
    _grant(
        "a module reads every secret of the vault",
        point(GRANT, "workloads/module-superset-secret", "scope", VAULT, "id"),
        "workloads/module-superset-secret",
    ),
    _grant(
        "a module writes what it reads",
        put(GRANT, "workloads/module-superset-gold-read", "role_definition_name", "Storage Blob Data Owner"),
        "workloads/module-superset-gold-read",
    ),
    _grant(
        "a module reads every layer by the resource group",
        point(GRANT, "workloads/module-superset-gold-read", "scope", GROUP, "id"),
        "workloads/module-superset-gold-read",
    ),
    _grant(
        "a module changes DNS",
        _assigned(
            "workloads/dns",
            "DNS Zone Contributor",
            _identity("workloads/module-spark"),
            to("azurerm_dns_zone", "entry/zone", "id"),
        ),
        "workloads/dns",
    ),
    _grant(
        "a module acts as the apply identity",
        _assigned(
            "workloads/impersonation",
            "Managed Identity Operator",
            _identity("workloads/module-airflow"),
            to(IDENTITY, "pipelines/apply", "id"),
        ),
        "workloads/impersonation",
    ),
    _grant(
        "nodes read the lake",
        _assigned("cluster/lake", "Storage Blob Data Reader", _identity("cluster/kubelet"), to(*GROUP, "id")),
        "cluster/lake",
    ),
    _grant(
        "nodes push images",
        put(GRANT, "cluster/may-pull-images", "role_definition_name", "AcrPush"),
        "cluster/may-pull-images",
    ),
    _grant(
        "the control plane as Contributor of the group",
        every(
            [
                put(GRANT, "cluster/may-join-the-network", "role_definition_name", "Contributor"),
                point(GRANT, "cluster/may-join-the-network", "scope", GROUP, "id"),
            ]
        ),
        "cluster/may-join-the-network",
    ),
    _grant(
        "the control plane uses every key",
        point(GRANT, "cluster/may-use-the-key", "scope", VAULT, "id"),
        "cluster/may-use-the-key",
    ),
    _grant(
        "the entry's identity reads every secret",
        point(GRANT, "entry/user-certificate", "scope", VAULT, "id"),
        "entry/user-certificate",
    ),
    _grant(
        "the backup vault as owner of a layer's data",
        put(GRANT, "backup/gold-rights", "role_definition_name", "Storage Blob Data Owner"),
        "backup/gold-rights",
    ),
    _grant(
        "the cache's identity uses the lake's key",
        point(GRANT, "keys/cache-use", "scope", ("azurerm_key_vault_key", "keys/lake"), "resource_versionless_id"),
        "keys/cache-use",
    ),
    _grant(
        "cert-manager as Owner of the zone",
        put(GRANT, "workloads/cert-manager-rights", "role_definition_name", "Owner"),
        "workloads/cert-manager-rights",
    ),
    _grant(
        "Velero writes the audit bucket",
        point(GRANT, "backup/velero-bucket", "scope", (ACCOUNT, "lake/audit/account"), "id"),
        "backup/velero-bucket",
    ),
    _grant(
        "an outsider writes and deletes a module's secret",
        _assigned(
            "secrets/outsider",
            "Key Vault Secrets Officer",
            OUTSIDER,
            to("azurerm_key_vault_secret", "secrets/airflow", "resource_versionless_id"),
        ),
        "secrets/outsider",
    ),
    _grant(
        "an outsider decrypts with a key",
        _assigned(
            "keys/outsider-lake",
            "Key Vault Crypto User",
            OUTSIDER,
            to("azurerm_key_vault_key", "keys/lake", "resource_versionless_id"),
        ),
        "keys/outsider-lake",
    ),
    _grant(
        "an outsider pushes images",
        _assigned(
            "registry/outsider", "AcrPush", OUTSIDER, to("azurerm_container_registry", "registry/registry", "id")
        ),
        "registry/outsider",
    ),
    _grant(
        "an outsider manages the backup vault",
        _assigned(
            "backup/outsider",
            "Backup Contributor",
            OUTSIDER,
            to("azurerm_data_protection_backup_vault", "backup/vault", "id"),
        ),
        "backup/outsider",
    ),
    _grant(
        "an outsider changes the recipients of alerts",
        _assigned(
            "observability/outsider",
            "Monitoring Contributor",
            OUTSIDER,
            to("azurerm_monitor_action_group", "observability/critical", "id"),
        ),
        "observability/outsider",
    ),
    _grant(
        "an outsider deletes the audit logs of the copies",
        _assigned(
            "lake/outsider",
            "Storage Account Contributor",
            OUTSIDER,
            to("azurerm_storage_account", "lake/audit-recovery/account", "id"),
        ),
        "lake/outsider",
    ),
)
