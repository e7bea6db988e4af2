"""The programs of the test cluster, built once from Go modules into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
VERSION = "1.36.3"
"""The version of Kubernetes in control_plane/go.mod; charts read it from the API server."""
_FLAGS = f"-s -w -X k8s.io/component-base/version.gitVersion=v{VERSION}"
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwok-stages")
KYVERNO = {
    "kyverno": "github.com/kyverno/kyverno/cmd/kyverno",
    "kubectl-kyverno": "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno",
}

VELERO = {
    "velero": "github.com/vmware-tanzu/velero/cmd/velero",
    "plugins/velero-plugin-for-aws": "github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws",
}
_MAIN = {"control_plane": "control-plane", "kyverno": "kyverno", "velero": "velero"}
"""Module to the program that shows that it was built."""


def _cache(module: str) -> Path:
    """The directory of a module's programs; its name changes with the module's source."""
    digest = hashlib.sha256()
    for path in sorted((HERE / module).iterdir()):
        digest.update(path.read_bytes())
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "terrace" / "test-cluster" / f"{module}-{digest.hexdigest()[:12]}"


def _build(module: str, package: str, program: Path) -> None:
    """Build one program. It takes minutes the first time, so progress goes to the terminal."""
    print(f"building {program.name}; the first time takes up to ten minutes", file=sys.__stderr__, flush=True)
    unfinished = program.with_suffix(".new")
    subprocess.run(
        ["go", "build", "-trimpath", "-ldflags", _FLAGS, "-o", str(unfinished), package],
        cwd=HERE / module,
        env={**os.environ, "CGO_ENABLED": "0"},
        check=True,
        timeout=3600,
    )
    unfinished.rename(program)


def missing(*modules: str) -> str:
    """Why the programs of these modules (by default the control plane and Kyverno) cannot be built here; empty if they
    can, or are there already."""
    needed = modules or ("control_plane", "kyverno")
    if shutil.which("go") or all((_cache(module) / _MAIN[module]).is_file() for module in needed):
        return ""
    return f"no Go toolchain to build {' and '.join(needed)} with"


def control_plane() -> Path:
    """A directory with the programs of the control plane."""
    program = _program("control_plane", ".", "control-plane")
    for name in CONTROL_PLANE:
        link = program.with_name(name)
        if not link.is_symlink():
            link.symlink_to(program.name)
    return program.parent


def kyverno(name: str) -> Path:
    """Kyverno's admission controller (`kyverno`), or its command line (`kubectl-kyverno`)."""
    return _program("kyverno", KYVERNO[name], name)


def velero() -> Path:
    """Velero, the server and its command line; its plugin for S3 is in `plugins` beside it."""
    programs = [_program("velero", package, name) for name, package in VELERO.items()]
    return programs[0]


def connections() -> Path:
    """The program that evaluates NetworkPolicies."""
    return _program("connections", ".", "connections")


def _program(module: str, package: str, name: str) -> Path:
    """A program from the cache, built if it is not there."""
    directory = _cache(module)
    program = directory / name
    program.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        if not program.is_file():
            _build(module, package, program)
    return program
