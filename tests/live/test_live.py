"""The functions of `terrace.live`, on any cloud."""

import subprocess
import sys

import pytest

from terrace import live, purge
from terrace.assurance.evaluation import Check, Observation
from terrace.capabilities.cloud import TITLES, facts
from terrace.demo import inject_drift
from terrace.errors import UsageError
from tests.live.aws.site import environment, target


def test_each_cloud_lists_the_guarantees_it_can_read() -> None:
    for cloud in ("aws", "azure", "gcp"):
        assert len(live.readable(cloud)) >= 25
    with pytest.raises(UsageError, match="unknown cloud 'oracle'"):
        live.readable("oracle")


@pytest.mark.parametrize(
    "function", [live.verify, live.preflight, live.leftovers, inject_drift.inject_drift, purge.empty_buckets]
)
def test_an_unknown_cloud_is_refused_before_any_call(function) -> None:
    unknown = environment().model_copy(update={"cloud": "oracle"})
    with pytest.raises(UsageError, match="unknown cloud 'oracle'"):
        function(unknown, target(environment()))


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_a_guarantee_that_no_check_reads_is_unproven(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_checks", lambda cloud: {})
    result = live.evaluate_guarantee("DB-1", cloud, None)
    assert (result.status, result.passes) == ("unproven", False)
    assert result.reason == f"no check reads it from {TITLES[cloud]}"


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
def test_importing_a_reader_loads_neither_the_cdk_nor_an_sdk(module: str, absent: str) -> None:
    code = f"import sys, {module}; sys.exit('{absent}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_excepted_guarantee_does_not_count_as_one_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azure lacks something of OBS-1, AWS does not."""
    (exception,) = [one for one in facts("azure").exceptions if one.guarantee == "OBS-1"]
    kept = Check("live.x", "OBS-1", lambda deployment: iter([Observation("it", "is", deployment == "good", "be")]))
    monkeypatch.setattr(live, "_checks", lambda cloud: {"OBS-1": [kept]})
    result = live.evaluate_guarantee("OBS-1", "azure", "good")
    assert (result.status, result.reason, result.passes) == ("excepted", exception.reason, True)
    assert live.evaluate_guarantee("OBS-1", "azure", "bad").status == "broken"
    assert live.evaluate_guarantee("OBS-1", "aws", "good").status == "holds"
