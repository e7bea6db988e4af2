"""The Azure provider of a stack, and its resource groups: home and, if there is one, recovery."""

from cdktn import TerraformStack
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
    """Add the provider, limited to the target's subscription and tenant, and the resource groups to `stack`.

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
    _group(stack, "group", target, target.region, recovery=False)
    if target.recovery_region:
        _group(stack, "group-recovery", target, target.recovery_region, recovery=True)


def home(scope: Construct) -> ResourceGroup:
    """The home resource group of the stack that contains `scope`."""
    return _child(scope, "group")


def recovery(scope: Construct) -> ResourceGroup:
    """The recovery resource group of the stack that contains `scope`."""
    return _child(scope, "group-recovery")


def _group(stack: TerraformStack, id: str, target: Target, region: str, *, recovery: bool) -> None:
    ResourceGroup(stack, id, name=names.group(target, recovery=recovery), location=region, tags=dict(target.tags))


def _child(scope: Construct, id: str) -> ResourceGroup:
    child = TerraformStack.of(scope).node.try_find_child(id)
    if not isinstance(child, ResourceGroup):
        raise ContractError("the environment has no recovery region", where=scope.node.path)
    return child
