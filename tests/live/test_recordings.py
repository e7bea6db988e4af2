"""The recordings are of the stacks as they are synthesized now."""

import json
from pathlib import Path

import pytest

from tests.live.record import synthesized
from tests.live.recording import RECORDED, Recording, fingerprints, path


@pytest.mark.parametrize("cloud", RECORDED)
def test_recordings_are_of_the_present_stacks(cloud: str, tmp_path: Path) -> None:
    stacks = synthesized(cloud, RECORDED[cloud], tmp_path)
    for name in RECORDED[cloud]:
        now = fingerprints(json.loads((stacks / name / "cdk.tf.json").read_text()))
        recorded = Recording.read(cloud, name).fingerprints
        changed = sorted(address for address in {*now, *recorded} if now.get(address) != recorded.get(address))
        assert changed == [], f"record the changed resources: python -m tests.live.record {cloud} {name}"


def test_recordings_are_small() -> None:
    sizes = {(cloud, name): path(cloud, name).stat().st_size for cloud, names in RECORDED.items() for name in names}
    assert max(sizes.values()) < 200_000, sizes
