"""Entra: discovery documents, tokens for the client secret and for federated credentials, and the check of each call's
token.

Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow" and "Authentication and authorization error
codes" (AADSTS numbers); Entra, "Workload identity federation" (issuer, subject and audience are equal, in the same
case); Key Vault, "Authentication, requests and responses" (the challenge that names a tenant).
"""

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any
from urllib.parse import parse_qs

from terrace.emulator.azure import CALLER_ID, CLIENT_ID, SECRET
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.ids import guid, parse
from terrace.emulator.azure.kind import Refused, Unsupported, find
from terrace.emulator.azure.store import Item, Store
from terrace.emulator.contract import Account
from terrace.emulator.issuers import InvalidToken, Issuers, audiences

HOST = "login.microsoftonline.com"
_SECONDS = 3600  # the stated lifetime of a token; an injected fault ends it sooner
_ANY_TENANT = ("common", "organizations")
_AUDIENCES = {  # by the host's suffix; some audiences have two spellings
    "management.azure.com": ("https://management.azure.com", "https://management.core.windows.net"),
    "vault.azure.net": ("https://vault.azure.net",),
    "core.windows.net": ("https://storage.azure.com",),
    "graph.microsoft.com": ("https://graph.microsoft.com",),
}
_IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_INVALID_ASSERTION = {
    "malformed": "AADSTS50027: JWT token is invalid or malformed.",
    "unknown issuer": "AADSTS50166: Request to External OIDC endpoint failed.",
    "wrong signature": "AADSTS50013: Assertion failed signature validation.",
    "expired": "AADSTS700024: Client assertion is not within its valid time range.",
    "not yet valid": "AADSTS700024: Client assertion is not within its valid time range.",
}


