"""A changed home of the state: plans stop, and `terrace state migrate` moves the state, with real Terraform."""

import json
import re
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.deployment import lifecycle
from terrace.deployment.deployment import Deployment
from terrace.deployment.state_home import StateElsewhere
from terrace.environment import load
from terrace.project.discovery import Project
from terrace.state import Stored, state_name
from terrace.state.homes import Homes
from tests.state.buckets import create
from tests.state.conftest import Clouds
from tests.state.site import Site, made


class Moving:
    """The foundation of dev, without providers, whose environment names one home after the other."""

    def __init__(self, site: Site) -> None:
        self.site = site
        shutil.copytree(Path(__file__).parents[2] / "modules", site.root / "modules", dirs_exist_ok=True)
        (site.root / "stacks").mkdir()
        (site.root / "stacks" / "__init__.py").touch()
        self.name_home(site.bucket)

    @property
    def cloud(self) -> str:
        return self.site.emulator.cloud

    def name_home(self, bucket: str) -> None:
        """Write the home to the environment's file and to the stack; "" is the project's folder."""
        dev = self.site.root / "environments" / "dev.yaml"
        wanted = f"backend: remote\n  bucket: {bucket}" if bucket else "backend: local"
        dev.write_text(re.sub(r"backend: \w+(\n  bucket: [\w-]+)?", wanted, dev.read_text(), count=1))
        backend = self.homes().backend("", "foundation")
        stack = {"terraform": {"backend": backend}, "resource": {"terraform_data": {"a": {}, "b": {}}}}
        text = f"""
import os, pathlib
folder = pathlib.Path(os.environ["TERRACE_OUT"]) / "stacks" / "dev"
folder.mkdir(parents=True, exist_ok=True)
(folder / "cdk.tf.json").write_text({json.dumps(stack)!r})
"""
        (self.site.root / "stacks" / "__main__.py").write_text(text)

    def homes(self) -> Homes:
        environment = load("dev", project=self.site.root, cloud=self.cloud).environment
        return Homes(environment, Project(self.site.root), variables=self.site.emulator.child_environment({}))

    def deployment(self) -> Deployment:
        shell = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.site.root)}
        variables = self.site.emulator.child_environment(shell)
        homes = replace(self.homes(), variables=variables)
        return Deployment(Project(self.site.root), "dev", self.cloud, variables=variables, homes=homes)

    def apply(self) -> None:
        lifecycle.plan(self.deployment())
        lifecycle.apply(self.deployment(), confirm=lambda saved: True)

    def state(self, home: str) -> Stored | None:
        return self.homes().at(home).read(state_name("dev", self.cloud, "foundation"))


@pytest.fixture
def moving(clouds: Clouds, cloud: str, tmp_path: Path) -> Moving:
    moving = Moving(made(clouds[cloud], tmp_path))
    create(clouds[cloud], moving.site.bucket)
    return moving


def other_bucket(moving: Moving, clouds: Clouds) -> str:
    bucket = f"state{uuid.uuid4().hex[:10]}"
    create(clouds[moving.cloud], bucket)
    return bucket


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_changed_home_stops_the_plan_until_the_state_is_moved(moving: Moving, cloud: str) -> None:
    old = moving.site.bucket
    moving.apply()
    before = moving.state(old)
    assert before
    moving.name_home("")
    with pytest.raises(StateElsewhere, match="2 resources of dev on .* are in the state in .*" + old) as caught:
        lifecycle.plan(moving.deployment())
    assert "terrace state migrate dev" in caught.value.hint

    moved = moving.site.run("state migrate", "--yes")
    assert moved.returncode == 0, moved.stderr
    assert "dev: 2 resources moved" in moved.stdout and "the old state stays" in moved.stdout
    assert lifecycle.plan(moving.deployment()).summary.empty
    after, kept = moving.state("local"), moving.state(old)
    assert after and kept and kept.content == before.content
    assert [json.loads(after.content)[key] for key in ("serial", "lineage")] == [
        json.loads(before.content)[key] for key in ("serial", "lineage")
    ]
    again = moving.site.run("state migrate", "--yes")
    assert again.returncode == 1 and "no other home with a state of dev is known" in again.stderr

    shutil.rmtree(moving.site.root / ".terrace" / "terraform")  # as on a machine that has an old checkout
    moving.name_home(old)
    moving.deployment().terraform(moving.deployment().stack())
    with pytest.raises(StateElsewhere, match="was moved to"):
        lifecycle.plan(moving.deployment())


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_state_moves_from_one_bucket_to_another(moving: Moving, clouds: Clouds, cloud: str) -> None:
    moving.apply()
    new = other_bucket(moving, clouds)
    moving.name_home(new)
    with pytest.raises(StateElsewhere, match=new):
        lifecycle.plan(moving.deployment())
    shutil.rmtree(moving.site.root / ".terrace")  # another machine remembers no home
    forgotten = moving.site.run("state migrate", "--yes")
    assert forgotten.returncode == 1 and "--from" in forgotten.stderr
    moved = moving.site.run("state migrate", "--yes", "--from", moving.site.bucket)
    assert moved.returncode == 0, moved.stderr
    assert lifecycle.plan(moving.deployment()).summary.empty


def test_another_machine_finds_the_state_in_the_computed_bucket(
    clouds: Clouds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moving = Moving(made(clouds["aws"], tmp_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")  # whether there are credentials is read from this process
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    computed = moving.homes().at("computed").place.removeprefix("s3://")
    create(clouds["aws"], computed)
    moving.name_home(computed)
    moving.apply()
    shutil.rmtree(moving.site.root / ".terrace")
    moving.name_home("")
    with pytest.raises(StateElsewhere, match=computed) as caught:
        lifecycle.plan(moving.deployment())
    assert "--from computed" in caught.value.hint


def test_nothing_is_moved_onto_another_state(clouds: Clouds, tmp_path: Path) -> None:
    moving = Moving(made(clouds["aws"], tmp_path))
    create(clouds["aws"], moving.site.bucket)
    moving.name_home("")
    moving.apply()
    shutil.rmtree(moving.site.root / ".terrace" / "terraform")
    moving.name_home(moving.site.bucket)
    without = replace(moving.deployment(), homes=None)
    lifecycle.plan(without)
    lifecycle.apply(without, confirm=lambda saved: True)
    refused = moving.site.run("state migrate", "--yes", "--from", "local")
    assert refused.returncode == 1 and "both homes have a state of dev" in refused.stderr
