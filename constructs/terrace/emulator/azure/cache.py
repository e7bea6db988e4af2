"""Microsoft.Cache: Managed Redis."""

import base64
import hashlib
from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import cache as refused
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.store import Body


def _instance(resource: Resource) -> Body:
    return {"resourceState": "Running", "hostName": f"{resource.id.name}.{resource.location}.redis.azure.net"}


def _keys(resource: Resource, body: Any) -> tuple[int, Any]:
    """The provider reads the keys when access keys are enabled."""
    digest = hashlib.sha512(resource.id.path.encode()).digest()
    first, second = (base64.b64encode(half).decode() for half in (digest[:32], digest[32:]))
    return 200, {"primaryKey": first, "secondaryKey": second}


_SIZES = {
    "Balanced_B": (0, 1, 3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700, 1000),
    "ComputeOptimized_X": (3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700),
    "MemoryOptimized_M": (10, 20, 50, 100, 150, 250, 350, 500, 700, 1000, 1500, 2000),
}
"""Sizes in GB, by the beginning of the SKUs' names. Source: Azure Managed Redis documentation, "Architecture"."""


def _scaling(resource: Resource, body: Any) -> tuple[int, Any]:
    """The SKUs that an instance can be scaled to. Azure leaves out those that are too small for its data."""
    return 200, {"skus": [{"name": f"{prefix}{size}"} for prefix, sizes in _SIZES.items() for size in sizes]}


_INSTANCE = "Microsoft.Cache/redisEnterprise"
KINDS = {
    _INSTANCE: Kind(
        operation=201,
        computed=_instance,
        required=(".location", ".sku.name"),
        rules=(*refused.INSTANCE, keys.cache),
        actions={"listskusforscaling": _scaling},
    ),
    f"{_INSTANCE}/databases": Kind(
        operation=201,
        computed=lambda resource: {"resourceState": "Running"},
        defaults=lambda resource: {"port": 10000},
        rules=refused.DATABASE,
        actions={"listkeys": _keys},
    ),
    f"{_INSTANCE}/databases/accessPolicyAssignments": Kind(
        operation=201, required=("accessPolicyName", "user.objectId"), rules=refused.ACCESS
    ),
}
