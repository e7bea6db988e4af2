"""Synthesis is reproducible: the same bytes from the same input, with nothing of the machine in them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.project import basis
from tests.conftest import ROOT, SynthesizedStack

ENVIRONMENTS = ("dev", "prod", "staging")


def synthesize(project: Path, out: Path, *environments: str, **variables: str) -> None:
    cleared = {name: value for name, value in os.environ.items() if not name.startswith("TERRACE_")}
    subprocess.run(
        [sys.executable, "-m", "stacks", *environments],
        cwd=project,
        env={**cleared, "TERRACE_OUT": str(out), **variables},
        check=True,
        capture_output=True,
        text=True,
    )


def stack_file(out: Path, environment: str) -> Path:
    return out / "stacks" / environment / "cdk.tf.json"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in another folder, with the same environments, synthesized with another home and time zone."""
    project = tmp_path_factory.mktemp("another place")
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, project / folder)
    shutil.copy(ROOT / "cdktf.json", project)
    synthesize(project, project / "out", HOME=str(project), TZ="Pacific/Auckland")
    return project / "out"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_another_folder_and_another_run_give_the_same_bytes(foundation, elsewhere, tmp_path_factory, environment):
    here = json.dumps(foundation(environment).document)
    there = stack_file(elsewhere, environment).read_text()
    assert json.dumps(basis.joined(json.loads(there))) == here


def test_one_environment_alone_gives_the_same_bytes_as_all_of_them(elsewhere, tmp_path):
    synthesize(ROOT, tmp_path, "dev")
    assert stack_file(tmp_path, "dev").read_bytes() == stack_file(elsewhere, "dev").read_bytes()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_stack_has_no_path_of_the_machine(foundation, environment):
    text = json.dumps(foundation(environment).document)
    for trace in (f"{ROOT}/", f"{Path.home()}/", sys.prefix):
        assert trace not in text


def test_providers_have_version_ranges(foundation):
    terraform = foundation("prod").document["terraform"]
    assert terraform["required_providers"] == {"aws": {"source": "aws", "version": ">= 5.100, < 7"}} or (
        terraform["required_providers"]["aws"]["version"] == ">= 5.100, < 7"
    )
    assert terraform["required_version"] == ">= 1.11"


def test_dev_has_a_local_state_file(foundation):
    backend = foundation("dev").document["terraform"]["backend"]
    assert backend == {"local": {"path": "../../../.terrace/state/dev-aws-foundation.tfstate"}}


def test_prod_has_its_state_in_a_locked_and_encrypted_bucket(foundation):
    backend = foundation("prod").document["terraform"]["backend"]["s3"]
    assert backend == {
        "bucket": "dpf-state-777788889999",
        "key": "prod/aws/foundation.tfstate",
        "region": "eu-central-1",
        "encrypt": True,
        "use_lockfile": True,
    }


def test_a_local_state_changes_no_resource(foundation, tmp_path):
    synthesize(ROOT, tmp_path, "prod", TERRACE_STATE="local")
    local = SynthesizedStack(basis.joined(json.loads(stack_file(tmp_path, "prod").read_text())))
    assert "local" in local.document["terraform"]["backend"]
    assert local.document["resource"] == foundation("prod").document["resource"]


def test_stacks_have_no_data_sources(foundation):
    for environment in ENVIRONMENTS:
        assert "data" not in foundation(environment).document


@pytest.mark.parametrize("cloud", CLOUDS)
def test_changing_the_cloud_takes_one_line(foundation, tmp_path, cloud):
    for folder in ("environments", "modules"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    dev = tmp_path / "environments" / "dev.yaml"
    lines = dev.read_text().splitlines(keepends=True)
    dev.write_text("".join(f"cloud: {cloud}\n" if line.startswith("cloud:") else line for line in lines))
    synthesize(tmp_path, tmp_path / "out", "dev")
    written = json.loads(stack_file(tmp_path / "out", "dev").read_text())
    assert basis.joined(written) == foundation("dev", cloud=None if cloud == "aws" else cloud).document


def test_an_unknown_environment_prints_an_error_without_a_traceback(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "stacks", "nowhere"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode in (1, 2)
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr
