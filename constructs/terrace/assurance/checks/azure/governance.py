"""Tags and regions (GOV-1, GOV-2), and the structure and inventory of the stack (GOV-3, GOV-4)."""

from collections.abc import Iterator, Mapping

from terrace.assurance.access import inventory, structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import features, unset
from terrace.assurance.evaluation import Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.azure import names

_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"  # Allowed locations
_INHERIT = "ea3f2387-9b95-492a-a190-fcdc54f7b070"  # Inherit a tag from the resource group if missing
_TAGGED = (
    "azurerm_kubernetes_cluster", "azurerm_postgresql_flexible_server", "azurerm_storage_account", "azurerm_key_vault",
    "azurerm_virtual_network", "azurerm_managed_redis", "azurerm_container_registry", "azurerm_resource_group",
    "azurerm_application_gateway", "azurerm_user_assigned_identity", "azurerm_log_analytics_workspace",
    "azurerm_data_protection_backup_vault", "azurerm_nat_gateway", "azurerm_network_security_group",
)  # fmt: skip
"""Resources that hold data or cost money and support tags; a policy adds the tags to resources that Azure creates."""


_PAIRED = ("keys/vault-geo", "keys/database-recovery-user")
"""What is in the paired region, where Azure copies the database's backups to."""


def _regions(stack: Subject) -> list[str]:
    regions = [stack.target.region, stack.target.recovery_region]
    return sorted(region for region in regions if region)


@check("GOV-1")
def all_tagged(stack: Subject) -> Iterator[Observation]:
    expected = dict(stack.target.tags)
    for resource in stack.view:
        resource_tags = resource.get("tags")
        if isinstance(resource_tags, Mapping) or resource.type in _TAGGED:
            tags = resource_tags if isinstance(resource_tags, Mapping) else {}
            missing = sorted(key for key, value in expected.items() if tags.get(key) != value)
            fact = f"lacks {', '.join(missing)}" if missing else "has all tags"
            yield Observation(str(resource), fact, not missing, ", ".join(expected))


@check("GOV-1")
def tags_inherited(stack: Subject) -> Iterator[Observation]:
    for policy in stack.all("azurerm_resource_group_policy_assignment"):
        if policy.get("policy_definition_id") == names.policy_id(_INHERIT):
            tag = str(policy.get("parameters.tagName.value"))
            yield Observation(str(policy), f"tagName = {tag}", tag in stack.target.tags, "a tag of the environment")
            yield from unset(policy, "not_scopes", "overrides", "resource_selectors")
    inherited_tags = [
        str(one.get("parameters.tagName.value"))
        for one in stack.all("azurerm_resource_group_policy_assignment")
        if one.get("policy_definition_id") == names.policy_id(_INHERIT)
    ]
    for tag in stack.target.tags:
        yield at_least(
            "governance",
            f"assignments that inherit the tag {tag}",
            inherited_tags.count(tag),
            len(_groups(stack)),
        )


@check("GOV-2")
def allowed_regions_only(stack: Subject) -> Iterator[Observation]:
    for resource in stack.view:
        yield from _placed(stack, resource)
        for block in resource.blocks("georeplications"):
            location = str(block.get("location"))
            expected = str(stack.target.recovery_region)
            yield Observation(str(resource), f"georeplication = {location}", location == expected, expected)
    account = names.settings(stack.target)
    for _, provider in stack.view.providers:
        yield equal("provider", "subscription_id", provider.get("subscription_id"), account.subscription_id)
        yield equal("provider", "tenant_id", provider.get("tenant_id"), account.tenant_id)


def _placed(stack: Subject, resource: Resource) -> Iterator[Observation]:
    """Whether a resource is where its resource group is, and its group is one of the stack."""
    group = resource.get("resource_group_name")
    above = _group(stack, resource.get("resource_group_id"))
    if resource.type == "azurerm_resource_group" or above is not None:
        group = (above or resource).get("name")
    text = stack.view.text(group) if group is not None else names.group(stack.target)
    regions = {
        names.group(stack.target): stack.target.region,
        names.group(stack.target, recovery=True): stack.target.recovery_region,
        names.pipelines_group(stack.target): stack.target.region,
        names.WATCHERS: stack.target.region,
    }
    zone = stack.target.existing.dns_zone
    if zone and resource.type == "azurerm_dns_a_record":
        regions |= {zone.split("/")[4]: stack.target.region}
    yield Observation(str(resource), f"resource group = {text}", text in regions, "a group of the stack")
    expected = regions.get(text)
    if resource.path in _PAIRED:
        expected = names.geo_region(stack.target)
    if resource.type == "azurerm_monitor_action_group":
        expected = names.topic_region(stack.target)
    if resource.type == "azurerm_monitor_activity_log_alert":
        expected = "global"  # where Azure has it: few regions process activity-log alerts
    location = resource.get("location", "global" if resource.type == "azurerm_monitor_action_group" else None)
    if location is not None and expected is not None:
        yield equal(str(resource), "location", stack.view.text(location), expected)


def _groups(stack: Subject) -> list[Resource]:
    """The groups that an apply creates resources in: in that of the pipelines' identities, only a person does."""
    own = names.pipelines_group(stack.target)
    return [one for one in stack.all("azurerm_resource_group") if one.get("name") != own]


def _group(stack: Subject, value: object) -> Resource | None:
    """The environment's resource group that an attribute refers to, by reference or by its id."""
    ids = [names.group_id(stack.target, recovery=recovery) for recovery in (False, True)]
    named = [
        one
        for one in stack.view.all("azurerm_resource_group")
        if value in ids and str(value).endswith(f"/{one.get('name')}")
    ]
    return stack.view.target(value) or next(iter(named), None)


def _allowed(stack: Subject) -> list[str]:
    """The environment's regions, and the pair of the home region if copies go to another region."""
    regions = _regions(stack)
    paired_region = names.PAIRS.get(stack.target.region)
    return [*regions, paired_region] if paired_region and stack.target.recovery_region else regions


@check("GOV-2")
def other_regions_denied(stack: Subject) -> Iterator[Observation]:
    for group in _groups(stack):
        policies = [
            one
            for one in stack.view.all("azurerm_resource_group_policy_assignment")
            if _group(stack, one.get("resource_group_id")) == group
            and one.get("policy_definition_id") == names.policy_id(_LOCATIONS)
            and one.get("enforce", True)
        ]
        yield equal(str(group), "assignments of the allowed-locations policy", len(policies), 1)
        for policy in policies:
            locations = sorted(policy.get("parameters.listOfAllowedLocations.value", []))
            expected = sorted({*_allowed(stack), "global"})
            yield equal(str(policy), "allowed locations", locations, expected)
            yield from unset(policy, "not_scopes", "overrides", "resource_selectors")
        kept = [one.get("prevent_deletion_if_contains_resources") for one in features(stack, "resource_group")]
        yield equal(str(group), "the provider's prevent_deletion_if_contains_resources", kept, [True])


@check("GOV-3")
def settings_fixed(stack: Subject) -> Iterator[Observation]:
    return structure.fixed(stack)


@check("GOV-4")
def inventory_complete(stack: Subject) -> Iterator[Observation]:
    return inventory.complete(stack)
