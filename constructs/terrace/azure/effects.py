"""What changes of Azure resources do to what uses them."""

from collections.abc import Mapping
from datetime import date

from terrace.capabilities.effects import REPLACED, Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_POSTGRES = "Azure Database for PostgreSQL documentation, 'Scale operations'"
_MAJOR = "Azure Database for PostgreSQL documentation, 'Major version upgrades'; azurerm provider 5.2"
_PARAMETERS = "azurerm provider, azurerm_postgresql_flexible_server_configuration"
_AKS = "Azure Kubernetes Service documentation, 'How AKS cluster upgrades work'"
_SCALING = "Azure Kubernetes Service documentation, 'Use the cluster autoscaler'"
_ROTATE = "azurerm 5.2, temporary_name_for_rotation of azurerm_kubernetes_cluster and _node_pool"
_DELETE = "azurerm 5.2, azurerm_kubernetes_cluster_node_pool; AKS documentation, 'Delete node pools'"
_TAGS = "Azure Resource Manager documentation, 'Use tags to organize your Azure resources'"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "the autoscaler enforces the minimum; the maximum limits what it adds later", _SCALING)
_GONE = _known(
    "downtime",
    "its nodes are drained and deleted before the new ones are made: its pods wait for minutes, the longer the more "
    "nodes it has. To avoid it, add a pool with the new settings, apply, and then remove this one",
    _DELETE,
)
_CYCLE = _known("restart", "a temporary pool takes the pods while this one is made again; they restart twice", _ROTATE)
_DRAIN = _known("restart", "nodes are drained and replaced a few at a time; their pods restart", _AKS)

EFFECTS: EffectTable = {
    "*": {"tags": _known("none", "tags are labels", _TAGS)},
    "azurerm_kubernetes_cluster": {
        "default_node_pool.max_count": _BOUNDS,
        "default_node_pool.min_count": _BOUNDS,
        "default_node_pool.os_disk_size_gb": _CYCLE,
        "default_node_pool.vm_size": _CYCLE,
        "default_node_pool.zones": _CYCLE,
        "kubernetes_version": _DRAIN,
    },
    "azurerm_kubernetes_cluster_node_pool": {
        REPLACED: _GONE,
        "max_count": _BOUNDS,
        "min_count": _BOUNDS,
        "orchestrator_version": _DRAIN,
        "os_disk_size_gb": _CYCLE,
        "vm_size": _CYCLE,
        "zones": _CYCLE,
    },
    "azurerm_postgresql_flexible_server": {
        "version": _known("downtime", "the server is upgraded in place, and is unavailable for minutes", _MAJOR),
        "sku_name": _known("downtime", "the server restarts on the new size", _POSTGRES),
    },
    "azurerm_postgresql_flexible_server_configuration": {
        "value": _known("restart", "the server restarts if the parameter is static", _PARAMETERS),
    },
}

WITHOUT_EFFECT: Mapping[str, str] = {
    "audit.continuous_recording": "Azure Policy evaluates a resource when it changes, and all of them daily",
    "audit.unusual_activity": "Defender for Cloud detects unusual activity with any of its plans",
    "backup.archive_after_days": "Backup vaults have one storage tier; lower backup.retention_days to store less",
    "cache.snapshot_days": "Azure Managed Redis keeps the last snapshot only, and has no older ones to restore",
    "database.max_storage_gb": "automatic growth has no limit; alarms report a disk that fills up",
    "network.hybrid.peer_asn": "routes of the link are static, from network.hybrid.peer_cidrs",
    "network.private_paths": "public access to each service is disabled, so each has a private endpoint",
    "registry.scanning": "Defender for Containers scans images whenever it is on for the subscription",
    "secrets.database_rotation_days": "the database has no password: access is by Microsoft Entra tokens",
    "secrets.recovery_days": "a secret is recoverable as long as its vault's keys: keys.deletion_window_days",
}
"""Settings that change nothing on Azure: setting to the reason, and what has the effect. Sources: Azure documentation:
Policy, "Get compliance data"; Data Protection, "Backup vault overview"; Managed Redis, "Data persistence"; Database for
PostgreSQL, "Storage autogrow"."""
