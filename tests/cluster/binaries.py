"""The programs of the test cluster, built once from Go modules into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).resolve().parent
CONTROL_PLANE = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwok-stages")
KYVERNO = {
    "kyverno": "github.com/kyverno/kyverno/cmd/kyverno",
    "kubectl-kyverno": "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno",
}


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
        ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(unfinished), package],
        cwd=HERE / module,
        env={**os.environ, "CGO_ENABLED": "0"},
        check=True,
        timeout=3600,
    )
    unfinished.rename(program)


def missing() -> str:
    """Why the programs cannot be built here; empty if they can, or are there already."""
    built = (_cache("control_plane") / "control-plane").is_file() and (_cache("kyverno") / "kyverno").is_file()
    if built or shutil.which("go"):
        return ""
    return "neither KUBECONFIG nor a Go toolchain to build a control plane with"


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


def connections() -> Path:
    """The program that evaluates NetworkPolicies."""
    return _program("connections", ".", "connections")


def _program(module: str, package: str, name: str) -> Path:
    """A program from the cache, built if it is not there."""
    directory = _cache(module)
    directory.mkdir(parents=True, exist_ok=True)
    program = directory / name
    with FileLock(directory / ".lock"):
        if not program.is_file():
            _build(module, package, program)
    return program
