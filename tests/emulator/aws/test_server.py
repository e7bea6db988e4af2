"""Calls that the emulator cannot serve are named, in the protocol's shape, and not tried again."""

import io
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from botocore.exceptions import ClientError

from terrace.emulator import Emulator
from terrace.emulator.aws.server import FAULT, Application
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
        ),  # a service that moto has not heard of
        ("s3", "ListBucketAnalyticsConfigurations", lambda aws: list_analytics(aws)),  # rest-xml
        ("logs", "DescribeAccountPolicies", lambda aws: aws("logs").describe_account_policies(policyType="x")),  # json
    ],
)
def test_an_unsupported_call_is_a_400_with_names(
    patched: Aws, emulator: Emulator, service: str, operation: str, call: Call
) -> None:
    with pytest.raises(ClientError) as caught:
        call(patched)
    error = caught.value.response
    assert error["Error"]["Code"] == "UnsupportedByEmulator"
    assert error["Error"]["Message"] == f"the emulator does not know {service}:{operation}"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert (service, operation) in [(kept.service, kept.operation) for kept in emulator.unsupported()]


def answer_when_moto_raises(fault: Exception) -> tuple[str, str, str]:
    """Status, code and message of an EC2 call inside which moto raises."""

    def broken(environ: dict[str, Any], start_response: Any) -> Any:
        raise fault

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
    answer = b"".join(application(environ, lambda *arguments: started.extend(arguments)))
    assert application.unsupported() == []
    found = ElementTree.fromstring(answer).find("Errors/Error")
    assert found is not None
    return started[0], found.findtext("Code", ""), found.findtext("Message", "")


def test_an_operation_that_breaks_inside_is_a_400_with_its_error() -> None:
    status, code, message = answer_when_moto_raises(ZeroDivisionError("in moto"))
    assert (status, code) == ("400 Bad Request", FAULT)
    assert message == "the emulator failed in ec2:DescribeVpcs: ZeroDivisionError: in moto"


def test_two_calls_that_met_in_a_dict_are_tried_again() -> None:
    status, code, _ = answer_when_moto_raises(RuntimeError("dictionary changed size during iteration"))
    assert (status, code) == ("503 Service Unavailable", "ServiceUnavailable")
