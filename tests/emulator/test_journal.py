"""The request log: every request of a client, none of its secrets."""

import json

import boto3
import pytest

from terrace.emulator import Emulator
from terrace.emulator.journal import masked


def test_a_request_leaves_a_line_without_what_may_be_secret(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    boto3.client("s3").list_buckets()
    url = boto3.client("s3").generate_presigned_url("get_object", Params={"Bucket": "of-nobody", "Key": "x"})
    import requests

    requests.get(url, timeout=20)
    lines = [json.loads(line) for line in (emulator.directory / "requests.jsonl").read_text().splitlines()]
    last = lines[-1]
    assert (last["method"], last["status"]) == ("GET", 404)
    assert "of-nobody" in last["host"] + last["path"]
    assert "emulated" not in last["query"]  # the key id, which a real one would be


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
def test_values_of_secrets_are_masked(query: str, shown: str) -> None:
    assert masked(query) == shown
