"""Tags and regions (GOV-1, GOV-2)."""

from collections.abc import Iterator, Mapping

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.azure import names

_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"  # Allowed locations
_INHERIT = "ea3f2387-9b95-492a-a190-fcdc54f7b070"  # Inherit a tag from the resource group if missing
_TAGGED = (
    "azurerm_kubernetes_cluster", "azurerm_postgresql_flexible_server", "azurerm_storage_account", "azurerm_key_vault",
    "azurerm_virtual_network", "azurerm_managed_redis", "azurerm_container_registry", "azurerm_resource_group",
    "azurerm_application_gateway", "azurerm_user_assigned_identity", "azurerm_log_analytics_workspace",
    "azurerm_data_protection_backup_vault", "azurerm_nat_gateway", "azurerm_network_security_group",
)  # fmt: skip
"""What holds data or costs money and takes tags; the policy below gives them to what Azure makes by itself."""


def _regions(stack: Subject) -> list[str]:
    found = [stack.target.region, stack.target.recovery_region]
    return sorted(region for region in found if region)


@check("GOV-1")
def all_tagged(stack: Subject) -> Iterator[Observation]:
    wanted = dict(stack.target.tags)
    for resource in stack.view:
        own = resource.get("tags")
        if isinstance(own, Mapping) or resource.type in _TAGGED:
            has = own if isinstance(own, Mapping) else {}
            wrong = sorted(key for key, value in wanted.items() if has.get(key) != value)
            told = f"lacks {', '.join(wrong)}" if wrong else "has its tags"
            yield Observation(str(resource), told, not wrong, ", ".join(wanted))


@check("GOV-1")
def inherited(stack: Subject) -> Iterator[Observation]:
    given = [
        str(one.get("parameters.tagName.value"))
        for one in stack.all("azurerm_resource_group_policy_assignment")
        if one.get("policy_definition_id") == names.policy_id(_INHERIT)
    ]
    for tag in stack.target.tags:
        yield at_least(
            "governance", f"policies that give {tag}", given.count(tag), len(stack.all("azurerm_resource_group"))
        )


@check("GOV-2")
def own_regions(stack: Subject) -> Iterator[Observation]:
    allowed = _allowed(stack)
    for resource in stack.view:
        group = resource.type == "azurerm_monitor_action_group"
        place = resource.get("location", "global" if group else None)
        may = [names.topic_region(stack.target)] if group else allowed
        if place is not None:
            written = stack.view.text(place)
            yield Observation(str(resource), f"location = {written}", written in may, f"one of {', '.join(may)}")
        for block in resource.blocks("georeplications"):
            copy = str(block.get("location"))
            yield Observation(str(resource), f"a copy in {copy}", copy in allowed, f"one of {', '.join(allowed)}")


def _allowed(stack: Subject) -> list[str]:
    """The environment's regions, and the one that Azure itself pairs with the home region where copies go away."""
    regions = _regions(stack)
    pair = names.PAIRS.get(stack.target.region)
    return [*regions, pair] if pair and stack.target.recovery_region else regions


@check("GOV-2")
def other_regions_refused(stack: Subject) -> Iterator[Observation]:
    for group in stack.all("azurerm_resource_group"):
        policies = [
            one
            for one in stack.view.pointing("azurerm_resource_group_policy_assignment", "resource_group_id", group)
            if one.get("policy_definition_id") == names.policy_id(_LOCATIONS) and one.get("enforce", True)
        ]
        yield equal(str(group), "policies of allowed locations", len(policies), 1)
        for policy in policies:
            places = sorted(policy.get("parameters.listOfAllowedLocations.value", []))
            wanted = sorted({*_allowed(stack), "global"})
            yield equal(str(policy), "allowed locations", places, wanted)
