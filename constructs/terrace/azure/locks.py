"""Changes of Azure resources that cannot be undone."""

from datetime import date

from terrace.capabilities.effects import Lock, LockTable

_READ = date(2026, 12, 1)

LOCKS: LockTable = {
    "azurerm_data_protection_backup_vault": {
        "immutability": Lock(
            "Locked",
            "the vault cannot be unlocked, and its backups cannot be deleted before their retention ends",
            "Azure Backup documentation, 'Immutable vault for Azure Backup'",
            _READ,
        )
    },
    "azurerm_storage_container_immutability_policy": {
        "locked": Lock(
            "true",
            "the policy cannot be deleted or shortened, and blobs cannot be deleted before it ends",
            "Azure Storage documentation, 'Time-based retention policies for immutable blob data'",
            _READ,
        )
    },
}
