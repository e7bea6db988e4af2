"""Wrong configurations of keys, rights, vaults, identities, and Resource Manager itself."""

from terrace.emulator.azure.ids import guid
from tests.emulator.azure.bodies import GROUP, KEY, NETWORK, SUBSCRIPTION, USER, role
from tests.emulator.azure.bodies import at as place
from tests.emulator.azure.mistakes.mistake import Mistake, p, set_
from tests.emulator.azure.world import WORLD

MISTAKES = (
    Mistake("storage", "account", "KeyVaultPolicyError", p("encryption.identity", {})),
    Mistake("storage", "account", "KeyVaultPolicyError", p("encryption.keyvaultproperties.keyname", "none")),
    Mistake(
        "disk_encryption", "disks", "KeyVaultAccessForbidden", p("activeKey.keyUrl", KEY.replace("purpose", "none"))
    ),
    Mistake("registry", "registry", "CustomerManagedKeyInvalid", set_("identity", None)),
    Mistake("cluster", "cluster", "AzureKeyVaultKmsInvalid", p("securityProfile.azureKeyVaultKms.keyId", KEY)),
    Mistake(
        "database",
        "server",
        "AzureKeyVaultKeyInvalid",
        p("dataEncryption.primaryKeyURI", KEY.replace("world-vault", "nowhere")),
    ),
    Mistake(
        "cache",
        "cache",
        "CustomerManagedKeyInvalid",
        p("encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl", KEY),
    ),
    Mistake(
        "backup",
        "backup",
        "CMKSettingsInvalid",
        p(
            "securitySettings.encryptionSettings",
            {"keyVaultProperties": {"keyUri": KEY.replace("purpose", "none")}, "kekIdentity": {"identityId": USER}},
        ),
    ),
    Mistake(
        "role_unknown",
        "grant-reader",
        "RoleDefinitionDoesNotExist",
        p("roleDefinitionId", role(guid("none"))),
        at=f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    Mistake(
        "assignment_exists",
        "grant-reader",
        "RoleAssignmentExists",
        at=f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    Mistake("assignment_changed", "grant-reader", "RoleAssignmentUpdateNotPermitted", p("principalId", guid("other"))),
    Mistake(
        "role_not_assignable_here",
        "grant-reader",
        "RoleDefinitionNotAssignableAtScope",
        p("roleDefinitionId", WORLD["role"][0]),
        at=f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{guid('a')}",
    ),
    Mistake("role_name_taken", "role", "RoleDefinitionWithSameNameExists", p("roleName", "Reader")),
    Mistake("role_for_the_world", "role", "InvalidAssignableScopes", p("assignableScopes", ["/"])),
    Mistake(
        "policy_unknown",
        "policy",
        "PolicyDefinitionNotFound",
        p("policyDefinitionId", f"/providers/Microsoft.Authorization/policyDefinitions/{guid('none')}"),
    ),
    Mistake(
        "policy_without_identity",
        "policy",
        "ResourceIdentityRequired",
        p(
            "policyDefinitionId",
            "/providers/Microsoft.Authorization/policyDefinitions/ea3f2387-9b95-492a-a190-fcdc54f7b070",
        ),
    ),
    Mistake("policy_without_identity", "policy", "LocationRequired", set_("identity", {"type": "SystemAssigned"})),
    Mistake(
        "lock_of_unknown_level",
        "policy",
        "InvalidLockLevel",
        p("level", "Forever"),
        at=f"{GROUP}/providers/Microsoft.Authorization/locks/all",
    ),
    Mistake(
        "name_taken",
        "vault",
        "VaultAlreadyExists",
        at=f"{SUBSCRIPTION}/resourceGroups/elsewhere/providers/Microsoft.KeyVault/vaults/world-vault",
    ),
    Mistake("protection_taken_back", "vault", "BadRequest", p("enablePurgeProtection", None)),
    Mistake("retention_changed", "vault", "BadRequest", p("softDeleteRetentionInDays", 90)),
    Mistake(
        "retention_out_of_range",
        "vault",
        "BadRequest",
        p("softDeleteRetentionInDays", 5),
        at=place("KeyVault/vaults", "brief"),
    ),
    Mistake("tenant_of_another", "vault", "InvalidTenantId", p("tenantId", guid("other"))),
    Mistake(
        "nothing_to_recover",
        "vault",
        "DeletedVaultNotFound",
        p("createMode", "recover"),
        at=place("KeyVault/vaults", "fresh"),
    ),
    Mistake("same_subject_twice", "credential", "Conflict", at=f"{USER}/federatedIdentityCredentials/again"),
    Mistake(
        "_group_absent",
        "user",
        "ResourceGroupNotFound",
        at=f"{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.ManagedIdentity/userAssignedIdentities/user",
    ),
    Mistake(
        "_parent_absent",
        "database",
        "ParentResourceNotFound",
        at=place("DBforPostgreSQL/flexibleServers", "none/databases/a"),
    ),
    Mistake(
        "_parent_absent",
        "diagnostics",
        "ResourceNotFound",
        at=place("Network/virtualNetworks", "none/providers/Microsoft.Insights/diagnosticSettings/a"),
    ),
    Mistake("_required", "account", "InvalidRequestContent", set_("sku", None)),
    Mistake("_required", "network", "LocationRequired", set_("location", None)),
    Mistake("_moved", "network", "InvalidResourceLocation", set_("location", "westeurope")),
    Mistake("_refers_to_nothing", "endpoint", "InvalidResourceReference", p("subnet.id", f"{NETWORK}/subnets/none")),
)
