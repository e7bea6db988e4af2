"""Google Cloud: the pipelines' identity providers with their conditions (CEL), and the bindings of their accounts.

Source: IAM documentation, "Configure Workload Identity Federation with deployment pipelines" and "Attribute mappings".
"""

from terrace.assurance.checks import Subject
from terrace.assurance.sign_in.tokens import Claims
from terrace.assurance.view import Resource
from terrace.capabilities.ci import Pipeline
from terrace.gcp import names

_PROVIDER, _MEMBER = "google_iam_workload_identity_pool_provider", "google_service_account_iam_member"
_SUBJECT_BYTES = 127


def compares(stack: Subject, claim: str) -> bool:
    """Whether the cloud compares a claim beside the subject: every one."""
    return True


def accepts(stack: Subject, pipeline: Pipeline, claims: Claims) -> bool:
    """Whether a provider exchanges a token, and the pipeline's account has a binding of the resulting principal."""
    account = stack.one("google_service_account", f"pipelines/{pipeline}")
    bound = [str(one.get("member")) for one in stack.view.pointing(_MEMBER, "service_account_id", account)]
    return any(_principal(stack, provider, claims) in bound for provider in stack.view.all(_PROVIDER))


def _principal(stack: Subject, provider: Resource, claims: Claims) -> str | None:
    """The principal for which a provider exchanges a token; None if it refuses the token."""
    pools = f"projects/{names.number(stack.target)}/locations/global/workloadIdentityPools"
    pool = f"{pools}/{stack.view.text(provider.get('workload_identity_pool_id'))}"
    name = f"{pool}/providers/{provider.get('workload_identity_pool_provider_id')}"
    default = [f"https://iam.googleapis.com/{name}", f"//iam.googleapis.com/{name}"]
    audiences = provider.get("oidc.allowed_audiences") or default
    token = {"aud": audiences[0], **claims}
    if token["iss"] != provider.get("oidc.issuer_uri") or token["aud"] not in audiences:
        return None
    subject = _value(provider.get("attribute_mapping", {}).get("google.subject", ""), token)
    admitted = _value(provider.get("attribute_condition", "true"), token)
    if admitted is not True or not isinstance(subject, str) or len(subject.encode()) > _SUBJECT_BYTES:
        return None
    return f"principal://iam.googleapis.com/{pool}/subject/{subject}"


def _value(expression: str, token: Claims) -> object:
    """The value of a CEL expression about a token; None for one that cannot be evaluated, which admits nothing."""
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_strings

    try:
        known = cel.NewEnv(variables={"assertion": cel.Type.DYN}, extensions=[ext_strings.ExtStrings()])
        compiled = known.compile(expression)
        value: object = compiled.eval(data={"assertion": dict(token)}).plain_value()
    except Exception:  # the library has no class of its own
        return None
    return value
