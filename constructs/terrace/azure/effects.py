"""What changes of Azure resources do to what uses them."""

from datetime import date

from terrace.capabilities.effects import Effect, EffectTable, KnownEffect

_READ = date(2026, 12, 1)
_POSTGRES = "Azure Database for PostgreSQL documentation, 'Scale operations'"
_PARAMETERS = "azurerm provider, azurerm_postgresql_flexible_server_configuration"
_AKS = "Azure Kubernetes Service documentation, 'How AKS cluster upgrades work'"
_SCALING = "Azure Kubernetes Service documentation, 'Use the cluster autoscaler'"
_TAGS = "Azure Resource Manager documentation, 'Use tags to organize your Azure resources'"


def _known(effect: Effect, detail: str, source: str) -> KnownEffect:
    return KnownEffect(effect, detail, source, _READ)


_BOUNDS = _known("none", "the autoscaler enforces the minimum; the maximum limits what it adds later", _SCALING)
_DRAIN = _known("restart", "nodes are drained and replaced a few at a time; their pods restart", _AKS)

EFFECTS: EffectTable = {
    "*": {"tags": _known("none", "tags are labels", _TAGS)},
    "azurerm_kubernetes_cluster": {
        "default_node_pool.max_count": _BOUNDS,
        "default_node_pool.min_count": _BOUNDS,
        "kubernetes_version": _DRAIN,
    },
    "azurerm_kubernetes_cluster_node_pool": {
        "max_count": _BOUNDS,
        "min_count": _BOUNDS,
        "orchestrator_version": _DRAIN,
    },
    "azurerm_postgresql_flexible_server": {
        "sku_name": _known("downtime", "the server restarts on the new size", _POSTGRES),
    },
    "azurerm_postgresql_flexible_server_configuration": {
        "value": _known("restart", "the server restarts if the parameter is static", _PARAMETERS),
    },
}
