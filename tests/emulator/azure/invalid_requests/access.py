"""Invalid configurations of keys, roles, vaults and identities, and requests that Resource Manager refuses."""

from terrace.emulator.azure.ids import guid
from tests.emulator.azure.bodies import GROUP, KEY, NETWORK, SUBSCRIPTION, USER, resource_id, role
from tests.emulator.azure.invalid_requests.invalid_request import InvalidRequest, set_field, set_property
from tests.emulator.azure.samples import SAMPLES

INVALID_REQUESTS = (
    InvalidRequest("storage", "account", "KeyVaultPolicyError", set_property("encryption.identity", {})),
    InvalidRequest(
        "storage", "account", "KeyVaultPolicyError", set_property("encryption.keyvaultproperties.keyname", "none")
    ),
    InvalidRequest(
        "disk_encryption",
        "disks",
        "KeyVaultAccessForbidden",
        set_property("activeKey.keyUrl", KEY.replace("purpose", "none")),
    ),
    InvalidRequest("registry", "registry", "CustomerManagedKeyInvalid", set_field("identity", None)),
    InvalidRequest(
        "cluster", "cluster", "AzureKeyVaultKmsInvalid", set_property("securityProfile.azureKeyVaultKms.keyId", KEY)
    ),
    InvalidRequest(
        "database",
        "server",
        "AzureKeyVaultKeyInvalid",
        set_property("dataEncryption.primaryKeyURI", KEY.replace("world-vault", "nowhere")),
    ),
    InvalidRequest(
        "cache",
        "cache",
        "CustomerManagedKeyInvalid",
        set_property("encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl", KEY),
    ),
    InvalidRequest(
        "backup",
        "backup",
        "CMKSettingsInvalid",
        set_property(
            "securitySettings.encryptionSettings",
            {"keyVaultProperties": {"keyUri": KEY.replace("purpose", "none")}, "kekIdentity": {"identityId": USER}},
        ),
    ),
    InvalidRequest(
        "role_unknown",
        "grant-reader",
        "RoleDefinitionDoesNotExist",
        set_property("roleDefinitionId", role(guid("none"))),
        path=f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    InvalidRequest(
        "assignment_exists",
        "grant-reader",
        "RoleAssignmentExists",
        path=f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    InvalidRequest(
        "assignment_changed",
        "grant-reader",
        "RoleAssignmentUpdateNotPermitted",
        set_property("principalId", guid("other")),
    ),
    InvalidRequest(
        "role_not_assignable_at_scope",
        "grant-reader",
        "RoleDefinitionNotAssignableAtScope",
        set_property("roleDefinitionId", SAMPLES["role"][0]),
        path=f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    InvalidRequest("role_name_taken", "role", "RoleDefinitionWithSameNameExists", set_property("roleName", "Reader")),
    InvalidRequest(
        "invalid_assignable_scope", "role", "InvalidAssignableScopes", set_property("assignableScopes", ["/"])
    ),
    InvalidRequest(
        "policy_unknown",
        "policy",
        "PolicyDefinitionNotFound",
        set_property("policyDefinitionId", f"/providers/Microsoft.Authorization/policyDefinitions/{guid('none')}"),
    ),
    InvalidRequest(
        "policy_without_identity",
        "policy",
        "ResourceIdentityRequired",
        set_property(
            "policyDefinitionId",
            "/providers/Microsoft.Authorization/policyDefinitions/ea3f2387-9b95-492a-a190-fcdc54f7b070",
        ),
    ),
    InvalidRequest(
        "policy_without_identity", "policy", "LocationRequired", set_field("identity", {"type": "SystemAssigned"})
    ),
    InvalidRequest(
        "unknown_lock_level",
        "policy",
        "InvalidLockLevel",
        set_property("level", "Forever"),
        path=f"{GROUP}/providers/Microsoft.Authorization/locks/all",
    ),
    InvalidRequest(
        "name_taken",
        "vault",
        "VaultAlreadyExists",
        path=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.KeyVault/vaults/world-vault",
    ),
    InvalidRequest("purge_protection_disabled", "vault", "BadRequest", set_property("enablePurgeProtection", None)),
    InvalidRequest("retention_changed", "vault", "BadRequest", set_property("softDeleteRetentionInDays", 90)),
    InvalidRequest(
        "retention_out_of_range",
        "vault",
        "BadRequest",
        set_property("softDeleteRetentionInDays", 5),
        path=resource_id("KeyVault/vaults", "brief"),
    ),
    InvalidRequest("tenant_mismatch", "vault", "InvalidTenantId", set_property("tenantId", guid("other"))),
    InvalidRequest(
        "nothing_to_recover",
        "vault",
        "DeletedVaultNotFound",
        set_property("createMode", "recover"),
        path=resource_id("KeyVault/vaults", "fresh"),
    ),
    InvalidRequest("duplicate_subject", "credential", "Conflict", path=f"{USER}/federatedIdentityCredentials/again"),
    InvalidRequest(
        "_group_absent",
        "user",
        "ResourceGroupNotFound",
        path=f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user",
    ),
    InvalidRequest(
        "_parent_absent",
        "database",
        "ParentResourceNotFound",
        path=resource_id("DBforPostgreSQL/flexibleServers", "none/databases/a"),
    ),
    InvalidRequest(
        "_parent_absent",
        "diagnostics",
        "ResourceNotFound",
        path=resource_id("Network/virtualNetworks", "none/providers/Microsoft.Insights/diagnosticSettings/a"),
    ),
    InvalidRequest("_required", "account", "InvalidRequestContent", set_field("sku", None)),
    InvalidRequest("_required", "network", "LocationRequired", set_field("location", None)),
    InvalidRequest("_location_changed", "network", "InvalidResourceLocation", set_field("location", "westeurope")),
    InvalidRequest(
        "_missing_reference",
        "endpoint",
        "InvalidResourceReference",
        set_property("subnet.id", f"{NETWORK}/subnets/none"),
    ),
)
