"""`cdktf` as people type it, with either command line: CDK Terrain's and the archived original."""

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
    # what carries each of them: CDK Terrain's wants at least 22.19, the original a native module for 22 at most
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
    """`cdktf` as either package brings it, and the variables it runs with."""
    where = tmp_path_factory.mktemp(request.param)
    runs_on = NODES[request.param]()
    if request.param == "cdktf-cli" and (runs_on is None or not (18, 0) <= version(runs_on) < (23, 0)):
        pytest.skip("cdktf-cli 0.21: its native module needs a Node from 18 to 22 on PATH")
    npm = shutil.which("npm", path=f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if npm is None:
        pytest.skip(f"{request.param}: there is no npm")
    path = f"{Path(runs_on).parent}{os.pathsep}{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "CHECKPOINT_DISABLE": "1", "CI": "1", "NO_COLOR": "1"}
    arguments = ["install", "--silent", "--no-audit", "--no-fund", "--prefix", str(where)]
    if request.param == "cdktn-cli":
        shutil.copy(ROOT / "package.json", where)  # as a user gets it: `npm install`
    else:
        arguments.append("cdktf-cli@0.21.0")
    installed = subprocess.run(
        [npm, *arguments], cwd=where, capture_output=True, text=True, check=False, timeout=600, env=os.environ
    )
    if installed.returncode != 0:
        pytest.skip(f"{request.param}: npm cannot install it: {installed.stderr.strip()[-200:]}")
    return where / "node_modules" / ".bin" / "cdktf", variables


@pytest.fixture
def project(tmp_path) -> Path:
    """A project as it is after set-up: the manifest, the environments, and a .venv."""
    for name in ("environments", "cdktf.json"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(command: tuple[Path, dict[str, str]], project: Path, *arguments: str, may_fail: bool = False) -> str:
    program, variables = command
    ended = subprocess.run(
        [str(program), *arguments],
        cwd=project,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=20 * 60,
    )
    assert may_fail or ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]
    return ended.stdout


def test_list_names_the_environments_and_synth_writes_them(command, project, foundation):
    listed = run(command, project, "list")
    for environment in ("dev", "staging", "prod"):
        assert environment in listed
        written = project / "cdktf.out" / "stacks" / environment / "cdk.tf.json"
        assert written.read_text()


@pytest.mark.e2e
def test_deploy_dev_and_destroy_it_on_the_emulator(command, project, tmp_path):
    running = emulator.start("aws", tmp_path / "emulator", account={"account_id": "111122223333"})
    try:
        source = mirror.choose(providers=["hashicorp/aws"], host=binary.locate(ROOT).registry_host, environ=os.environ)
        program, variables = command
        # init and the lock, which the command runs itself, have to get by without the registry: a mirror serves both
        if source.path is None or source.kind != "mirror":
            pytest.skip("the command runs init behind the emulator's proxy, which needs a provider mirror")
        mirrored = {**source.variables(tmp_path / "mirror"), "TF_CLI_ARGS_providers_lock": f"-fs-mirror={source.path}"}
        inside = running.child_environment({**variables, **mirrored})
        run((program, inside), project, "deploy", "dev", "--auto-approve")
        assert "dpf-dev-bronze-111122223333" in {one.id for one in running.inventory() if one.service == "s3"}
        # logs go on to arrive while their senders are destroyed, as on AWS: the bucket they go to fails the first time
        run((program, inside), project, "destroy", "dev", "--auto-approve", may_fail=True)
        subprocess.run([sys.executable, "-c", EMPTY], cwd=project, env=inside, check=True)
        run((program, inside), project, "destroy", "dev", "--auto-approve")
        left = [resource for resource in running.inventory() if resource.service not in ("kms", "secretsmanager")]
        assert left == []
    finally:
        running.stop()
