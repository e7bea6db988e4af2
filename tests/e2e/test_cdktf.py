"""`cdktf` with both command lines: CDK Terrain's and the archived original."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terrace import emulator
from terrace.deployment import binary, mirror
from terrace.node import node, version
from tests.conftest import ROOT

NODES = {
    # CDK Terrain's requires Node 22.19 or newer; the original has a native module for Node 22 or older
    "cdktn-cli": lambda: Path(node()),
    "cdktf-cli": lambda: shutil.which("node"),
}


EMPTY = """
from terrace import purge
from terrace.environment import load, target

dev = load("dev").environment
purge.empty_buckets(dev, target(dev))
"""


@pytest.fixture(scope="module", params=NODES)
def command(request, tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The path of `cdktf` from one of the packages, and the environment variables to run it with."""
    directory = tmp_path_factory.mktemp(request.param)
    node_path = NODES[request.param]()
    if request.param == "cdktf-cli" and (node_path is None or not (18, 0) <= version(node_path) < (23, 0)):
        pytest.skip("cdktf-cli 0.21: its native module requires Node 18 to 22 on PATH")
    npm = shutil.which("npm", path=f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if npm is None:
        pytest.skip(f"{request.param}: npm is not installed")
    path = f"{Path(node_path).parent}{os.pathsep}{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "CHECKPOINT_DISABLE": "1", "CI": "1", "NO_COLOR": "1"}
    arguments = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", str(directory)]
    if request.param == "cdktn-cli":
        shutil.copy(ROOT / "package.json", directory)  # as a user's `npm install` does
    else:
        arguments.append("cdktf-cli@0.21.0")
    installed = subprocess.run(
        [npm, *arguments], cwd=directory, capture_output=True, text=True, check=False, timeout=600, env=os.environ
    )
    if installed.returncode != 0:
        pytest.skip(f"{request.param}: npm install failed: {installed.stderr.strip()[-200:]}")
    return directory / "node_modules" / ".bin" / "cdktf", variables


@pytest.fixture
def project(tmp_path) -> Path:
    """A project after `make setup`: the manifest, the environments, and a .venv."""
    for name in ("environments", "cdktf.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(command: tuple[Path, dict[str, str]], project: Path, *arguments: str, may_fail: bool = False) -> str:
    program, variables = command
    finished = subprocess.run(
        [str(program), *arguments],
        cwd=project,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20 * 60,
    )
    assert may_fail or finished.returncode == 0, finished.stdout[-4000:] + finished.stderr[-4000:]
    return finished.stdout


def test_list_names_the_environments_and_synth_writes_them(command, project, foundation):
    output = run(command, project, "list")
    for environment in ("dev", "staging", "prod"):
        assert environment in output
        stack = project / "cdktf.out" / "stacks" / environment / "cdk.tf.json"
        assert stack.read_text()


@pytest.mark.e2e
def test_deploy_dev_and_destroy_it_on_the_emulator(command, project, tmp_path):
    running = emulator.start("aws", tmp_path / "emulator", account={"account_id": "111122223333"})
    try:
        source = mirror.choose(providers=["hashicorp/aws"], host=binary.locate(ROOT).registry_host, environ=os.environ)
        program, variables = command
        # the command runs `init` and `providers lock` itself, without access to the registry: both use the mirror
        if source.path is None or source.kind != "mirror":
            pytest.skip("the command runs init behind the emulator's proxy, which requires a provider mirror")
        mirrored = {**source.variables(tmp_path / "mirror"), "TF_CLI_ARGS_providers_lock": f"-fs-mirror={source.path}"}
        inside = running.child_environment({**variables, **mirrored})
        run((program, inside), project, "deploy", "dev", "--auto-approve")
        assert "dpf-dev-bronze-111122223333" in {
            resource.id for resource in running.inventory() if resource.service == "s3"
        }
        # as on AWS, logs keep arriving while their senders are destroyed, so their bucket is not empty the first time
        run((program, inside), project, "destroy", "dev", "--auto-approve", may_fail=True)
        subprocess.run([sys.executable, "-c", EMPTY], cwd=project, env=inside, check=True)
        run((program, inside), project, "destroy", "dev", "--auto-approve")
        leftovers = [resource for resource in running.inventory() if resource.service not in ("kms", "secretsmanager")]
        assert leftovers == []
    finally:
        running.stop()
