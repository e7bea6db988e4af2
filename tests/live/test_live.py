"""The cloud-neutral entrance to what is live."""

import subprocess
import sys

import pytest

from terrace import live, purge
from terrace.demo import inject_drift
from terrace.errors import UsageError
from tests.live.aws.site import environment, target


def test_each_cloud_says_what_it_can_read() -> None:
    for cloud in ("aws", "azure", "gcp"):
        assert len(live.readable(cloud)) >= 25
    with pytest.raises(UsageError, match="unknown cloud 'oracle'"):
        live.readable("oracle")


@pytest.mark.parametrize(
    "function", [live.verify, live.preflight, live.leftovers, inject_drift.inject_drift, purge.empty_buckets]
)
def test_a_cloud_without_a_reader_is_refused_before_anything_is_asked(function) -> None:
    elsewhere = environment().model_copy(update={"cloud": "oracle"})
    with pytest.raises(UsageError, match="unknown cloud 'oracle'"):
        function(elsewhere, target(environment()))


@pytest.mark.parametrize(
    ("status", "passes"), [("holds", True), ("not_applicable", True), ("broken", False), ("unknown", False)]
)
def test_what_lets_a_deployment_pass(status: live.Status, passes: bool) -> None:
    assert live.Result("DB-1", "", status, "", "", "database").passes is passes


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("terrace.live", "boto3"),
        ("terrace.live.aws", "jsii"),
        ("terrace.live.azure", "jsii"),
        ("terrace.live.azure", "azure.core"),
        ("terrace.live.gcp", "jsii"),
        ("terrace.live.gcp", "googleapiclient"),
    ],
)
def test_reading_needs_no_cdk_and_asking_for_help_no_sdk(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit('{absent}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
