"""An issuer of OpenID Connect tokens, such as a forge's, with a key of its own."""

import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

GITHUB = "https://token.actions.githubusercontent.com"


class Issuer:
    """Signs tokens. Two issuers with the same URL have different keys with the same id."""

    def __init__(self, url: str = GITHUB) -> None:
        self.url = url
        self.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}, auto_kid=False)

    @property
    def key_set(self) -> Any:
        """Its public keys (JWKS)."""
        return KeySet([self.key]).as_dict(private=False)

    def token(self, claims: Mapping[str, Any]) -> str:
        """A token that is valid for five minutes unless `claims` have other times."""
        now = int(time.time())
        times = {"iat": now, "nbf": now, "exp": now + 300}
        return jwt.encode({"alg": "RS256", "kid": "1"}, {**times, "iss": self.url, **claims}, self.key)
