"""Microsoft.ManagedIdentity."""

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import identity
from terrace.emulator.azure.store import Body


def _principal(resource: Resource) -> Body:
    """The same values as in the identity blocks of the resources that use it."""
    return {
        "principalId": resource.guid("principal"),
        "clientId": resource.guid("client"),
        "tenantId": resource.store.tenant,
    }


KINDS = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": Kind(computed=_principal, required=(".location",)),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": Kind(
        required=("issuer", "subject", "audiences"), rules=identity.CREDENTIAL, stateless=True
    ),
}
