"""`terrace demo` where it cannot do what it is asked, or not all of it; the whole life is in tests/e2e."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.deployment import mirror
from tests.conftest import ROOT

TERRACE = Path(sys.executable).with_name("terrace")


def demo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    surrounding = {n: v for n, v in os.environ.items() if n != "TERRACE_PROVIDER_MIRROR"}
    return subprocess.run(
        [str(TERRACE), "--project", str(ROOT), "demo", *arguments],
        env={**surrounding, "NO_COLOR": "1", "COLUMNS": "160", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_a_cloud_without_its_provider_is_judged_by_its_stack_and_says_so(tmp_path: Path) -> None:
    if any((folder / "registry.terraform.io/hashicorp/google").is_dir() for folder in mirror.implied_folders()):
        pytest.skip("a mirror on this machine holds hashicorp/google")
    evidence = tmp_path / "evidence.json"
    nowhere = "http://127.0.0.1:9"  # so that the registry is out of reach
    ended = demo("--cloud", "gcp", "--offline", "--json", str(evidence), HTTPS_PROXY=nowhere, HOME=str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert "The provider cannot be had, so only the stack itself was judged" in ended.stdout
    written = json.loads(evidence.read_text())
    assert "hashicorp/google" in written["provider_missing"]
    assert written["resources_synthesized"] > 300
    assert list(written["guarantees"].values()).count("proven") >= 45
    assert (written["applied"], written["resources_planned"]) == (False, 0)


def test_only_one_emulated_cloud_can_be_kept() -> None:
    ended = demo("--cloud", "all", "--keep")
    assert ended.returncode == 2
    assert (
        ended.stderr == "error: only one emulated cloud can be kept\n\nhint: leave --keep away, or name one --cloud\n"
    )
