"""What goes wrong on purpose, and what a cloud's server says it cannot do."""

import os
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from terrace.emulator import Faults, Options, start
from terrace.errors import UsageError

ONCE = Config(retries={"total_max_attempts": 1})


def test_each_nth_request_is_throttled_and_the_sdk_lives_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
            boto3.client("ec2").describe_vpcs()  # with its own retries it gets through
    finally:
        running.stop()


def test_what_a_cloud_cannot_do_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="keeps nothing between its runs"):
        start("aws", tmp_path, options=Options(state=tmp_path / "state"))
    with pytest.raises(UsageError, match="cannot be told to make the fault iam_delay_seconds"):
        start("aws", tmp_path, options=Options(faults=Faults(iam_delay_seconds=1)))
    assert not (tmp_path / "emulator.json").exists()
