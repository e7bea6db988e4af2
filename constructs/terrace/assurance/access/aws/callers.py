"""The callers that a resource's policy may admit, each with the condition keys of its requests."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from terrace.assurance.access.aws.objects import Objects
from terrace.authorization.aws import Context, Statement

_FOREIGN = "999999999999"
_WITHOUT_SOURCE = ("ec2", "eks", "logdelivery.elasticloadbalancing")
"""Services that name no source account, because they act only for the account of the resource. Source: IAM User Guide,
"The confused deputy problem"; Elastic Load Balancing, "Enable access logs"."""


class Caller(NamedTuple):
    """A candidate: its name in the model, the kind of principal, its ARN or service, and its requests' context."""

    name: str
    kind: str
    value: str
    context: Context


def callers(statements: Iterable[Statement], objects: Objects) -> Iterator[Caller]:
    """The candidates for policies: any identity of the account, anyone, and each one that they name."""
    statements = list(statements)
    yield _identity("account", f"arn:aws:iam::{objects.account}:role/any", objects.account)
    yield _identity("anyone", f"arn:aws:iam::{_FOREIGN}:role/any", _FOREIGN)
    named = {one for each in statements for one in _named(each)}
    for arn in sorted(named):
        name = objects.principal(arn)
        if name != "account" and arn != "*":
            parts = arn.split(":")
            account = parts[4] if len(parts) > 4 else arn
            yield _identity(name, arn.replace("*", "x").replace("?", "x"), account)
    for service in sorted({one for each in statements for one in (each.principals or {}).get("Service", ())}):
        short = service.removesuffix(".amazonaws.com").removesuffix(f".{objects.region}")
        yield Caller(f"cloud {short}", "Service", service, _service(objects.account))
        if short not in _WITHOUT_SOURCE:
            yield Caller(f"foreign {short} of any account", "Service", service, _service(_FOREIGN))
    for kind in ("Federated", "CanonicalUser"):
        for value in sorted({one for each in statements for one in (each.principals or {}).get(kind, ())}):
            yield Caller(f"foreign {value}", kind, value, {})


def _named(statement: Statement) -> Iterator[str]:
    """The identities that a statement names, as principals or in a condition."""
    yield from (statement.principals or {}).get("AWS", ())
    for keys in statement.condition.values():
        for key, values in keys.items():
            if key.lower() == "aws:principalarn":
                yield from values


def _identity(name: str, arn: str, account: str) -> Caller:
    context: Context = {
        "aws:principalarn": arn, "aws:principalaccount": account, "kms:calleraccount": account,
        "aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:sourceaccount": None, "aws:sourcearn": None,
        "aws:principalisawsservice": "false", "kms:grantisforawsresource": "false", "kms:viaservice": None,
    }  # fmt: skip
    return Caller(name, "AWS", arn, context)


def _service(account: str) -> Context:
    """The context of a service's request on behalf of an account; its own account's resource may be any."""
    context: dict[str, str | None] = {
        "aws:securetransport": "true", "s3:tlsversion": "1.3", "aws:principalisawsservice": "true",
        "aws:sourceaccount": account, "aws:principalaccount": None, "kms:calleraccount": None, "aws:principalarn": None,
        "kms:viaservice": None, "kms:grantisforawsresource": "false",
    }  # fmt: skip
    if account == _FOREIGN:
        elsewhere = f"arn:aws:any:eu-central-1:{account}:any"
        context |= {"aws:sourcearn": elsewhere, "kms:encryptioncontext:aws:logs:arn": elsewhere}
    return context
