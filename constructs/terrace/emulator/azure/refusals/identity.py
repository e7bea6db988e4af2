"""Refusals of managed identities. Source: workload identity federation, "Important considerations and restrictions"."""

from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Resource, find

_MAXIMUM = 20


def duplicate_subject(resource: Resource) -> Refused | None:
    """Issuer and subject are unique within an identity."""
    for item in resource.store.children(resource.id.parent, "federatedIdentityCredentials"):
        same = all(find(item.body, f"properties.{word}") == resource.get(word) for word in ("issuer", "subject"))
        if same and item.id.lower() != resource.id.key:
            message = f"Issuer and subject combination already exists for {parse(item.id).name}."
            return Refused(409, "Conflict", message)
    return None


def too_many_credentials(resource: Resource) -> Refused | None:
    """At most 20 for an identity."""
    others = resource.store.children(resource.id.parent, "federatedIdentityCredentials")
    if resource.old is None and len(others) >= _MAXIMUM:
        message = (
            f"Too many Federated Identity Credentials are assigned to the managed identity. The limit is {_MAXIMUM}."
        )
        return Refused(400, "TooManyFederatedIdentityCredentials", message)
    return None


CREDENTIAL = (duplicate_subject, too_many_credentials)
