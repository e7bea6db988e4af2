"""Checks of tags, regions and the expected inventory (GOV-1, GOV-2, GOV-4)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, check, equal, includes
from terrace.azure import names
from terrace.live.azure import inventory
from terrace.live.azure.checks import Deployment, at, same
from terrace.live.inventory import complete

_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"  # Allowed locations
_INHERIT = "ea3f2387-9b95-492a-a190-fcdc54f7b070"  # Inherit a tag from the resource group if missing
_TAGLESS = ("microsoft.insights/diagnosticsettings", "microsoft.alertsmanagement/smartdetectoralertrules")
"""Types in a group's contents that do not accept tags."""


def contents(deployment: Deployment) -> list[dict[str, Any]]:
    """The contents of the resource groups: id, type, location, tags."""
    return [one for group in deployment.all_groups for one in deployment.pages(f"{group}/resources")]


@check("GOV-1")
def all_tagged(deployment: Deployment) -> Iterator[Observation]:
    expected = dict(deployment.target.tags)
    groups = [deployment.get(group) for group in deployment.all_groups]
    for one in [*groups, *contents(deployment)]:
        if _made_by_azure(one):
            continue  # the policy below adds their tags later
        has = one.get("tags") or {}
        wrong = sorted(key for key, value in expected.items() if has.get(key) != value)
        kind = str(one.get("type", "resource group")).rpartition("/")[2]
        fact = f"lacks {', '.join(wrong)}" if wrong else "has all tags"
        yield Observation(f"{kind} {one['name']}", fact, not wrong, ", ".join(expected))
    for group in deployment.groups:
        given = [
            str(at(one, "parameters", {}).get("tagName", {}).get("value"))
            for one in _policies(deployment, group, _INHERIT)
        ]
        yield includes(f"group {group.rpartition('/')[2]}", "policies that add tags", given, expected)


def _made_by_azure(resource: dict[str, Any]) -> bool:
    """Whether it is an interface of a private endpoint, or managed by another resource."""
    kind = str(resource.get("type", "")).lower()
    return kind in _TAGLESS or kind == "microsoft.network/networkinterfaces" or bool(resource.get("managedBy"))


def _policies(deployment: Deployment, group: str, guid: str) -> list[dict[str, Any]]:
    """The assignments of one of Azure's policies on exactly this group."""
    below = f"{group}/providers/microsoft.authorization/".lower()
    return [
        one
        for one in deployment.pages(f"{group}/providers/Microsoft.Authorization/policyAssignments")
        if str(one["id"]).lower().startswith(below) and same(at(one, "policyDefinitionId"), names.policy_id(guid))
    ]


@check("GOV-2")
def own_regions(deployment: Deployment) -> Iterator[Observation]:
    target = deployment.target
    regions = [target.region, target.recovery_region, names.geo_region(target), "global"]
    allowed = sorted({region for region in regions if region})
    for group in deployment.groups:
        policies = _policies(deployment, group, _LOCATIONS)
        resource = f"group {group.rpartition('/')[2]}"
        yield equal(resource, "policies that allow only named locations", len(policies), 1)
        for policy in policies:
            yield equal(resource, "enforcementMode", at(policy, "enforcementMode", "Default"), "Default")
            places = at(policy, "parameters", {}).get("listOfAllowedLocations", {}).get("value", [])
            yield includes(resource, "allowed locations", allowed, places)
    for one in contents(deployment):
        place = str(one.get("location") or "global").lower().replace(" ", "")
        kind = str(one["type"]).rpartition("/")[2]
        here = place in allowed or kind.lower() == "actiongroups"  # few regions process these; they hold no data
        yield Observation(f"{kind} {one['name']}", f"location = {place}", here, f"one of {', '.join(allowed)}")


@check("GOV-4")
def inventory_complete(deployment: Deployment) -> Iterator[Observation]:
    yield from complete(deployment, deployment.environment, deployment.target, inventory.TYPES)
