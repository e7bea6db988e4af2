"""Microsoft.DataProtection: backup vaults, policies and what is backed up."""

from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import backup as refused
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.store import Body


def _protected(resource: Resource) -> Body:
    """The provider waits until the first protection is set up."""
    return {"currentProtectionState": "ProtectionConfigured", "protectionStatus": {"status": "ProtectionConfigured"}}


def _answered(resource: Resource, body: Any) -> tuple[int, Any]:
    return 202, None


_VAULT = "Microsoft.DataProtection/backupVaults"
KINDS = {
    _VAULT: Kind(
        operation=201,
        required=(".location", "storageSettings"),
        rules=(*refused.VAULT, keys.backup),
        holds=refused.HELD_VAULT,
    ),
    f"{_VAULT}/backupPolicies": Kind(
        required=("policyRules",), rules=refused.POLICY, holds=refused.HELD_POLICY, stateless=True
    ),
    f"{_VAULT}/backupInstances/recoveryPoints": Kind(stateless=True),  # none: backups never run
    f"{_VAULT}/backupInstances": Kind(
        operation=201,
        computed=_protected,
        required=("dataSourceInfo.resourceID", "policyInfo.policyId"),
        rules=refused.INSTANCE,
        actions={"validateforbackup": _answered, "stopprotection": _answered, "adhocbackup": _answered},
    ),
}
