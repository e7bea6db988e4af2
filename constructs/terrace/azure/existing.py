"""What Azure knows of existing resources: the forms of ids, and what an environment names.

Source of `unused_keys`: Azure, "Key management service in AKS", private key vault; "Customer-managed keys for Azure
Managed Redis".
"""

from terrace.capabilities.existing_facts import ExistingFacts, Form, Kind, Subnets

_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_GROUP = rf"/subscriptions/(?P<account>{_GUID})/resourceGroups/[\w.()-]+/providers"
_OF_ANY = _GROUP.replace("?P<account>", "")
"""Of any subscription: what is not bound to a cluster may be of another one."""
_EXAMPLE = "/subscriptions/GUID/resourceGroups/GROUP/providers"
_NETWORK, _NETWORK_EXAMPLE = (f"{one}/Microsoft.Network/virtualNetworks" for one in (_OF_ANY, _EXAMPLE))

PRIVATE_ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
    "registry": "privatelink.azurecr.io",
    "redisEnterprise": "privatelink.redis.azure.net",
    "namespace": "privatelink.servicebus.windows.net",
    "cluster": "privatelink.{region}.azmk8s.io",
}
"""The private DNS zones of services. Source: "Azure Private Endpoint private DNS zone values"."""

EXISTING = ExistingFacts(
    key=Kind(
        Form(
            rf"{_OF_ANY}/Microsoft.KeyVault/vaults/[A-Za-z0-9-]+/keys/[A-Za-z0-9-]+",
            f"{_EXAMPLE}/Microsoft.KeyVault/vaults/VAULT/keys/KEY",
        ),
        "azurerm_key_vault_key",
        "keys/{name}",
    ),
    network=Kind(
        Form(rf"{_NETWORK}/[\w.-]+", f"{_NETWORK_EXAMPLE}/NETWORK"), "azurerm_virtual_network", "network/network"
    ),
    subnet=Kind(
        Form(rf"{_NETWORK}/[\w.-]+/subnets/[\w.-]+", f"{_NETWORK_EXAMPLE}/NETWORK/subnets/SUBNET"), "azurerm_subnet", ""
    ),
    cluster=Kind(
        Form(
            rf"{_GROUP}/Microsoft.ContainerService/managedClusters/[\w-]+",
            f"{_EXAMPLE}/Microsoft.ContainerService/managedClusters/CLUSTER",
        ),
        "azurerm_kubernetes_cluster",
        "cluster/control-plane",
    ),
    registry=Kind(
        Form(
            rf"{_OF_ANY}/Microsoft.ContainerRegistry/registries/[A-Za-z0-9]+",
            f"{_EXAMPLE}/Microsoft.ContainerRegistry/registries/REGISTRY",
        ),
        "azurerm_container_registry",
        "registry/registry",
    ),
    dns_zone=Kind(
        Form(rf"{_GROUP}/Microsoft.Network/dnsZones/[a-z0-9.-]+", f"{_EXAMPLE}/Microsoft.Network/dnsZones/DOMAIN"),
        "azurerm_dns_zone",
        "entry/zone",
    ),
    monitoring=Kind(
        Form(
            rf"{_OF_ANY}/Microsoft.OperationalInsights/workspaces/[A-Za-z0-9-]+",
            f"{_EXAMPLE}/Microsoft.OperationalInsights/workspaces/WORKSPACE",
        ),
        "azurerm_log_analytics_workspace",
        "observability/workspace",
    ),
    subnets={
        "entry": Subnets(1, "network/entry"),
        "nodes": Subnets(1, "network/nodes"),
        "control": Subnets(1, "network/control"),
        "data": Subnets(1, "network/database"),
        "endpoints": Subnets(1, "network/endpoints"),
    },
    private_zone=Kind(
        Form(
            rf"{_OF_ANY}/Microsoft.Network/privateDnsZones/[a-z0-9.-]+",
            f"{_EXAMPLE}/Microsoft.Network/privateDnsZones/{PRIVATE_ZONES['blob']}",
        ),
        "azurerm_private_dns_zone",
        "network/zone-{name}",
    ),
    private_zones=tuple(PRIVATE_ZONES.values()),
    nodes=Form(_GUID, "object id of the kubelets' identity"),
    node_range=True,
    unused_keys={
        "cluster": "AKS would get the right to change the whole vault",
        "cache": "Managed Redis does not follow a rotation, so its version has to be the foundation's",
        "secrets": "Key Vault encrypts secrets with keys of its own",
        "events": "no service of Azure encrypts events with it",
    },
    find_issuer="`az aks show` has it as oidcIssuerProfile",
    find_workspace="`az monitor log-analytics workspace show` has it as customerId",
    zone_named_as_domain=True,
)
