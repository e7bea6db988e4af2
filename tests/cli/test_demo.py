"""`terrace demo` without a provider, and with invalid options; tests/e2e runs the whole demo."""

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
    inherited = {n: v for n, v in os.environ.items() if n != "TERRACE_PROVIDER_MIRROR"}
    return subprocess.run(
        [str(TERRACE), "--project", str(ROOT), "demo", *arguments],
        env={**inherited, "NO_COLOR": "1", "COLUMNS": "160", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_without_a_provider_only_the_stack_is_evaluated(tmp_path: Path) -> None:
    if any((folder / "registry.terraform.io/hashicorp/google").is_dir() for folder in mirror.implied_folders()):
        pytest.skip("a mirror on this machine holds hashicorp/google")
    evidence = tmp_path / "evidence.json"
    unreachable = "http://127.0.0.1:9"  # no registry
    completed = demo(
        "--cloud", "gcp", "--offline", "--json", str(evidence), HTTPS_PROXY=unreachable, HOME=str(tmp_path)
    )
    assert completed.returncode == 0, completed.stderr
    assert "The provider is not available, so only the stack was evaluated" in completed.stdout
    written = json.loads(evidence.read_text())
    assert "hashicorp/google" in written["provider_missing"]
    assert written["resources_synthesized"] > 300
    assert list(written["guarantees"].values()).count("holds") >= 45
    assert (written["applied"], written["resources_planned"]) == (False, 0)


def test_keep_requires_one_emulated_cloud() -> None:
    completed = demo("--cloud", "all", "--keep")
    assert completed.returncode == 2
    assert (
        completed.stderr
        == "error: --keep requires one emulated cloud\n\nhint: omit --keep, or use it with one cloud and without --offline\n"
    )
