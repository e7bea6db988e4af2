"""The generated pages of docs/reference are current."""

import subprocess
import sys

from tests.conftest import ROOT


def test_reference_pages_are_current() -> None:
    ended = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
