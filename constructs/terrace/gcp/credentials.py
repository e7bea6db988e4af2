"""What Terraform says when Google Cloud does not let it in, and what to do. No CDK here.

Sources: the provider's own words, as tests/deployment/test_refusals.py has them; Google Cloud APIs, "Errors"; RFC 6749,
5.2, for invalid_grant.
"""

from terrace.capabilities.access import Refusal

_LOGIN = "log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"

REFUSALS: tuple[Refusal, ...] = (
    Refusal("expired", r"invalid_grant|invalid_rapt", _LOGIN),
    Refusal("missing", r"could not find default credentials|No credentials loaded", _LOGIN),
    Refusal(
        "refused",
        r"invalid authentication credentials|invalid_client|UNAUTHENTICATED",
        f"{_LOGIN}; GOOGLE_OAUTH_ACCESS_TOKEN lasts an hour",
    ),
    Refusal(
        "elsewhere",
        r"required permission to use project \S+|USER_PROJECT_DENIED|CONSUMER_INVALID",
        "the environment's project is gcp.project_id; an identity of another project wants "
        "roles/serviceusage.serviceUsageConsumer there",
    ),
    Refusal(
        "denied",
        r"Permission '[\w.]+' denied|Required '[\w.]+' permission|does not have [\w.]+ (access|permission)"
        r"|IAM_PERMISSION_DENIED|PERMISSION_DENIED",
        "what applying needs is in policies/deploy/gcp; a role that was just given takes minutes to count",
    ),
)
"""In the order in which they are asked."""
