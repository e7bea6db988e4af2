"""Microsoft.EventHub."""

import base64
import hashlib
from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.refusals import streams as refused
from terrace.emulator.azure.store import Body

_NAMESPACE = "Microsoft.EventHub/namespaces"


def _namespace(resource: Resource) -> Body:
    return {
        "status": "Active",
        "serviceBusEndpoint": f"https://{resource.id.name}.servicebus.windows.net:443/",
        "metricId": f"{resource.guid('metric')}:{resource.id.name}",
        "zoneRedundant": True,
    }


def _namespace_defaults(resource: Resource) -> Body:
    return {
        "minimumTlsVersion": "1.2",
        "publicNetworkAccess": "Enabled",
        "disableLocalAuth": False,
        "isAutoInflateEnabled": False,
        "maximumThroughputUnits": 0,
        "kafkaEnabled": True,
    }


def _hub(resource: Resource) -> Body:
    return {"status": "Active", "partitionIds": [str(number) for number in range(resource.get("partitionCount", 1))]}


def _hub_defaults(resource: Resource) -> Body:
    days = resource.get("messageRetentionInDays", 7)
    hours = resource.get("retentionDescription.retentionTimeInHours", days * 24)
    retention = {"cleanupPolicy": "Delete", "retentionTimeInHours": hours}
    return {"messageRetentionInDays": max(1, hours // 24), "retentionDescription": retention}


def _root_key(resource: Resource) -> dict[str, Body]:
    rule = {"properties": {"rights": ["Listen", "Manage", "Send"]}, "location": resource.body.get("location")}
    return {f"{resource.id.path}/authorizationRules/RootManageSharedAccessKey": rule}


def _keys(resource: Resource, body: Any) -> tuple[int, Any]:
    """The provider reads the keys of the rule that each namespace has."""
    digest = hashlib.sha512(resource.id.path.encode()).digest()
    first, second = (base64.b64encode(half).decode() for half in (digest[:32], digest[32:]))
    return 200, {"primaryKey": first, "secondaryKey": second, "keyName": resource.id.name}


def _open(resource: Resource) -> Body | None:
    """The rules of a namespace's network, which exist with it."""
    if resource.id.name != "default" or not resource.parent:
        return None
    public = resource.other(resource.id.parent).get("properties", {}).get("publicNetworkAccess", "Enabled")
    return {
        "properties": {
            "defaultAction": "Allow",
            "publicNetworkAccess": public,
            "ipRules": [],
            "virtualNetworkRules": [],
        }
    }


def _available(resource: Resource, body: Any) -> tuple[int, Any]:
    return 200, {"nameAvailable": True, "reason": "None"}


KINDS = {
    _NAMESPACE: Kind(
        operation=201,
        computed=_namespace,
        defaults=_namespace_defaults,
        creates=_root_key,
        required=(".location", ".sku.name"),
        rules=(*refused.NAMESPACE, keys.streams),
    ),
    f"{_NAMESPACE}/networkRuleSets": Kind(built_in=_open),
    f"{_NAMESPACE}/authorizationRules": Kind(required=("rights",), actions={"listkeys": _keys}),
    f"{_NAMESPACE}/eventhubs": Kind(
        computed=_hub, defaults=_hub_defaults, required=("partitionCount",), rules=refused.HUB
    ),
    f"{_NAMESPACE}/eventhubs/consumergroups": Kind(),
    "Microsoft.EventHub/*": Kind(actions={"checknameavailability": _available}),
}
