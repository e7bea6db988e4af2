"""STS: sign-in with a token of an OpenID Connect issuer."""

import json
from collections.abc import Mapping
from typing import Any

import moto.sts.responses as responses
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import BaseResponse
from moto.iam.models import get_account_id_from, iam_backends

from terrace.authorization.aws import Context, Statement, Values, listed, statement
from terrace.emulator.aws.patch import Function, parameters_of, service_error, wrap
from terrace.emulator.issuers import Claims, InvalidToken, Issuers, audiences

_ACTION = "sts:assumerolewithwebidentity"
_STANDARD = ("amr", "aud", "email", "oaud", "sub")
_OF_ISSUER: Mapping[str, tuple[str, ...]] = {
    "token.actions.githubusercontent.com": (
        *("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref"),
        *("ref", "repository", "repository_id", "workflow"),
    ),
    "gitlab.com": (
        *("namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment"),
        *("user_access_level", "user_email", "user_id", "user_login"),
    ),
}
"""Claims that are condition keys, of every issuer and of some. Source: IAM User Guide, "Available keys for AWS OIDC
federation" and "IAM and AWS STS condition context keys"."""
_MESSAGES = {
    "malformed": "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    "unknown issuer": "Couldn't retrieve verification key from your identity provider, please reference "
    "AssumeRoleWithWebIdentity documentation for requirements",
    "wrong signature": "The ID Token provided has an invalid signature",
    "not yet valid": "The ID Token provided is not valid yet",
}

_trusted = Issuers()


def trust(issuers: Issuers) -> None:
    """Set the issuers whose tokens this process verifies."""
    global _trusted
    _trusted = issuers


def assume_role_with_web_identity() -> None:
    """Stock moto assumes any role with any text as a token. AWS verifies the token, compares its issuer and audience
    with the account's identity providers, and evaluates the role's trust policy over its claims."""

    @wrap(responses.TokenResponse, "assume_role_with_web_identity")
    def assume(original: Function, self: Any) -> Any:
        parameters = parameters_of(self)
        claims = _verified(str(parameters.get("WebIdentityToken", "")))
        provider = _provider(self, claims)
        context = _context(claims, provider.url, str(parameters.get("RoleSessionName", "")))
        if not _allowed(_trust_policy(self, str(parameters.get("RoleArn", ""))), provider.arn, context):
            raise service_error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        answer = original(self)
        answer.result.update(
            SubjectFromWebIdentityToken=claims["sub"], Audience=audiences(claims)[0], Provider=provider.arn
        )
        return answer


def account_of_a_role() -> None:
    """Stock moto ignores that a role assumed in another account acts there, if the account of its callers is given."""

    @wrap(BaseResponse, "get_current_account")
    def get_current_account(original: Function, self: Any) -> Any:
        found = get_account_id_from(self.get_access_key())
        return original(self) if found == DEFAULT_ACCOUNT_ID else found


def _verified(token: str) -> Claims:
    try:
        return _trusted.verify(token)
    except InvalidToken as error:
        if error.fault == "expired":
            raise service_error("ExpiredTokenException", "Token expired: current date/time is past `exp`") from None
        raise service_error("InvalidIdentityToken", _MESSAGES[error.fault]) from None


def _provider(response: Any, claims: Claims) -> Any:
    """The account's identity provider (moto's) for the issuer and the audience of a token."""
    providers = iam_backends[response.current_account][response.partition].open_id_providers.values()
    found = next((one for one in providers if f"https://{one.url}" == claims["iss"]), None)
    if found is None:
        message = f"No OpenIDConnect provider found in your account for {claims['iss']}"
        raise service_error("InvalidIdentityToken", message)
    if not set(audiences(claims)) & set(found.client_id_list):
        raise service_error("InvalidIdentityToken", "Incorrect token audience")
    return found


def _context(claims: Claims, host: str, session: str) -> Context:
    keys = (*_STANDARD, *_OF_ISSUER.get(host, ()))
    found = {f"{host}:{key}".lower(): claims[key] for key in keys if claims.get(key) is not None}
    context: dict[str, Values] = {
        key: tuple(str(one) for one in value) if isinstance(value, list) else str(value) for key, value in found.items()
    }
    return context | {"sts:rolesessionname": session}


def _trust_policy(response: Any, role: str) -> list[Statement]:
    """The statements of a role's trust policy; none for a role that does not exist."""
    roles = iam_backends[response.current_account][response.partition].roles.values()
    policy = next((one.assume_role_policy_document for one in roles if one.arn == role), None)
    read = [statement(one, role) for one in listed(json.loads(policy))] if policy else []
    return [one for one in read if one is not None]


def _allowed(statements: list[Statement], provider: str, context: Context) -> bool:
    about = [one for one in statements if one.names(_ACTION) and one.is_for("Federated", provider)]
    return {one.allows for one in about if one.applies_to(context)} == {True}


PATCHES = (assume_role_with_web_identity, account_of_a_role)
