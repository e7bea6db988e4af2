"""Restores deleted resources of Azure, by Terraform's type: none, because the provider restores them.

Source: azurerm, features block, recover_soft_deleted_key_vaults and its siblings. A vault of another resource group
belongs to others.
"""

from collections.abc import Callable, Mapping

from terrace.live.azure.checks import Deployment, opened

__all__ = ["RESTORE", "opened"]

RESTORE: Mapping[str, Callable[[Deployment, str], None]] = {}
