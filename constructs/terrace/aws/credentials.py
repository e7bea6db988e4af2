"""What Terraform says when AWS does not let it in, and what to do. No CDK here.

Sources: the provider's own words, as tests/deployment/test_refusals.py has them; AWS, "Common error types" of each API.
"""

from terrace.capabilities.access import Refusal

_LOGIN = "log in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

REFUSALS: tuple[Refusal, ...] = (
    Refusal("expired", r"failed to read cached SSO token file|SSO session has expired", "log in with `aws sso login`"),
    Refusal("expired", r"ExpiredToken\w*|RequestExpired", f"{_LOGIN}; a clock that is wrong looks the same"),
    Refusal("missing", r"failed to get shared config profile, \S+", "AWS_PROFILE names none of ~/.aws/config"),
    Refusal("missing", r"No valid credential sources found|failed to refresh cached credentials", _LOGIN),
    Refusal(
        "refused",
        r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure\b",
        f"the key is mistyped, switched off or deleted: {_LOGIN}",
    ),
    Refusal(
        "elsewhere",
        r"AWS account ID not allowed: \d+",
        "the environment's account is aws.account_id; AWS_PROFILE has to lead there",
    ),
    Refusal(
        "denied",
        r"not authorized to perform: [\w-]+:\w+|UnauthorizedOperation|AccessDenied\w*|AuthorizationError",
        "what applying needs is in policies/deploy/aws; the permissions boundary or an organisation's policy can "
        "take it away again",
    ),
)
"""In the order in which they are asked."""
