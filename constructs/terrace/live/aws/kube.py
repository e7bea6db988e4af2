"""Tokens for EKS: a presigned request to STS, which names the caller. No request is sent."""

import base64
from datetime import UTC, datetime, timedelta

import boto3
from botocore.signers import RequestSigner

from terrace.calls import CredentialsError
from terrace.calls.aws import HINT
from terrace.capabilities.target import Target
from terrace.live import ClusterToken
from terrace.live.aws.session import explained

_PREFIX = "k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_SECONDS = 60  # EKS accepts a signature of one minute, and the token then for 15 minutes
_VALID = timedelta(minutes=14)
"""Source: Amazon EKS, aws-iam-authenticator, "API Authorization from Outside a Cluster"."""


def token(target: Target, cluster: str, session: boto3.Session | None = None) -> ClusterToken:
    """A token of the caller for a cluster. Raises CredentialsError."""
    with explained("sts", "get_caller_identity"):
        session = session or boto3.Session()
        client = session.client("sts", region_name=target.region)
        credentials = session.get_credentials()
        if credentials is None:
            raise CredentialsError("no AWS credentials: none found", hint=HINT)
        signer = RequestSigner(
            client.meta.service_model.service_id, target.region, "sts", "v4", credentials, session.events
        )
        request = {
            "method": "GET",
            "url": f"{client.meta.endpoint_url}/?Action=GetCallerIdentity&Version=2011-06-15",
            "body": {},
            "headers": {_HEADER: cluster},
            "context": {},
        }
        url = signer.generate_presigned_url(request, region_name=target.region, expires_in=_SECONDS, operation_name="")
    encoded = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
    return ClusterToken(_PREFIX + encoded, datetime.now(UTC) + _VALID)
