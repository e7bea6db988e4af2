"""Tokens for GKE: an OAuth 2.0 access token of the caller."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from terrace.calls import CredentialsError
from terrace.calls.gcp import HINT, credentials
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.live import ClusterToken

_GIVEN = timedelta(minutes=5)
"""How long a token from GOOGLE_OAUTH_ACCESS_TOKEN is used before it is read again; its end is unknown."""


def token(target: Target, cluster: str, variables: Mapping[str, str] = os.environ) -> ClusterToken:
    """A token of the caller; it is valid for every cluster, which then checks the caller's roles.

    Raises CredentialsError, UsageError without the SDK.
    """
    found = credentials(variables, names.account(target))
    if not found.token:
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        try:
            found.refresh(Request())  # type: ignore[no-untyped-call]
        except GoogleAuthError as error:
            message = str(error.args[0] if error.args else error).partition("\n")[0]
            raise CredentialsError(f"Google Cloud does not accept the credentials: {message}", hint=HINT) from error
    expires = found.expiry.replace(tzinfo=UTC) if found.expiry else datetime.now(UTC) + _GIVEN
    return ClusterToken(str(found.token), expires)
