"""Resources of Azure that are deleted and whose names cannot be used yet, by Terraform's type.

The provider restores vaults, their keys, secrets and certificates, and workspaces when it creates them again, so these
block nothing. Source: azurerm, features block: recover_soft_deleted_key_vaults and its siblings; Azure Backup,
"Enhanced soft delete".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.azure import names
from terrace.live.azure.checks import Deployment, at, opened
from terrace.live.deleted import Check
from terrace.live.reasons import Reason

__all__ = ["CHECKS", "LASTING", "opened"]


def _vault(deployment: Deployment, values: Mapping[str, Any]) -> Iterator[Reason]:
    """A deleted vault of this name in another group or region is not restored by the provider."""
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.KeyVault/deletedVaults"
    for vault in deployment.pages(place):
        former = str(at(vault, "vaultId", "")).lower()
        inside = f"/resourcegroups/{str(values.get('resource_group_name')).lower()}/" in former
        if vault["name"] == values["name"] and former and not inside:
            until = str(at(vault, "scheduledPurgeDate", ""))[:10]
            message = f"has the name of a deleted vault of another resource group, which is retained until {until}"
            yield (
                message,
                f"`az keyvault recover --name {values['name']}`, then import it, or choose another project name",
            )


CHECKS: Mapping[str, Check[Deployment]] = {"azurerm_key_vault": _vault}

LASTING: frozenset[str] = frozenset()
"""Types that a plan looks for before it creates them."""
