"""Errors of AWS become sentences with a hint; a check that cannot read does not pass."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import EndpointConnectionError

from terrace import live
from terrace.errors import TerraceError
from terrace.live.aws.checks import Deployment
from terrace.live.aws.session import Absent, CredentialsError, Reader, Unreadable
from tests.live.aws.site import ACCOUNT, environment, target


class _Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self.body]


def answering(answer: Callable[[Any], AWSResponse]) -> Reader:
    """A reader whose requests are answered in this process."""
    session = boto3.Session(aws_access_key_id="a-test", aws_secret_access_key="a-test")
    session.events.register("before-send", lambda request, **_: answer(request))
    return Reader(target(environment()), session)


def refusing(code: str, status: int = 400) -> Reader:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>because</Message></Error></ErrorResponse>".encode()
    headers = {"Content-Type": "text/xml", "x-amzn-errortype": code}
    return answering(lambda request: AWSResponse(request.url, status, headers, _Raw(body)))


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("ExpiredToken", CredentialsError, "AWS does not accept the credentials: because"),
        ("InvalidClientTokenId", CredentialsError, "AWS does not accept the credentials: because"),
        ("AccessDenied", Unreadable, "not allowed: because"),
        ("UnauthorizedOperation", Unreadable, "not allowed: because"),
        ("DBInstanceNotFound", Absent, "because"),
        ("NoSuchEntity", Absent, "because"),
        ("ValidationError", Unreadable, "ValidationError: because"),
    ],
)
def test_errors_are_classified(code: str, kind: type[TerraceError], message: str) -> None:
    with pytest.raises(kind) as raised:
        refusing(code).call("rds", "describe_db_instances", DBInstanceIdentifier="dpf-prod")
    assert raised.value.message == message
    assert raised.value.where == "rds:describe_db_instances"


def test_a_denied_call_names_the_missing_right() -> None:
    with pytest.raises(Unreadable) as raised:
        refusing("AccessDenied").call("sts", "get_caller_identity")
    assert raised.value.hint == "the identity needs sts:GetCallerIdentity"


def test_throttled_calls_are_retried_a_few_times() -> None:
    asked = []

    def throttle(request: Any) -> AWSResponse:
        asked.append(request.url)
        body = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
        return AWSResponse(request.url, 400, {}, _Raw(body))

    with pytest.raises(Unreadable, match="AWS throttled the request: Rate exceeded"):
        answering(throttle).call("sts", "get_caller_identity")
    assert len(asked) == 4


def test_a_network_failure_is_reported() -> None:
    def fail(request: Any) -> AWSResponse:
        raise EndpointConnectionError(endpoint_url=request.url)

    with pytest.raises(Unreadable, match="AWS did not respond") as raised:
        answering(fail).call("sts", "get_caller_identity")
    assert "HTTPS_PROXY" in raised.value.hint


def test_no_credentials_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(CredentialsError) as raised:
        Reader(target(environment())).call("sts", "get_caller_identity")
    assert "aws sso login" in raised.value.hint
    assert raised.value.exit_code == 3


def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(CredentialsError, match="no-such-profile"):
        Reader(target(environment())).call("sts", "get_caller_identity")


@pytest.mark.parametrize(("account", "fits"), [(ACCOUNT, True), ("999988887777", False)])
def test_the_wrong_account_is_refused(account: str, fits: bool) -> None:
    body = (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()
    reader = answering(lambda request: AWSResponse(request.url, 200, {}, _Raw(body)))
    if fits:
        reader.check_account()
    else:
        with pytest.raises(TerraceError, match=f"are for account {account}, the environment is in {ACCOUNT}"):
            reader.check_account()


def test_an_answer_is_cached() -> None:
    asked = []

    def count(request: Any) -> AWSResponse:
        asked.append(request.url)
        return AWSResponse(request.url, 400, {}, _Raw(b"<ErrorResponse><Error><Code>X</Code></Error></ErrorResponse>"))

    reader = answering(count)
    for _ in range(3):
        with pytest.raises(Unreadable):
            reader.call("sts", "get_caller_identity")
    assert len(asked) == 1


def test_without_rights_every_guarantee_is_unproven() -> None:
    reader = refusing("AccessDeniedException", 403)
    deployment = Deployment(environment(), target(environment()), reader)
    statuses = {live.evaluate_guarantee(id, "aws", deployment).status for id in live.readable("aws")}
    assert statuses == {"unproven"}
