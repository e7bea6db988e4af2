"""The same events make the same tables on every cloud, each reached by its own clients."""

from pathlib import Path

import pytest

from terrace.flow import run
from terrace.flow.run import Evidence
from tests.flow.conftest import ROWS, SEED, needs_engines, started

pytestmark = needs_engines


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_marts_are_equal_on_three_clouds(first: Evidence, tmp_path: Path, cloud: str) -> None:
    with started(tmp_path, cloud) as plane:
        found = run.flow(plane, ROWS, SEED)
        assert (plane.emulator.unsupported(), plane.emulator.refused()) == ([], {})
    assert found.failures == []
    assert (found.checksums, found.marts, found.reasons) == (first.checksums, first.marts, first.reasons)
