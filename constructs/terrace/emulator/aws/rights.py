"""The rights of a request: the answer of the policies of its identity, of its permissions boundary and of the resource.

Credentials that are not those of an assumed role are the account's own, and not evaluated; neither are `iam:PassRole`,
grants of keys, policies of VPC endpoints and a service's own requests. A statement about certain resources does not
apply where the request does not tell the ARN. Source: IAM User Guide, "Policy evaluation logic"; AWS KMS Developer
Guide, "Key policies in AWS KMS".
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from terrace.authorization.aws import Context, Statement, Values, listed, statement
from terrace.emulator.aws.asks import Ask, Call, asks
from terrace.emulator.decisions import Decisions


class _Identity(NamedTuple):
    """Who makes a request. `name` is how AWS names it in a message."""

    arn: str
    name: str
    statements: tuple[Statement, ...]
    limit: tuple[Statement, ...]


class Rights:
    """Evaluates the requests to an account."""

    def __init__(self, account: str) -> None:
        self._account = account
        self.decisions = Decisions()

    def refusal(self, service: str, operation: str, environ: dict[str, Any]) -> str:
        """AWS's message when an identity may not make a request; "" when it may."""
        key, region = _scope(environ)
        if not key:
            return ""
        account = self._account_of(key)
        identity = _identity(key, account)
        if identity is None:
            return ""
        for ask in asks(Call(service, operation, environ, account, region)):
            allowed, by = _decide(identity, ask, account, region)
            resource = ask.resource or "*"
            self.decisions.add(identity.arn, ask.action, resource, allowed, by)
            if not allowed:
                return f"User: {identity.name} is not authorized to perform: {ask.action} on resource: {resource}, {by}"
        return ""

    def _account_of(self, key: str) -> str:
        """The account of a session; the emulated one for credentials that no session has."""
        from moto.core import DEFAULT_ACCOUNT_ID
        from moto.iam.models import get_account_id_from

        found = str(get_account_id_from(key))
        return self._account if found == DEFAULT_ACCOUNT_ID else found


def _scope(environ: dict[str, Any]) -> tuple[str, str]:
    """The access key and the region of a signature, in a header or in a signed URL."""
    signed = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0]
    if not signed:
        signed = parse_qs(str(environ.get("QUERY_STRING", ""))).get("X-Amz-Credential", [""])[0]
    scope = signed.split("/")
    return (scope[0], scope[2]) if len(scope) == 5 else ("", "")


def _identity(key: str, account: str) -> _Identity | None:
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    backend = iam_backends[account]["aws"]
    session = sts_backends[account]["aws"].get_assumed_role_from_access_key(key)
    if session is None:
        return None
    role = next((one for one in backend.roles.values() if one.arn == session.role_arn), None)
    boundary = backend.managed_policies.get(role.permissions_boundary_arn) if role else None
    return _Identity(
        session.role_arn,
        session.arn,
        _statements(role) if role else (),
        _read(_document(boundary), "the permissions boundary") if boundary else (),
    )


def _statements(role: Any) -> tuple[Statement, ...]:
    inline = [one for name, text in role.policies.items() for one in _read(text, f"the policy {name}")]
    managed = [one for policy in role.managed_policies.values() for one in _read(_document(policy), policy.name)]
    return (*inline, *managed)


def _document(policy: Any) -> str:
    """The text of a managed policy's default version."""
    return str(next(one.document for one in policy.versions if one.version_id == policy.default_version_id))


@lru_cache(maxsize=4096)
def _read(text: str, by: str) -> tuple[Statement, ...]:
    """The statements of a policy, each with its name."""
    found = []
    for number, written in enumerate(listed(json.loads(text)) if text else (), start=1):
        read = statement(written, f"statement {written.get('Sid') or number} of {by}")
        if read is not None:
            found.append(read)
    return tuple(found)


def _decide(identity: _Identity, ask: Ask, account: str, region: str) -> tuple[bool, str]:
    """Whether an identity may do what it asks for, and what allows or denies it."""
    context: dict[str, Values] = {
        "aws:requestedregion": region, "aws:securetransport": "true", "s3:tlsversion": "1.3",
        "aws:principalarn": identity.arn, "aws:principalaccount": account, "kms:calleraccount": account,
        "aws:principalisawsservice": "false", "kms:grantisforawsresource": "false", **ask.context,
    }  # fmt: skip
    of_resource = _read(ask.policy, "the policy of the resource")

    def first(statements: Iterable[Statement], allows: bool) -> str:
        about = (one for one in statements if one.allows is allows)
        return next((one.by for one in about if _is_about(one, ask, context)), "")

    def admitting(delegated: bool) -> Sequence[Statement]:
        return [one for one in of_resource if one.is_for("AWS", identity.arn, delegated=delegated)]

    if denied := first((*identity.statements, *identity.limit, *admitting(True)), False):
        return False, f"explicit deny in {denied}"
    if identity.limit and not first(identity.limit, True):
        return False, "the permissions boundary does not allow the action"
    if direct := first(admitting(False), True):
        return True, direct
    if ask.decisive and not first(admitting(True), True):
        return False, "the policy of the resource does not allow the action"
    if own := first(identity.statements, True):
        return True, own
    return False, "no identity-based policy allows the action"


def _is_about(one: Statement, ask: Ask, context: Context) -> bool:
    if not one.names(ask.action.lower()) or not one.applies_to(context):
        return False
    return one.covers(ask.resource) and (bool(ask.resource) or not one.resources_all_but)
