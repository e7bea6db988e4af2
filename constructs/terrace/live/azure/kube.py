"""Tokens for AKS: an access token of Entra for the application of all AKS API servers."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

from terrace.azure import names
from terrace.calls import azure
from terrace.calls.azure import explained, transport
from terrace.capabilities.target import Target
from terrace.live import ClusterToken

SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
"""Source: AKS, "Use kubelogin to authenticate users", the id of the AKS Entra server application."""


def token(target: Target, cluster: str, variables: Mapping[str, str] = os.environ) -> ClusterToken:
    """A token of the caller; it is valid for every cluster, which then checks the caller's groups.

    Raises CredentialsError, UsageError without the SDK.
    """
    credential = azure.credential(variables, names.settings(target).tenant_id, **transport(variables))
    with explained(SCOPE):
        found = credential.get_token(SCOPE)
    return ClusterToken(found.token, datetime.fromtimestamp(found.expires_on, UTC))
