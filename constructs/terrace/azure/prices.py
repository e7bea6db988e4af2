"""What Azure resources are billed for, and Azure's price list.

Sources: the pricing page of each service; Microsoft Cost Management documentation, 'Azure Retail
Prices overview'.
"""

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from terrace.capabilities.prices import Bill, Part, Price, Pricing, Sku

_URL = "https://prices.azure.com/api/retail/prices"
_UNITS = {"1 Hour": "hour", "1/Month": "month", "1 GB/Month": "GB-month"}

_FREE = """
    azurerm_eventhub azurerm_eventhub_namespace_customer_managed_key
    azurerm_management_lock azurerm_network_security_group azurerm_network_security_rule azurerm_resource_group
    azurerm_resource_group_policy_assignment azurerm_role_assignment azurerm_role_definition azurerm_subnet
    azurerm_subnet_nat_gateway_association azurerm_subnet_network_security_group_association
    azurerm_subscription_policy_assignment azurerm_user_assigned_identity azurerm_virtual_network
    azurerm_federated_identity_credential azurerm_nat_gateway_public_ip_association
"""
FREE = frozenset(_FREE.split())
"""Resource types without a price of their own."""

USAGE: Mapping[str, str] = {
    "azurerm_container_registry": "stored images above the tier's",
    "azurerm_log_analytics_workspace": "log volume",
    "azurerm_network_watcher_flow_log": "log volume",
    "azurerm_storage_account": "stored data and requests",
}
"""Resource types that are billed by use alone."""


def _machine(size: str) -> Sku:
    return Sku(f"virtual machine {size}", "hour", {"serviceName": "Virtual Machines", "armSkuName": size})


def _pool(values: Mapping[str, Any]) -> Bill:
    size = values["vm_size"]
    if values.get("priority") == "Spot":
        return Bill(usage=f"spot nodes of {size}: the price is the market's")
    count = Decimal(str(values["min_count"] if "min_count" in values else values["node_count"]))
    return Bill((Part(_machine(size), count, sleeps=True),), "nodes that the autoscaler adds, disks")


def _gateway(values: Mapping[str, Any]) -> Bill:
    query = {"serviceName": "NAT Gateway", "meterName": "Standard Gateway"}
    return Bill((Part(Sku("NAT gateway", "hour", query), Decimal(1)),), "data through the gateway")


PRICED: Mapping[str, Pricing] = {
    "azurerm_kubernetes_cluster_node_pool": _pool,
    "azurerm_nat_gateway": _gateway,
}
"""Resource types to what a resource with the given arguments is billed for."""


def prices(region: str, sku: Sku, today: date, *, url: str = "") -> list[Price]:
    """The on-demand prices that Azure lists for a SKU; one is an answer, none or several are not.

    `url` replaces the API's, which needs no credentials. Raises OSError.
    """
    fields = {**sku.query, "armRegionName": region, "priceType": "Consumption"}
    condition = " and ".join(f"{name} eq '{value}'" for name, value in fields.items())
    query = urllib.parse.urlencode({"currencyCode": "USD", "$filter": condition})
    page: str | None = f"{url or _URL}?{query}"
    found = []
    while page:
        with urllib.request.urlopen(page, timeout=60) as answer:
            content = json.load(answer, parse_float=Decimal, parse_int=Decimal)
        found += [(page, item) for item in content["Items"] if _wanted(item)]
        page = content.get("NextPageLink") or None
    return [
        Price("azure", region, sku.name, sku.unit, item["retailPrice"], item["currencyCode"], source, today)
        for source, item in found
        if item["retailPrice"] and _UNITS.get(item["unitOfMeasure"]) == sku.unit
    ]


def _wanted(item: Mapping[str, Any]) -> bool:
    """Not Windows, spot or low priority, which have the same SKU as a plain Linux machine."""
    words = f"{item.get('productName', '')} {item.get('skuName', '')} {item.get('meterName', '')}"
    return not any(word in words for word in ("Windows", "Spot", "Low Priority"))
