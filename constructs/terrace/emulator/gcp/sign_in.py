"""Sign-in with a token of an OpenID Connect issuer: the exchange at a workload identity pool, and impersonation.

Sources: IAM documentation, "Workload identity federation" and "Attribute mappings"; Security Token Service API,
`token`; IAM Service Account Credentials API, generateAccessToken.
"""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from terrace.emulator.gcp import policies
from terrace.emulator.gcp.call import Call, Cloud, Refused, camel, missing
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.policies import is_visible
from terrace.emulator.gcp.quirks import responds
from terrace.emulator.issuers import Claims, InvalidToken, audiences

HOST = "sts.googleapis.com"
_SECONDS = 3600
_SUBJECT_BYTES = 127
_IMPERSONATING = ("roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator")
_INVALID = {
    "malformed": "Unable to parse the ID Token.",
    "unknown issuer": "Error connecting to the given credential's issuer.",
    "wrong signature": "Invalid ID Token signature.",
    "expired": "ID Token is stale to sign-in.",
    "not yet valid": "ID Token is not valid yet.",
}


class Denied(Refused):
    """A refused exchange, in OAuth's format."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(400, error, description)

    def body(self) -> Json:
        return {"error": self.status, "error_description": self.message}


def exchange(cloud: Cloud, kind: str, raw: bytes) -> Json:
    """Exchange an issuer's token for one of the pool's principal. The request is a form or JSON. Raises Denied."""
    form = _form(kind, raw)
    match = re.fullmatch(
        r"//iam\.googleapis\.com/projects/([^/]+)/(locations/global/workloadIdentityPools/[^/]+)/(providers/[^/]+)",
        form.get("audience", ""),
    )
    own = match is not None and match[1] == cloud.number
    key = f"iam/projects/{cloud.project}/{match[2]}" if match else ""
    provider = cloud.store.get(f"{key}/{match[3]}") if match and own else None
    if match is None or provider is None or not _is_active(provider) or not _is_active(cloud.store.get(key) or {}):
        text = "The target service indicated by the audience parameters is invalid: no such enabled pool and provider."
        raise Denied("invalid_target", text)
    pool = f"projects/{cloud.number}/{match[2]}"
    principal = _principal(pool, provider, _verified(cloud, f"{pool}/{match[3]}", provider, form))
    token = f"federated-{uuid.uuid4()}"
    cloud.principals[token] = principal
    return {
        "access_token": token,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": _SECONDS,
    }


def _form(kind: str, raw: bytes) -> dict[str, str]:
    """The parameters in camel case; a form has them in snake case."""
    if "json" in kind:
        try:
            found = json.loads(raw)
        except ValueError:
            raise Denied("invalid_request", "Invalid JSON payload received.") from None
        return {str(name): str(value) for name, value in found.items()}
    return {camel(name): values[-1] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}


def _is_active(resource: Json) -> bool:
    return resource.get("state", "ACTIVE") == "ACTIVE" and not resource.get("disabled")


def _verified(cloud: Cloud, name: str, provider: Json, form: Mapping[str, str]) -> Claims:
    """The claims of a token that is of the provider's issuer and for its audience."""
    try:
        claims = cloud.issuers.verify(form.get("subjectToken", ""))
    except InvalidToken as error:
        raise Denied("invalid_grant", _INVALID[error.fault]) from None
    oidc = provider.get("oidc", {})
    if claims["iss"] != oidc.get("issuerUri"):
        text = f"The issuer in ID Token {claims['iss']} does not match the expected ones: {oidc.get('issuerUri')}."
        raise Denied("invalid_grant", text)
    allowed = oidc.get("allowedAudiences") or [f"//iam.googleapis.com/{name}", f"https://iam.googleapis.com/{name}"]
    if not set(audiences(claims)) & set(allowed):
        raise Denied(
            "invalid_grant", f"The audience in ID Token {audiences(claims)} does not match the expected audience."
        )
    return claims


def _principal(pool: str, provider: Json, claims: Claims) -> Json:
    """The subject and the attributes of the pool that a provider maps a token to, if its condition holds."""
    mapped = {
        name: _value(expression, {"assertion": claims})
        for name, expression in (provider.get("attributeMapping") or {}).items()
    }
    subject = mapped.get("google.subject")
    if not isinstance(subject, str):
        raise Denied("invalid_grant", "Could not obtain a value for google.subject from the given credential.")
    if len(subject.encode()) > _SUBJECT_BYTES:
        raise Denied(
            "invalid_grant", f"The size of mapped attribute google.subject exceeds the {_SUBJECT_BYTES} bytes limit."
        )
    attributes = {name.partition(".")[2]: value for name, value in mapped.items() if name.startswith("attribute.")}
    condition = provider.get("attributeCondition")
    known = {"assertion": claims, "google": {"subject": subject}, "attribute": attributes}
    if condition and _value(condition, known) is not True:
        raise Denied("unauthorized_client", "The given credential is rejected by the attribute condition.")
    return {"pool": pool, "subject": subject, "attributes": attributes}


def _value(expression: str, known: Mapping[str, Any]) -> object:
    """The value of a CEL expression; None where it cannot be evaluated."""
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_strings

    try:
        variables = dict.fromkeys(known, cel.Type.DYN)
        compiled = cel.NewEnv(variables=variables, extensions=[ext_strings.ExtStrings()]).compile(expression)
        value: object = compiled.eval(data={name: dict(one) for name, one in known.items()}).plain_value()
    except Exception:  # the library has no class of its own
        return None
    return value


def check(call: Call) -> None:
    """Raise a 403 for a pool's principal that calls anything but impersonation: no role is granted to one itself."""
    if call.service != "iamcredentials" and call.token in call.cloud.principals:
        raise Refused(403, "PERMISSION_DENIED", "The caller does not have permission", "IAM_PERMISSION_DENIED")


@responds("iamcredentials", "serviceAccounts.generateAccessToken")
def _impersonate(call: Call) -> Json:
    """A token of a service account, for a principal with a binding on it. Others are not evaluated."""
    email = call.name.rpartition("/")[2]
    project = email.partition("@")[2].split(".")[0]
    key = f"iam/projects/{project}/serviceAccounts/{email}"
    caller = call.cloud.principals.get(call.token)
    if not is_visible(call, key):
        raise missing(f"projects/-/serviceAccounts/{email}")
    if caller is not None and not _may_impersonate(caller, policies.read(call, key)):
        text = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
        raise Refused(403, "PERMISSION_DENIED", text, "IAM_PERMISSION_DENIED")
    token = f"emulated-{uuid.uuid4()}"
    call.cloud.accounts[token] = email
    return {"accessToken": token, "expireTime": now(_SECONDS)}


def _may_impersonate(principal: Json, policy: Json) -> bool:
    pool = f"iam.googleapis.com/{principal['pool']}"
    members = {f"principal://{pool}/subject/{principal['subject']}", f"principalSet://{pool}/*"}
    members |= {f"principalSet://{pool}/attribute.{name}/{value}" for name, value in principal["attributes"].items()}
    return any(
        binding.get("role") in _IMPERSONATING and members & set(binding.get("members", ()))
        for binding in policy.get("bindings", ())
    )
