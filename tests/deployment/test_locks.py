"""Plans that remove what a lock protects."""

from typing import Any

from terrace.capabilities.cloud import facts
from terrace.deployment import locks

GROUP = "/subscriptions/s/resourceGroups/g/providers"
CLUSTER = f"{GROUP}/Microsoft.ContainerService/managedClusters/data"
LOCK = {
    "id": f"{CLUSTER}/providers/Microsoft.Authorization/locks/keep",
    "name": "keep",
    "scope": CLUSTER,
}
POOL = {"id": f"{CLUSTER.upper()}/agentPools/general"}
ADMIN = {"id": f"{CLUSTER}/providers/Microsoft.Authorization/roleAssignments/1"}


def plan(lock: list[str], **changed: tuple[str, dict[str, Any], list[str]]) -> dict[str, Any]:
    changes = {"lock": ("azurerm_management_lock", LOCK, lock), **changed}
    return {
        "resource_changes": [
            {
                "address": f"{type}.{name}",
                "type": type,
                "mode": "managed",
                "change": {"actions": actions, "before": before},
            }
            for name, (type, before, actions) in changes.items()
        ]
    }


def blocked(plan: dict[str, Any]) -> list[str]:
    return [one.address for one in locks.blockers(plan, facts("azure"))]


def test_what_is_below_a_lock_is_not_removed() -> None:
    pool, admin = "azurerm_kubernetes_cluster_node_pool", "azurerm_role_assignment"
    removed = plan(["no-op"], general=(pool, POOL, ["create", "delete"]), admin=(admin, ADMIN, ["delete"]))
    assert blocked(removed) == [f"{pool}.general", f"{admin}.admin"]
    (first, _) = locks.blockers(removed, facts("azure"))
    assert first.message == "cannot be removed while data has the lock keep"
    assert LOCK["id"] in first.remedy


def test_what_changes_in_place_or_is_elsewhere_is_not_blocked() -> None:
    pool, other = "azurerm_kubernetes_cluster_node_pool", {"id": f"{CLUSTER}-2/agentPools/general"}
    assert blocked(plan(["no-op"], general=(pool, POOL, ["update"]), other=(pool, other, ["delete"]))) == []


def test_a_lock_that_goes_too_blocks_nothing() -> None:
    pool = "azurerm_kubernetes_cluster_node_pool"
    for actions in (["delete"], ["delete", "create"]):
        assert blocked(plan(actions, general=(pool, POOL, ["delete"]))) == []
