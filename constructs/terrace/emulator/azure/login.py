"""Entra: discovery documents, tokens for the client secret, and the check of each call's token.

Sources: Microsoft identity platform, "OAuth 2.0 client credentials flow" and "Authentication and authorization error
codes" (AADSTS numbers); Key Vault, "Authentication, requests and responses" (the challenge that names a tenant).
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs

from terrace.emulator.azure import CALLER_ID, CLIENT_ID, SECRET
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.contract import Account

HOST = "login.microsoftonline.com"
_SECONDS = 3600  # the stated lifetime of a token; an injected fault ends it sooner
_ANY_TENANT = ("common", "organizations")
_AUDIENCES = {  # by the host's suffix; some audiences have two spellings
    "management.azure.com": ("https://management.azure.com", "https://management.core.windows.net"),
    "vault.azure.net": ("https://vault.azure.net",),
    "core.windows.net": ("https://storage.azure.com",),
    "graph.microsoft.com": ("https://graph.microsoft.com",),
}


class Login:
    """The tenant of one account."""

    def __init__(self, account: Account, token_seconds: float) -> None:
        self._tenant = account["tenant_id"]
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
        if form.get("client_id") != CLIENT_ID:
            message = (
                f"AADSTS700016: Application with identifier '{form.get('client_id')}' was not found in the directory."
            )
            raise _Denied(400, "unauthorized_client", message)
        if "client_assertion" not in form and form.get("client_secret") != SECRET:
            raise _Denied(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
        now = int(time.time())
        claims = {
            "aud": form.get("resource") or form.get("scope", "").removesuffix("/.default"),
            "iss": f"https://sts.windows.net/{self._tenant}/",
            "iat": now,
            "nbf": now,
            "exp": now + _SECONDS,
            "issued": time.time(),
            "appid": CLIENT_ID,
            "oid": CALLER_ID,
            "sub": CALLER_ID,
            "tid": self._tenant,
            "idtyp": "app",
            "ver": "1.0",
        }
        signed = ".".join(_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        token = f"{signed}.{self._signature(signed)}"
        return {"token_type": "Bearer", "expires_in": _SECONDS, "ext_expires_in": _SECONDS, "access_token": token}

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
        return {"error": self.code, "error_description": self.message, "error_codes": []}


def _form(raw: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
