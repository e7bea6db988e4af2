"""What Terraform says when Azure does not let it in, and what to do. No CDK here.

Sources: the provider's own words, as tests/deployment/test_refusals.py has them; Microsoft Entra, "Authentication and
authorization error codes"; Azure Resource Manager, "Common deployment errors".
"""

from terrace.capabilities.access import Refusal

_LOGIN = "log in with `az login`, or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET or ARM_USE_OIDC"

REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "expired",
        r"AADSTS(700082|70043|70008|7000222|50173|50078)|ExpiredAuthenticationToken",
        f"{_LOGIN}; a client secret that is over is renewed in Entra",
    ),
    Refusal(
        "elsewhere",
        r"InvalidAuthenticationTokenTenant|SubscriptionNotFound|AADSTS90002|AADSTS700016"
        r"|[Ss]ubscription\W+[0-9a-f-]{36}\W.{0,20}\bnot found",
        "the environment's are azure.tenant_id and azure.subscription_id: `az login --tenant`, `az account set`",
    ),
    Refusal("refused", r"AADSTS\d+|InvalidAuthenticationToken\b", _LOGIN),
    Refusal("missing", r"exec: \"az\": executable file not found|run 'az login'", _LOGIN),
    Refusal("missing", r"could not configure \w+ Authorizer|unable to build authorizer", _LOGIN),
    Refusal(
        "denied",
        r"perform action '[\w./]+'|AuthorizationFailed|LinkedAuthorizationFailed|AuthorizationPermissionMismatch"
        r"|ForbiddenByRbac|ForbiddenByPolicy",
        "what applying needs is in policies/deploy/azure; a role that was just given takes minutes to count",
    ),
)
"""In the order in which they are asked."""
