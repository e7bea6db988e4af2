"""Azure: the federated credentials of the pipelines' identities, as Entra compares them: issuer, subject and audience
are equal, in the same case.

Source: Microsoft identity platform documentation, "Important considerations and restrictions for federated identity
credentials".
"""

from terrace.assurance.checks import Subject
from terrace.assurance.sign_in import Claims
from terrace.capabilities.identity import Pipeline

_CREDENTIAL = "azurerm_federated_identity_credential"
_AUDIENCE = "api://AzureADTokenExchange"


def compares_claims(stack: Subject) -> bool:
    """Whether the cloud compares claims beside the subject: Entra does not, except in credentials that azurerm lacks
    (flexible ones, in preview)."""
    return False


def accepts(stack: Subject, pipeline: Pipeline, claims: Claims) -> bool:
    """Whether a token may act as a pipeline's identity."""
    token = {"aud": _AUDIENCE, **claims}
    identity = stack.one("azurerm_user_assigned_identity", f"pipelines/{pipeline}")
    return any(
        (one.get("issuer"), one.get("subject")) == (token["iss"], token["sub"])
        and token["aud"] in one.get("audience", [])
        for one in stack.view.pointing(_CREDENTIAL, "user_assigned_identity_id", identity)
    )
