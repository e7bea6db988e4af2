"""`cdktf` as people type it, with either command line: CDK Terrain's and the archived original."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terrace import emulator
from terrace.deployment import binary, mirror
from tests.conftest import ROOT

COMMANDS = {"cdktn-cli": ("0.24.0", "cdktn"), "cdktf-cli": ("0.21.0", "cdktf")}


@pytest.fixture(scope="module", params=COMMANDS)
def command(request, tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The installed program and the variables it runs with."""
    package = request.param
    version, program = COMMANDS[package]
    where = tmp_path_factory.mktemp(package)
    npm = shutil.which("npm") or str(Path(sys.prefix) / "bin" / "npm")
    if not Path(npm).exists():
        pytest.skip(f"{package}: there is no npm")
    installed = subprocess.run(
        [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(where), f"{package}@{version}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if installed.returncode != 0:
        pytest.skip(f"{package}: npm cannot reach its registry or install it: {installed.stderr.strip()[-200:]}")
    from terrace.node import node

    # the original carries a native module for Node up to 22 only; CDK Terrain's wants at least 22.19
    path = os.environ["PATH"] if package == "cdktf-cli" else f"{Path(node()).parent}{os.pathsep}{os.environ['PATH']}"
    if package == "cdktf-cli" and not _old_enough(shutil.which("node")):
        pytest.skip("cdktf-cli: its native module needs a Node of at most 22 on PATH")
    variables = {**os.environ, "PATH": path, "CHECKPOINT_DISABLE": "1", "CI": "1", "NO_COLOR": "1"}
    return where / "node_modules" / ".bin" / program, variables


def _old_enough(node: str | None) -> bool:
    if node is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return said.startswith(("v18.", "v20.", "v22."))


@pytest.fixture
def project(tmp_path) -> Path:
    """A project as it is after set-up: the manifest, the environments, and a .venv."""
    for name in ("environments", "cdktf.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(command: tuple[Path, dict[str, str]], project: Path, *arguments: str, **more: str) -> str:
    program, variables = command
    ended = subprocess.run(
        [str(program), *arguments],
        cwd=project,
        env={**variables, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20 * 60,
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    return ended.stdout


def test_list_names_the_environments_and_synth_writes_them(command, project, foundation):
    listed = run(command, project, "list")
    for environment in ("dev", "staging", "prod"):
        assert environment in listed
        written = project / "cdktf.out" / "stacks" / environment / "cdk.tf.json"
        assert written.read_text()


@pytest.mark.e2e
def test_deploy_dev_and_destroy_it_on_the_emulator(command, project, tmp_path):
    running = emulator.start("aws", tmp_path / "emulator", account="111122223333")
    try:
        source = mirror.choose(providers=["hashicorp/aws"], host=binary.locate(ROOT).registry_host, environ=os.environ)
        program, variables = command
        inside = running.child_environment({**variables, **source.variables(tmp_path / "mirror")})
        # init, which the command runs itself, has to get by without the registry: only a mirror can serve it
        if source.kind == "registry":
            pytest.skip("the command runs init behind the emulator's proxy, which needs a provider mirror")
        run((program, inside), project, "deploy", "dev", "--auto-approve")
        assert any(resource.type == "bucket" for resource in running.inventory())
        run((program, inside), project, "destroy", "dev", "--auto-approve")
    finally:
        running.stop()
