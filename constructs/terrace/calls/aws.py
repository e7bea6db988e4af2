"""The AWS credentials of this shell, and botocore's errors as sentences."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from terrace.calls import Absent, CredentialsError, CredentialStatus, Unreadable
from terrace.errors import TerraceError

HINT = "for a real account, run `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    NoAuthTokenError,
)
_EXPIRED = {
    "AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId",
    "RequestExpired", "SignatureDoesNotMatch", "UnrecognizedClientException",
}  # fmt: skip
_THROTTLED = {"RequestLimitExceeded", "RequestThrottled", "SlowDown", "TooManyRequestsException"}
_DENIED = {
    "403", "AuthorizationError", "AuthorizationErrorException", "Forbidden", "NotAuthorized", "UnauthorizedOperation",
}  # fmt: skip
_ABSENT = {"404", "NoSuchBucket", "NoSuchEntity", "WAFNonexistentItemException"}


def client(service: str, region: str, variables: Mapping[str, str]) -> Any:
    """A boto3 client with the credentials, proxy and certificates of `variables`. Raises CredentialsError.

    boto3 itself reads this process's variables only; other ones must hold an access key, as an emulator's do.
    """
    limits: dict[str, Any] = {
        "connect_timeout": 5,
        "read_timeout": 30,
        "retries": {"mode": "standard", "total_max_attempts": 4},
    }
    with explained(service, "connect"):
        if variables is os.environ or dict(variables) == dict(os.environ):
            session: Any = boto3.Session()
            return session.client(service, region_name=region, config=Config(**limits))
        proxy = variables.get("HTTPS_PROXY", "")
        session = boto3.Session(
            aws_access_key_id=variables.get("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=variables.get("AWS_SECRET_ACCESS_KEY"),
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
            profile_name=variables.get("AWS_PROFILE") or None,
        )
        config = Config(**limits, proxies={"https": proxy} if proxy else {})
        verify = variables.get("AWS_CA_BUNDLE") or None
        return session.client(service, region_name=region, config=config, verify=verify)


def look() -> CredentialStatus:
    """Whether boto3 finds any, and where, without a call to AWS."""
    import botocore.session

    try:
        session = botocore.session.get_session()
        # without the instance metadata service: a call to a missing one takes seconds
        session.get_component("credential_provider").remove("iam-role")
        credentials = session.get_credentials()
        region = session.get_config_variable("region")
    except BotoCoreError as error:
        return CredentialStatus("absent", str(error), HINT)
    if credentials is None:
        return CredentialStatus("absent", "none found", HINT)
    return CredentialStatus("ok", f"from {credentials.method}, region {region or 'not set'}")


@contextmanager
def explained(service: str, operation: str) -> Iterator[None]:
    """Convert botocore's errors to CredentialsError, Unreadable or Absent."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise _sentence(error, f"{service}:{operation}") from error


def _sentence(error: Exception, call: str) -> TerraceError:
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsError(
            f"no AWS credentials: {error}",
            hint="log in (`aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if isinstance(error, ConnectionError | HTTPClientError):
        return Unreadable(f"AWS did not respond: {error}", where=call, hint="check the network and HTTPS_PROXY")
    if not isinstance(error, ClientError):
        return Unreadable(str(error), where=call)
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", "")) or code
    if code in _EXPIRED:
        return CredentialsError(
            f"AWS does not accept the credentials: {message}", where=call, hint="log in again (`aws sso login`)"
        )
    if code in _THROTTLED or code.startswith("Throttl"):
        return Unreadable(f"AWS throttled the request: {message}", where=call, hint="wait a minute and try again")
    if code in _DENIED or code.startswith("AccessDenied"):
        return Unreadable(f"not allowed: {message}", where=call, hint=f"the identity needs {_permission(call)}")
    if code in _ABSENT or "NotFound" in code or code.startswith("NoSuch"):
        return Absent(message, where=call)
    return Unreadable(f"{code}: {message}", where=call)


def _permission(call: str) -> str:
    """s3:get_bucket_policy -> s3:GetBucketPolicy, mostly the name in IAM."""
    service, operation = call.split(":")
    return f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}"
