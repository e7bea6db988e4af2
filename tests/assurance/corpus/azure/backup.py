"""Backups, and the regions of data."""

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Edit, add, inside, put, to

ACCOUNT = "azurerm_storage_account"
GOLD = (ACCOUNT, "lake/gold/account")
DB = ("azurerm_postgresql_flexible_server", "database/server")
CACHE = ("azurerm_managed_redis", "cache/server")
BLOBS = ("azurerm_data_protection_backup_policy_blob_storage", "backup/lake-policy")
SERVERS = ("azurerm_data_protection_backup_policy_postgresql_flexible_server", "backup/database-policy")
BACKED_UP = "azurerm_data_protection_backup_instance_blob_storage"
LOCATIONS = ("azurerm_resource_group_policy_assignment", "governance/home-locations")
BACKUPS = ("azurerm_data_protection_backup_vault", "backup/vault")
ELSEWHERE = "/subscriptions/99999999-9999-4999-8999-999999999999/resourceGroups/other/providers"


def _danger(kind: str, sentence: str, edit: Edit, type: str, path: str) -> Danger:
    return Danger(kind, sentence, edit, f"{type} {path}")


DANGERS = (
    _danger(
        "backup",
        "blob backups that start in a hundred years",
        put(*BLOBS, "backup_repeating_time_intervals", ["R/2126-01-04T17:00:00+00:00/P1D"]),
        *BLOBS,
    ),
    _danger(
        "backup",
        "database backups that start in a hundred years",
        put(*SERVERS, "backup_repeating_time_intervals", ["R/2126-01-04T17:00:00+00:00/P1W"]),
        *SERVERS,
    ),
    _danger(
        "backup",
        "database backups once a year",
        put(*SERVERS, "backup_repeating_time_intervals", ["R/2026-01-04T17:00:00+00:00/P52W"]),
        *SERVERS,
    ),
    _danger("backup", "no time of database backups", put(*SERVERS, "backup_repeating_time_intervals", []), *SERVERS),
    _danger(
        "backup",
        "backup of another container",
        put(BACKED_UP, "backup/gold", "storage_account_container_names", ["empty"]),
        BACKED_UP,
        "backup/gold",
    ),
    _danger(
        "backup",
        "backup of a layer by an outside policy",
        put(
            BACKED_UP,
            "backup/silver",
            "backup_policy_id",
            f"{ELSEWHERE}/Microsoft.DataProtection/backupVaults/x/backupPolicies/y",
        ),
        BACKED_UP,
        "backup/silver",
    ),
    _danger(
        "backup",
        "one more backup of a layer, into a foreign vault",
        add(
            BACKED_UP,
            "backup/gold-copy",
            {
                "name": "copy",
                "location": "germanywestcentral",
                "vault_id": f"{ELSEWHERE}/Microsoft.DataProtection/backupVaults/attacker",
                "storage_account_id": to(*GOLD, "id"),
                "backup_policy_id": to(*BLOBS, "id"),
            },
        ),
        BACKED_UP,
        "backup/gold-copy",
    ),
    _danger(
        "backup",
        "rule of the blob policy that keeps for a day",
        put(
            *BLOBS,
            "retention_rule",
            [
                {
                    "name": "short",
                    "priority": 1,
                    "criteria": {"absolute_criteria": "AllBackup"},
                    "life_cycle": {"data_store_type": "VaultStore", "duration": "P1D"},
                }
            ],
        ),
        *BLOBS,
    ),
    _danger("backup", "vault in one zone of prod", put(*BACKUPS, "redundancy", "LocallyRedundant"), *BACKUPS),
    _danger("backup", "deleted backups gone after a day", put(*BACKUPS, "retention_duration_in_days", 1), *BACKUPS),
    _danger(
        "backup",
        "cache that saves twice a day in prod",
        put(*CACHE, "default_database.persistence_redis_database_backup_frequency", "12h"),
        *CACHE,
    ),
    _danger("region", "layer in the recovery region", put(*GOLD, "location", "francecentral"), *GOLD),
    _danger("region", "layer in the United States", put(*GOLD, "location", "eastus"), *GOLD),
    _danger("region", "database in the paired region", put(*DB, "location", "germanynorth"), *DB),
    _danger(
        "region",
        "cluster in the recovery region",
        put("azurerm_kubernetes_cluster", "cluster/control-plane", "location", "francecentral"),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    _danger(
        "region",
        "home group in another region",
        put("azurerm_resource_group", "group", "location", "westeurope"),
        "azurerm_resource_group",
        "group",
    ),
    _danger(
        "region",
        "allowed locations without a part of the group",
        put(*LOCATIONS, "not_scopes", ["/subscriptions/x/resourceGroups/dpf-prod/providers/Microsoft.Storage"]),
        *LOCATIONS,
    ),
    _danger(
        "region",
        "allowed locations only for one kind of resource",
        put(
            *LOCATIONS,
            "resource_selectors",
            [{"selectors": [{"kind": "resourceType", "in": ["Microsoft.Network/virtualNetworks"]}]}],
        ),
        *LOCATIONS,
    ),
    _danger(
        "region",
        "exemption from the policy of locations",
        add(
            "azurerm_resource_group_policy_exemption",
            "governance/exemption",
            {"name": "x", "exemption_category": "Waiver", "policy_assignment_id": to(*LOCATIONS, "id")},
        ),
        "azurerm_resource_group_policy_exemption",
        "governance/exemption",
    ),
    _danger(
        "region",
        "group of another region for data",
        add("azurerm_resource_group", "lake/group", {"name": "dpf-prod-data", "location": "francecentral", "tags": {}}),
        "azurerm_resource_group",
        "lake/group",
    ),
    _danger(
        "region",
        "traffic analytics in the United States",
        put("azurerm_network_watcher_flow_log", "network/flow-log", "traffic_analytics.workspace_region", "eastus"),
        "azurerm_network_watcher_flow_log",
        "network/flow-log",
    ),
    _danger(
        "region",
        "registry replicated to the paired region",
        put("azurerm_container_registry", "registry/registry", "georeplications.0.location", "germanynorth"),
        "azurerm_container_registry",
        "registry/registry",
    ),
    _danger(
        "region",
        "tag policy that gives every resource another tag",
        inside(
            "azurerm_resource_group_policy_assignment",
            "governance/home-tag-owner",
            "parameters",
            lambda d: d["tagName"].update(value="x"),
        ),
        "azurerm_resource_group_policy_assignment",
        "governance/home-tag-owner",
    ),
)
