"""Residency and ownership by Azure Policy on the resource groups (GOV-1, GOV-2)."""

import json

from cdktn import TerraformResource
from cdktn_provider_azurerm.management_lock import ManagementLock
from cdktn_provider_azurerm.resource_group_policy_assignment import (
    ResourceGroupPolicyAssignment,
    ResourceGroupPolicyAssignmentIdentity,
    ResourceGroupPolicyAssignmentNonComplianceMessage,
)
from cdktn_provider_azurerm.subscription_policy_assignment import SubscriptionPolicyAssignment
from constructs import Construct

from terrace.azure import names, providers
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.target import Target

_ALLOWED_LOCATIONS = "e56962a6-4747-49cd-b67b-bf8b01975c4c"
_ALLOWED_GROUP_LOCATIONS = "e765b5de-1225-4ba3-bd56-1ac6695af988"
_INHERIT_TAG = "ea3f2387-9b95-492a-a190-fcdc54f7b070"
"""Source: "Azure Policy built-in policy definitions"; the last one adds a group's tag to resources without it."""


class Governance(Construct):
    """Policies on the resource groups: no resource outside the environment's regions, none without its tags.

    Every identity of the kit gets its roles inside the groups; the handle's ceiling is the home group.
    """

    def __init__(self, scope: Construct, id: str, target: Target, *, keys: KeysHandle) -> None:
        super().__init__(scope, id)
        regions = _allowed_regions(target)
        groups = {"home": providers.home(self, target)}
        if target.recovery_region:
            groups["recovery"] = providers.recovery(self, target)
        for label, group in groups.items():
            self._policies(label, group, regions, target)
        if names.settings(target).owns_account:
            SubscriptionPolicyAssignment(
                self,
                "group-locations",
                name=f"{target.prefix}-group-locations",
                display_name="Resource groups stay in the environment's regions",
                subscription_id=names.subscription(target),
                policy_definition_id=names.policy_id(_ALLOWED_GROUP_LOCATIONS),
                # audit only, because other environments may use other regions; the policies of the groups deny
                enforce=False,
                parameters=json.dumps({"listOfAllowedLocations": {"value": regions}}),  # GOV-2
            )
        if target.protected:
            vault: list[TerraformResource] = list(keys.ready)
            ManagementLock(
                self,
                "keep-vault",
                name="keep-vault",
                scope=names.vault_id(target),
                lock_level="CanNotDelete",  # KEY-2
                notes="Removed first when the environment is destroyed",
                depends_on=vault,
            )
        self.handle = GovernanceHandle(ceiling=names.group_id(target))

    def _policies(self, label: str, group: providers.Group, regions: list[str], target: Target) -> None:
        ResourceGroupPolicyAssignment(
            self,
            f"{label}-locations",
            name="locations",
            display_name="Everything stays in the environment's regions",
            resource_group_id=group.id,
            policy_definition_id=names.policy_id(_ALLOWED_LOCATIONS),
            enforce=True,
            parameters=json.dumps({"listOfAllowedLocations": {"value": regions}}),  # GOV-2
            non_compliance_message=[
                ResourceGroupPolicyAssignmentNonComplianceMessage(content="GOV-2: outside the environment's regions")
            ],
        )
        for tag in target.tags:
            ResourceGroupPolicyAssignment(
                self,
                f"{label}-tag-{tag}",
                name=f"tag-{tag}",
                display_name=f"What Azure makes by itself inherits {tag}",
                resource_group_id=group.id,
                policy_definition_id=names.policy_id(_INHERIT_TAG),
                location=group.location,
                identity=ResourceGroupPolicyAssignmentIdentity(
                    type="SystemAssigned"
                ),  # a modify policy requires an identity
                parameters=json.dumps({"tagName": {"value": tag}}),  # GOV-1
            )


def _allowed_regions(target: Target) -> list[str]:
    """The environment's regions, the paired region that Azure copies to, and `global`, the location of services without
    a region."""
    regions = [target.region, target.recovery_region, names.geo_region(target), "global"]
    return list(dict.fromkeys(region for region in regions if region))
