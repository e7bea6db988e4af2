"""The issuers of OpenID Connect tokens, with which pipelines sign in, and the verification of a token.

A cloud gets an issuer's keys over the network. An emulated cloud gets them from a file: a JSON object of the issuer's
URL, as in `iss`, to its key set (JWKS, RFC 7517). It is read for each token, so an issuer can change its keys.
"""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from terrace.errors import UsageError

Claims = Mapping[str, Any]
_SKEW_SECONDS = 60
"""Difference of clocks that is tolerated. Source: RFC 7519, section 4.1.4: no more than a few minutes."""

Fault = Literal["malformed", "unknown issuer", "wrong signature", "expired", "not yet valid"]


class InvalidToken(Exception):
    """A token that no cloud accepts. `claims` are what it claims; empty for a malformed token."""

    def __init__(self, fault: Fault, claims: Claims) -> None:
        super().__init__(fault)
        self.fault, self.claims = fault, claims


class Issuers:
    """The issuers in a file; without a file, none. Raises UsageError for a file that is not of the described form."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._keys()

    def _keys(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        try:
            found = json.loads(self._file.read_text())
            if isinstance(found, dict) and all("keys" in one for one in found.values()):
                return found
        except (OSError, ValueError) as error:
            raise UsageError(f"the issuers cannot be read: {error}", where=str(self._file)) from error
        raise UsageError(
            "the issuers are not an object of issuer to key set",
            where=str(self._file),
            hint='write {"https://token.actions.githubusercontent.com": {"keys": [...]}}',
        )

    def verify(self, token: str) -> Claims:
        """The claims of a token with a signature of its issuer (RS256) that is valid now. Raises InvalidToken."""
        from joserfc import jws, jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        try:
            claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
            issuer, _, expires = str(claims["iss"]), str(claims["sub"]), float(claims["exp"])
            begins = float(claims.get("nbf", 0))
        except (JoseError, ValueError, KeyError, TypeError):
            raise InvalidToken("malformed", {}) from None
        keys = self._keys().get(issuer)
        if keys is None:
            raise InvalidToken("unknown issuer", claims)
        try:
            jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])
        except (JoseError, ValueError):
            raise InvalidToken("wrong signature", claims) from None
        now = time.time()
        if now > expires + _SKEW_SECONDS:
            raise InvalidToken("expired", claims)
        if now < begins - _SKEW_SECONDS:
            raise InvalidToken("not yet valid", claims)
        return claims


def audiences(claims: Claims) -> list[str]:
    """The audiences of a token: `aud` is a string or a list."""
    found = claims.get("aud", [])
    return [str(one) for one in found] if isinstance(found, list) else [str(found)]
