"""Unsupported calls are refused by name, in the format of the protocol, and not retried."""

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from terrace.emulator import Emulator
from terrace.emulator.aws.server import FAULT, Application, build_routers_in_turn
from tests.emulator.aws.conftest import REGION, Aws

Call = Callable[[Aws], Any]


def list_analytics(aws: Aws) -> Any:
    bucket = aws.name()
    aws("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    try:
        return aws("s3").list_bucket_analytics_configurations(Bucket=bucket)
    finally:
        aws("s3").delete_bucket(Bucket=bucket)


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("elasticache", "DescribeEvents", lambda aws: aws("elasticache").describe_events()),  # query
        ("ec2", "DescribeVerifiedAccessGroups", lambda aws: aws("ec2").describe_verified_access_groups()),  # ec2
        ("eks", "DescribeInsight", lambda aws: aws("eks").describe_insight(clusterName="c", id="x")),  # rest-json
        ("guardduty", "ListIPSets", lambda aws: aws("guardduty").list_ip_sets(DetectorId="x")),  # an empty 404
        (
            "codeartifact",
            "ListDomains",
            lambda aws: aws("codeartifact").list_domains(),
        ),  # a service that moto does not have
        ("s3", "ListBucketAnalyticsConfigurations", lambda aws: list_analytics(aws)),  # rest-xml
        ("logs", "DescribeAccountPolicies", lambda aws: aws("logs").describe_account_policies(policyType="x")),  # json
    ],
)
def test_an_unsupported_call_is_a_400_that_names_it(
    patched: Aws, emulator: Emulator, service: str, operation: str, call: Call
) -> None:
    with pytest.raises(ClientError) as caught:
        call(patched)
    error = caught.value.response
    assert error["Error"]["Code"] == "UnsupportedByEmulator"
    assert error["Error"]["Message"] == f"the emulator does not support {service}:{operation}"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert (service, operation) in [(each.service, each.operation) for each in emulator.unsupported()]


def response_when_moto_raises(error: Exception) -> tuple[str, str, str]:
    """Status, code and message of an EC2 call that raises inside moto."""

    def broken(environ: dict[str, Any], start_response: Any) -> Any:
        raise error

    application = Application()
    application._moto = broken
    body = b"Action=DescribeVpcs&Version=2016-11-15"
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_HOST": "ec2.eu-central-1.amazonaws.com",
        "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=emulated/20260101/eu-central-1/ec2/aws4_request, Signed",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    started: list[Any] = []
    response = b"".join(application(environ, lambda *arguments: started.extend(arguments)))
    assert application.unsupported() == []
    element = ElementTree.fromstring(response).find("Errors/Error")
    assert element is not None
    return started[0], element.findtext("Code", ""), element.findtext("Message", "")


def test_an_internal_error_is_a_400_with_its_message() -> None:
    status, code, message = response_when_moto_raises(ZeroDivisionError("in moto"))
    assert (status, code) == ("400 Bad Request", FAULT)
    assert message == "the emulator failed in ec2:DescribeVpcs: ZeroDivisionError: in moto"


def test_a_concurrent_change_is_a_503_that_sdks_retry() -> None:
    status, code, _ = response_when_moto_raises(RuntimeError("dictionary changed size during iteration"))
    assert (status, code) == ("503 Service Unavailable", "ServiceUnavailable")


def test_the_routes_of_a_service_are_built_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that compile routes at once end with a SystemError of Python 3.11."""
    from moto.core import routing
    from moto.core.utils import get_service_model

    building, most = 0, 0

    class Router:
        def __init__(self, service: object) -> None:
            nonlocal building, most
            building += 1
            most = max(most, building)
            time.sleep(0.02)
            building -= 1

    monkeypatch.setattr(routing.ServiceOperationRouter, "_get_router", routing.ServiceOperationRouter._get_router)
    monkeypatch.setattr(routing, "get_router_class", lambda *_: Router)
    build_routers_in_turn()
    services = [routing.ServiceOperationRouter(get_service_model(name)) for name in ("sqs", "kms", "s3", "ec2")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda service: service._get_router("json"), services))
    assert most == 1
