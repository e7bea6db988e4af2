"""Fault injection, and options that a cloud's emulator does not support."""

import os
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from terrace.emulator import Faults, Options, start
from terrace.errors import UsageError

ONCE = Config(retries={"total_max_attempts": 1})


def test_each_nth_request_is_throttled_and_the_sdk_retries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(faults=Faults(throttle_every=2))
    running = start("aws", tmp_path, options=options, parent=os.getpid())
    try:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        codes = []
        for service, call in (("s3", "list_buckets"), ("ec2", "describe_vpcs"), ("sqs", "list_queues")):
            for _ in range(2):
                try:
                    getattr(boto3.client(service, config=ONCE), call)()
                    codes.append("")
                except ClientError as error:
                    codes.append(error.response["Error"]["Code"])
        assert codes == ["", "SlowDown", "", "RequestLimitExceeded", "", "ThrottlingException"]
        for _ in range(3):
            boto3.client("ec2").describe_vpcs()  # succeeds with the SDK's own retries
    finally:
        running.stop()


def test_unsupported_options_are_refused_before_the_server_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot save its resources between runs"):
        start("aws", tmp_path, options=Options(state=tmp_path / "state"))
    with pytest.raises(UsageError, match="does not support the fault iam_delay_seconds"):
        start("aws", tmp_path, options=Options(faults=Faults(iam_delay_seconds=1)))
    assert not (tmp_path / "emulator.json").exists()
