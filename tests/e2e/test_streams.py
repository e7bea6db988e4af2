"""The life of an environment with managed streams, on each emulated cloud: applied, verified, drifted, repaired,
destroyed."""

from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from tests.demo.life import assert_complete, demo
from tests.streams_project import NAME, project

pytestmark = pytest.mark.e2e

STREAMS = [f"STREAM-{number}" for number in range(1, 6)]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_demo_of_an_environment_with_streams_repairs_them_and_leaves_nothing(tmp_path: Path, cloud: str) -> None:
    finished, evidence = demo(project(tmp_path, cloud), NAME, cloud)
    assert_complete(finished, evidence, NAME, cloud, drifts=4)
    assert {id: evidence["guarantees"][id] for id in STREAMS} == dict.fromkeys(STREAMS, "holds")
    assert list(evidence["guarantees"].values()).count("broken") == 0
    assert any("streams" in one for one in evidence["drift_injected"])
