"""AWS: the trust policies of the pipelines' roles, as STS evaluates them.

Source: IAM User Guide, "Configuring a role for GitHub OIDC identity provider", and "Available keys for AWS OIDC
federation".
"""

from collections.abc import Iterator

from terrace.assurance.access.aws import policies
from terrace.assurance.checks import Subject
from terrace.assurance.sign_in.tokens import Claims
from terrace.authorization.aws import Context, Statement, holds
from terrace.aws import names
from terrace.capabilities.ci import Pipeline


def compares(stack: Subject, claim: str) -> bool:
    """Whether STS has a condition key for the claim: in the commercial regions, of some issuers."""
    return claim in names.condition_keys(stack.target, stack.environment.identity)


def accepts(stack: Subject, pipeline: Pipeline, claims: Claims) -> bool:
    """Whether a token may assume a pipeline's role."""
    token = {"aud": stack.environment.identity.audience(names.STS), **claims}
    role = stack.one("aws_iam_role", f"pipelines/{pipeline}")
    statements = [
        one
        for one in policies.statements(role.get("assume_role_policy"), str(role), stack.view.text)
        if isinstance(one, Statement) and token["aud"] in _audiences(stack, one, token["iss"])
    ]
    allowed = any(one.allows and _holds(stack, one, token) for one in statements)
    return allowed and not any(not one.allows and _holds(stack, one, token) for one in statements)


def _audiences(stack: Subject, statement: Statement, issuer: str) -> Iterator[str]:
    """The audiences of the identity provider of an issuer, if a statement trusts it."""
    identity = stack.environment.identity
    provider = names.arn(stack.target, "iam", f"oidc-provider/{issuer.removeprefix('https://')}", region="")
    if provider not in (statement.principals or {}).get("Federated", ()):
        return
    if not stack.target.settings.owns_account:  # the environment that owns the account has the provider
        yield identity.audience(names.STS)
    for one in stack.view.all("aws_iam_openid_connect_provider"):
        if one.get("url") == issuer:
            yield from one.get("client_id_list", [])


def _holds(stack: Subject, statement: Statement, token: Claims) -> bool:
    host = token["iss"].removeprefix("https://")
    keys = {key.lower() for values in statement.condition.values() for key in values}
    known = {"aud", "sub", *names.condition_keys(stack.target, stack.environment.identity)}
    presented = {f"{host}:{name}".lower(): value for name, value in token.items() if name in known}
    context: Context = {key: presented.get(key) for key in keys}
    return "sts:assumerolewithwebidentity" in statement.patterns and bool(holds(statement.condition, context))
