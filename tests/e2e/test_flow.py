"""The flow on a foundation: the emulated cloud allows what the modules are given, and nothing else."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.flow.conftest import needs_engines

pytestmark = [pytest.mark.e2e, *needs_engines]


def test_modules_reach_what_is_theirs_and_nothing_else() -> None:
    command = [sys.executable, "-m", "scripts.flow", "--rows", "1500", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["failures"] == []
    assert found["requests"] >= 30
    assert len(found["attempts"]) >= 30
    assert {one["given"] for one in found["attempts"]} == {"refused"}
    assert {one["verb"] for one in found["attempts"]} == {"read", "write", "delete"}
