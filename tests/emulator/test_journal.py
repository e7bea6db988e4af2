"""The request log has every request and no secrets."""

import json

import boto3
import pytest

from terrace.emulator import Emulator
from terrace.emulator.journal import masked


def test_a_request_is_logged_without_secrets(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").list_buckets()
    url = boto3.client("s3").generate_presigned_url("get_object", Params={"Bucket": "of-another-account", "Key": "x"})
    import requests

    requests.get(url, timeout=20)
    lines = [json.loads(line) for line in (emulator.directory / "requests.jsonl").read_text().splitlines()]
    last = lines[-1]
    assert (last["method"], last["status"]) == ("GET", 404)
    assert "of-another-account" in last["host"] + last["path"]
    assert "emulated" not in last["query"]  # the access key id


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("Action=ListRoles&Version=2010-05-08", "Action=ListRoles&Version=2010-05-08"),
        ("sv=2025-01-01&sig=abc", "sv=2025-01-01&sig=***"),
        ("access_token=abc", "access_token=***"),
        ("X-Amz-Signature=abc&X-Amz-Date=1", "X-Amz-Signature=***&X-Amz-Date=1"),
        ("acl&key=", "acl=&key=***"),
    ],
)
def test_secret_query_parameters_are_masked(query: str, shown: str) -> None:
    assert masked(query) == shown
