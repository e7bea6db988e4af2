"""Microsoft.DataProtection: backup vaults, policies and instances."""

from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import backup as refused
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.store import Body


def _protected(resource: Resource) -> Body:
    """The provider waits until protection is configured."""
    return {"currentProtectionState": "ProtectionConfigured", "protectionStatus": {"status": "ProtectionConfigured"}}


def _accepted(resource: Resource, body: Any) -> tuple[int, Any]:
    return 202, None


_VAULT = "Microsoft.DataProtection/backupVaults"
KINDS = {
    _VAULT: Kind(
        operation=201,
        required=(".location", "storageSettings"),
        rules=(*refused.VAULT, keys.backup),
        delete_rules=refused.VAULT_DELETE,
        # Source: Azure Backup, "Encrypt backup data by using customer-managed keys": it cannot be turned off
        keeps=("securitySettings.encryptionSettings",),
    ),
    f"{_VAULT}/backupPolicies": Kind(
        required=("policyRules",), rules=refused.POLICY, delete_rules=refused.POLICY_DELETE, stateless=True
    ),
    f"{_VAULT}/backupInstances/recoveryPoints": Kind(stateless=True),  # an empty list: backups never run
    f"{_VAULT}/backupInstances": Kind(
        operation=201,
        computed=_protected,
        required=("dataSourceInfo.resourceID", "policyInfo.policyId"),
        rules=refused.INSTANCE,
        actions={"validateforbackup": _accepted, "stopprotection": _accepted, "adhocbackup": _accepted},
    ),
}
