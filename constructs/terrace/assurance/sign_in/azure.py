"""Azure: the federated credentials of the pipelines' identities, as Entra compares them: issuer, subject and audience
are equal, in the same case.

Source: Microsoft identity platform documentation, "Important considerations and restrictions for federated identity
credentials".
"""

from terrace.assurance.checks import Subject
from terrace.assurance.sign_in.tokens import Claims
from terrace.capabilities.ci import Pipeline

_CREDENTIAL = "azurerm_federated_identity_credential"
_AUDIENCE = "api://AzureADTokenExchange"


def compares(stack: Subject, claim: str) -> bool:
    """Whether Entra compares a claim beside the subject: it does not, except in credentials that managed identities
    lack (flexible ones, in preview)."""
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
