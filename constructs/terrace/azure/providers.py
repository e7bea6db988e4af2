"""The Azure provider of a stack, and its resource groups: home and, if there is one, recovery."""

from dataclasses import dataclass
from typing import Protocol, cast

from cdktn import TerraformResource, TerraformStack
from cdktn_provider_azurerm.provider import (
    AzurermProvider,
    AzurermProviderFeatures,
    AzurermProviderFeaturesKeyVault,
    AzurermProviderFeaturesLogAnalyticsWorkspace,
    AzurermProviderFeaturesPostgresqlFlexibleServer,
    AzurermProviderFeaturesResourceGroup,
    AzurermProviderFeaturesStorage,
)
from cdktn_provider_azurerm.resource_group import ResourceGroup
from constructs import Construct

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.errors import ContractError


def configure(stack: TerraformStack, target: Target) -> None:
    """Add the provider to `stack`, limited to the target's subscription and tenant.

    Deleted resources stay recoverable: nothing is purged, and a group with resources of others is not deleted.
    """
    AzurermProvider(
        stack,
        "azurerm",
        subscription_id=names.settings(target).subscription_id,
        tenant_id=names.settings(target).tenant_id,
        resource_provider_registrations="none",  # so that a deployer needs no permission for it; the docs list them
        storage_use_azuread=True,  # LAKE-1: no account keys
        features=[
            AzurermProviderFeatures(
                key_vault=[
                    AzurermProviderFeaturesKeyVault(
                        purge_soft_delete_on_destroy=False,  # KEY-2
                        purge_soft_deleted_keys_on_destroy=False,  # KEY-2
                        purge_soft_deleted_secrets_on_destroy=False,
                        purge_soft_deleted_certificates_on_destroy=False,
                        recover_soft_deleted_key_vaults=True,
                        recover_soft_deleted_keys=True,
                        recover_soft_deleted_secrets=True,
                        recover_soft_deleted_certificates=True,
                    )
                ],
                log_analytics_workspace=[
                    AzurermProviderFeaturesLogAnalyticsWorkspace(permanently_delete_on_destroy=False)
                ],
                postgresql_flexible_server=[
                    AzurermProviderFeaturesPostgresqlFlexibleServer(restart_server_on_configuration_value_change=True)
                ],
                resource_group=[AzurermProviderFeaturesResourceGroup(prevent_deletion_if_contains_resources=True)],
                # containers are created through the control plane, so a runner can plan without access to the accounts
                storage=[AzurermProviderFeaturesStorage(data_plane_available=False)],
            )
        ],
    )


class Group(Protocol):
    """A resource group of the environment, which the bootstrap stack makes."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def location(self) -> str: ...


@dataclass(frozen=True)
class _Named:
    """A group by its computed names."""

    id: str
    name: str
    location: str


def home(scope: Construct, target: Target) -> Group:
    """The home resource group: the resource in the stack that makes it, elsewhere its computed names."""
    return _group(scope, target, target.region, recovery=False)


def recovery(scope: Construct, target: Target) -> Group:
    """The recovery resource group; see `home`. Raises ContractError if the environment has no recovery region."""
    if not target.recovery_region:
        raise ContractError("the environment has no recovery region", where=scope.node.path)
    return _group(scope, target, target.recovery_region, recovery=True)


def make_groups(scope: Construct, target: Target) -> None:
    """Make the groups in the stack that contains `scope`."""
    for recovery, region in ((False, target.region), (True, target.recovery_region)):
        if region:
            name = names.group(target, recovery=recovery)
            ResourceGroup(TerraformStack.of(scope), _ids[recovery], name=name, location=region, tags=dict(target.tags))


_ids = {False: "group", True: "group-recovery"}


def _group(scope: Construct, target: Target, region: str, *, recovery: bool) -> Group:
    made = TerraformStack.of(scope).node.try_find_child(_ids[recovery])
    if isinstance(made, ResourceGroup):
        return cast(Group, made)
    return _Named(names.group_id(target, recovery=recovery), names.group(target, recovery=recovery), region)


def below(scope: Construct) -> list[TerraformResource]:
    """The resources of a construct so far. A lock that depends on them is removed before one of them is deleted."""
    return [child for child in scope.node.find_all() if isinstance(child, TerraformResource)]
