"""prowler on dev and prod, applied to an emulated AWS."""

import json
from pathlib import Path

import pytest

from terrace import emulator
from terrace.environment import target
from tests.live.record import apply, basis_of, synthesized
from tests.live.recording import environment
from tests.scanners.accepted import ENVIRONMENTS, Finding, accepted, compare, installed
from tests.scanners.prowler import scan


@pytest.mark.e2e
def test_every_failed_check_is_accepted(tmp_path: Path) -> None:
    prowler = installed("prowler")
    findings = [one for name in ENVIRONMENTS for one in scanned(prowler, name, tmp_path / name)]
    assert compare(findings, accepted("prowler")) == []


def scanned(prowler: Path, name: str, directory: Path) -> list[Finding]:
    directory.mkdir()
    stack = synthesized("aws", [name], directory / "out") / name
    regions = {block["region"] for block in json.loads((stack / "cdk.tf.json").read_text())["provider"]["aws"]}
    destination = target(environment("aws", name))
    account = emulator.account_of("aws", destination.settings)
    running = emulator.start("aws", directory / "emulator", account=account, region=destination.region)
    try:
        apply(basis_of(stack), running)
        apply(stack, running)
        return scan(prowler, running, name, sorted(regions), directory / "prowler")
    finally:
        running.stop()
