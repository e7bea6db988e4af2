"""Terraform's Cloud Storage backend on the emulated Google Cloud: the state and its lock."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from terrace.deployment.binary import locate
from terrace.emulator import Emulator, start

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
CONFIGURATION = {
    "terraform": {"backend": {"gcs": {"bucket": "dpf-state", "prefix": "dev/gcp/foundation"}}},
    "resource": {"terraform_data": {"one": {"input": "value"}}},
}


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    running = start("gcp", tmp_path / "emulator", parent=os.getpid())
    project = running.account["project_id"]
    _post(running, f"serviceusage.googleapis.com/v1/projects/{project}/services/storage.googleapis.com:enable", {})
    _post(running, f"storage.googleapis.com/storage/v1/b?project={project}", {"name": "dpf-state", "location": "EU"})
    yield running
    running.stop()


def _post(emulator: Emulator, url: str, body: dict[str, Any]) -> None:
    requests.post(
        f"https://{url}",
        json=body,
        headers={"Authorization": "Bearer emulated"},
        proxies={"https": emulator.proxy},
        verify=str(emulator.ca),
        timeout=20,
    ).raise_for_status()


def test_a_state_is_stored_and_locked(emulator: Emulator, tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    folder.mkdir()
    (folder / "main.tf.json").write_text(json.dumps(CONFIGURATION))

    def terraform(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(locate(ROOT).path), *arguments, "-no-color", "-input=false"],
            cwd=folder,
            env=emulator.child_environment(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    for arguments in (("init",), ("apply", "-auto-approve")):
        finished = terraform(*arguments)
        assert finished.returncode == 0, finished.stderr
    assert terraform("plan", "-detailed-exitcode").returncode == 0
    lock = (
        "storage.googleapis.com/upload/storage/v1/b/dpf-state/o?uploadType=media&name=dev/gcp/foundation/default.tflock"
    )
    _post(emulator, lock, {"ID": "1", "Operation": "another run"})
    locked = terraform("plan")
    assert locked.returncode == 1 and "another run" in locked.stderr
    assert emulator.unsupported() == []
