"""`terrace state` and locks, with real Terraform on states in each home."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.deployment import lifecycle
from terrace.deployment.deployment import Deployment
from terrace.deployment.errors import NoStateHome
from terrace.environment import load, target
from terrace.project.discovery import Project
from tests.conftest import ROOT
from tests.state.conftest import Clouds
from tests.state.site import Site, made


class Stack:
    """The foundation of dev, with resources that need no provider."""

    def __init__(self, site: Site, *, local: bool = False) -> None:
        self.site = site
        environment = load("dev", project=site.root, cloud=site.emulator.cloud).environment
        module = implementation("terrace", site.emulator.cloud, "state")
        kind, arguments = module.remote_state(environment, target(environment), "foundation")
        path = f"../../../.terrace/state/dev-{site.emulator.cloud}-foundation.tfstate"
        self._backend = {"local": {"path": path}} if local else {kind: arguments}
        shell = site.emulator.child_environment({"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(site.root)})
        self.deployment = Deployment(
            Project(site.root), "dev", site.emulator.cloud, variables=shell, synthesize=False, lock_timeout="0s"
        )

    def write(self, number: int, *, seconds: int = 0) -> None:
        slow = {"provisioner": [{"local-exec": {"command": f"sleep {seconds}"}}]} if seconds else {}
        resources = {f"r{index}": dict(slow) for index in range(number)}
        document = {"terraform": {"backend": self._backend}, "resource": {"terraform_data": resources}}
        directory = self.deployment.project.stack("dev")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "cdk.tf.json").write_text(json.dumps(document))

    def apply(self, number: int) -> None:
        self.write(number)
        lifecycle.plan(self.deployment)
        lifecycle.apply(self.deployment, confirm=lambda saved: True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """While another Terraform holds the lock."""
        self.write(9, seconds=60)
        terraform = self.deployment.terraform()
        running = subprocess.Popen(
            [str(terraform.binary.path), "apply", "-auto-approve", "-no-color"],
            cwd=terraform.directory,
            env={**self.deployment.variables, "TF_DATA_DIR": str(terraform.data_directory)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + 60
            while not self.lock():
                assert running.poll() is None and time.monotonic() < deadline
                time.sleep(0.2)
            yield
        finally:
            running.terminate()
            running.wait()

    def lock(self) -> Any:
        return self.listed()["states"] and self.listed()["states"][0]["lock"]

    def listed(self) -> dict[str, Any]:
        finished = self.site.run("state list", "--json")
        assert finished.returncode == 0, finished.stderr
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_fresh_account_hints_at_bootstrap(clouds: Clouds, cloud: str, tmp_path: Path) -> None:
    stack = Stack(made(clouds[cloud], tmp_path))
    stack.write(1)
    with pytest.raises(NoStateHome) as caught:
        stack.deployment.terraform()
    assert caught.value.hint == f"make it with `terrace bootstrap dev --cloud {cloud}`"


@pytest.mark.parametrize("place", ["local", *CLOUDS])
def test_a_state_is_backed_up_and_restored(clouds: Clouds, place: str, tmp_path: Path) -> None:
    site = made(clouds["aws" if place == "local" else place], tmp_path)
    if place == "local":
        shutil.copy(ROOT / "environments" / "dev.yaml", site.root / "environments")
    else:
        site.bootstrap()
    stack = Stack(site, local=place == "local")
    stack.apply(1)
    backup = site.run("state backup", "--json")
    assert backup.returncode == 0, backup.stderr
    stack.apply(3)
    (state,) = stack.listed()["states"]
    assert state["resources"] == 3 and state["lock"] is None
    resources = [version["resources"] for version in state["versions"]]
    assert resources[0] == 3 and 1 in resources

    id = json.loads(backup.stdout)["backups"]["foundation"]
    restored = site.run("state restore", "--yes", "--version", id)
    assert restored.returncode == 0, restored.stderr
    (after,) = stack.listed()["states"]
    assert after["resources"] == 1 and after["serial"] > state["serial"]
    replaced = restored.stdout.split()[-1]
    again = site.run("state restore", "--yes", "--version", replaced)
    assert again.returncode == 0, again.stderr
    assert stack.listed()["states"][0]["resources"] == 3
    stack.write(3)
    assert lifecycle.plan(stack.deployment).summary.empty

    unknown = site.run("state restore", "--yes", "--version", "nothing")
    assert unknown.returncode == 1 and "no version or backup 'nothing'" in unknown.stderr


@pytest.mark.parametrize("place", ["local", *CLOUDS])
def test_nothing_is_restored_while_a_run_holds_the_lock(clouds: Clouds, place: str, tmp_path: Path) -> None:
    site = made(clouds["aws" if place == "local" else place], tmp_path)
    if place == "local":
        shutil.copy(ROOT / "environments" / "dev.yaml", site.root / "environments")
    else:
        site.bootstrap()
    stack = Stack(site, local=place == "local")
    stack.apply(1)
    with stack.locked():
        for command in ("state restore", "state backup"):
            refused = site.run(command, *(["--yes"] if command == "state restore" else []))
            assert refused.returncode == 1, refused.stderr
            assert "is locked: apply by " in refused.stderr