class Login:
    """The tenant of one account."""

    def __init__(self, account: Account, token_seconds: float, store: Store, issuers: Issuers) -> None:
        self._tenant = account["tenant_id"]
        self._store, self._issuers = store, issuers
        self._seconds = token_seconds or _SECONDS
        self._key = hashlib.sha256(f"emulated {self._tenant}".encode()).digest()

    def __call__(self, call: Call) -> Response:
        tenant = call.path.strip("/").split("/")[0]
        if tenant.lower() not in (self._tenant.lower(), *_ANY_TENANT):
            raise _Denied(400, "invalid_tenant", f"AADSTS90002: Tenant '{tenant}' not found.")
        if call.method == "GET" and call.path.endswith(("/discovery/instance", "/openid-configuration")):
            return Response(200, self._documents())
        if call.method == "POST" and call.path.endswith(("/oauth2/v2.0/token", "/oauth2/token")):
            return Response(200, self._sign_in(_form(call.raw)))
        raise Unsupported

    def _documents(self) -> dict[str, Any]:
        base = f"https://{HOST}/{self._tenant}"
        return {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}],
        }

    def _sign_in(self, form: dict[str, str]) -> dict[str, Any]:
        client, caller = form.get("client_id", ""), CALLER_ID
        identity = self._identity(client)
        if identity is None and client != CLIENT_ID:
            message = f"AADSTS700016: Application with identifier '{client}' was not found in the directory."
            raise _Denied(400, "unauthorized_client", message)
        if "client_assertion" in form:
            caller = self._federated(identity, form["client_assertion"])
        elif identity is not None or form.get("client_secret") != SECRET:
            raise _Denied(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        now = int(time.time())
        claims = {
            "aud": form.get("resource") or form.get("scope", "").removesuffix("/.default"),
            "iss": f"https://sts.windows.net/{self._tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + _SECONDS,
            "issued": time.time(),
            "appid": client,
            "oid": caller,
            "sub": caller,
            "tid": self._tenant,
            "idtyp": "app",
            "ver": "1.0",
        }
        signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        token = f"{signed}.{self._signature(signed)}"
        return {"token_type": "Bearer", "expires_in": _SECONDS, "ext_expires_in": _SECONDS, "access_token": token}

    def _identity(self, client: str) -> Item | None:
        """The managed identity with a client id."""
        identities = self._store.of_type(_IDENTITIES)
        return next((item for item in identities if guid(parse(item.id).path, "client") == client), None)

    def _federated(self, identity: Item | None, assertion: str) -> str:
        """The object id of an identity, one of whose federated credentials has the token's issuer, subject and
        audience."""
        try:
            claims = self._issuers.verify(assertion)
        except InvalidToken as error:
            raise _Denied(401, "invalid_client", _INVALID_ASSERTION[error.fault]) from None
        if identity is None:  # the application with the client secret, which has no federated credential
            raise _no_match(700211, "issuer", claims["iss"])
        matching = self._store.children(identity.id, "federatedIdentityCredentials")
        for number, what, claim, presented in (
            (700211, "issuer", "iss", {claims["iss"]}),
            (700213, "subject", "sub", {claims["sub"]}),
            (700212, "audience", "aud", {*audiences(claims)}),
        ):
            matching = [one for one in matching if presented & _trusted(one, what)]
            if not matching:
                raise _no_match(number, what, claims.get(claim))
        return guid(parse(identity.id).path, "principal")

    def _signature(self, signed: str) -> str:
        return _encode(hmac.new(self._key, signed.encode(), hashlib.sha256).digest())

    def check(self, call: Call) -> None:
        """Raise a 401 with a sign-in challenge unless the call has a valid token of this tenant for this service."""
        kind, _, token = call.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise self._challenge(call, "AuthenticationFailed", "The 'Authorization' header is missing.")
        signed, _, signature = token.rpartition(".")
        try:
            claims = json.loads(_decode(signed.split(".")[1]))
            tenant, audience, issued = claims["tid"], claims["aud"].rstrip("/"), float(claims["issued"])
        except (ValueError, KeyError, IndexError):
            raise self._challenge(call, "InvalidAuthenticationToken", "The access token is invalid.") from None
        if tenant.lower() != self._tenant.lower():
            message = f"The access token is from the wrong issuer: tenant {tenant} instead of {self._tenant}."
            raise self._challenge(call, "InvalidAuthenticationTokenTenant", message)
        if not hmac.compare_digest(signature, self._signature(signed)):
            raise self._challenge(call, "InvalidAuthenticationToken", "The signature of the access token is invalid.")
        if time.time() >= issued + self._seconds:
            raise self._challenge(call, "ExpiredAuthenticationToken", "The access token expiry UTC time has passed.")
        if not any(call.host.endswith(host) and audience in names for host, names in _AUDIENCES.items()):
            message = f"The access token has been obtained for wrong audience or resource '{audience}'."
            raise self._challenge(call, "InvalidAuthenticationTokenAudience", message)

    def _challenge(self, call: Call, code: str, message: str) -> "Refused":
        authority = f"https://{HOST}/{self._tenant}"
        service = next((names[0] for host, names in _AUDIENCES.items() if call.host.endswith(host)), "")
        if call.host.endswith("management.azure.com"):
            header = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        elif call.host.endswith("core.windows.net"):
            header = f"Bearer authorization_uri={authority}/oauth2/authorize resource_id={service}"
        else:
            header = f'Bearer authorization="{authority}", resource="{service}"'
        refusal = Refused(401, code, message)
        refusal.headers = {"WWW-Authenticate": header}
        return refusal


class _Denied(Refused):
    """An error in Entra's format."""

    @property
    def body(self) -> dict[str, Any]:
        numbers = [int(number) for number in re.findall(r"^AADSTS(\d+)", self.message)]
        return {"error": self.code, "error_description": self.message, "error_codes": numbers}


def _trusted(credential: Item, what: str) -> set[str]:
    """The issuer, the subject or the audiences of a federated credential."""
    if what == "audience":
        return set(find(credential.body, "properties.audiences", []))
    return {find(credential.body, f"properties.{what}", "")}


def _no_match(number: int, what: str, presented: Any) -> _Denied:
    message = f"No matching federated identity record found for presented assertion {what} '{presented}'."
    return _Denied(401, "invalid_client", f"AADSTS{number}: {message}")


def _form(raw: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
