"""Pipelines on the emulated Azure and Google Cloud: the rendered workflow's sign-in, then Terraform's state backend.

A person bootstraps an environment with the real provider. A job then signs in by the step of the rendered workflow,
with a token that the emulated cloud verifies, and Terraform reads, locks and writes a state with its session.
tests/e2e/test_team.py has the whole workflows on the emulated AWS.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.capabilities.ci import Pipeline
from terrace.deployment.binary import locate
from terrace.emulator import Options, account_of, start
from terrace.emulator.contract import cloud_module
from terrace.environment import load, target
from terrace.pipelines.rendering import render
from terrace.project.discovery import Project
from terrace.state import Conflict, StateHome, home, state_name
from tests.conftest import ROOT
from tests.e2e.test_demo import require_provider
from tests.pipelines.forge import ISSUER, Forge
from tests.pipelines.runner import Runner

pytestmark = pytest.mark.e2e

REFUSED = {"azure": "AADSTS", "gcp": "rejected by the attribute condition"}
"""What the cloud says of a token that it does not trust."""
WORKFLOWS = {"plan": ("plan.yml", "plan"), "apply": ("apply.yml", "apply-dev")}
"""The workflow and the job that sign in as each identity."""


class Site:
    """A project with dev on an emulated cloud, whose pipelines a person has bootstrapped."""

    def __init__(self, root: Path, cloud: str, forge: Forge) -> None:
        self.root = root / "project"
        self.cloud = cloud
        self._forge = forge
        self.root.mkdir()
        for folder in ("environments", "modules", "policies"):
            shutil.copytree(ROOT / folder, self.root / folder)
        (self.root / "cdktf.json").write_text("{}")
        (self.root / ".venv").symlink_to(sys.prefix)
        yaml = YAML()
        for name, changes in (
            ("dev", {"cloud": cloud, "state": {"backend": "remote"}}),
            ("base", {"owner_id": str(forge.owner_id), "repository_id": str(forge.repository_id)}),
        ):
            path = self.root / "environments" / f"{name}.yaml"
            content = yaml.load(path)
            (content if name == "dev" else content["identity"]).update(changes)
            yaml.dump(content, path)
        issuers = root / "issuers.json"
        issuers.write_text(json.dumps({ISSUER: forge.jwks}))
        self.environment = load("dev", project=self.root).environment
        account = target(self.environment)
        self.emulator = start(
            cloud,
            root / "emulator",
            account=account_of(cloud, account.settings),
            region=account.region,
            options=Options(issuers=issuers),
            parent=os.getpid(),
        )
        shell = {"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}"}
        shell |= {name: os.environ[name] for name in ("TERRACE_PROVIDER_MIRROR",) if name in os.environ}
        local = {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        self.person = self.emulator.child_environment(shell) | local
        foreign = cloud_module(cloud).is_foreign
        self._job = {name: value for name, value in self.person.items() if not foreign(name)}

    def bootstrap(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "terrace.cli.main", "bootstrap", "dev", "--yes", "--json"]
        finished = subprocess.run(command, cwd=self.root, env=self.person, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    def home(self) -> StateHome:
        """The state home, as a person."""
        return home(self.environment, project=Project(self.root), variables=self.person)

    def variables(self) -> dict[str, str]:
        """The repository's variables: on Azure, the ids that it chose for the identities."""
        stored = self.home().read(state_name("dev", self.cloud, "bootstrap"))
        assert stored
        return {
            f"TERRACE_DEV_{one['name'].split('_')[1].upper()}_CLIENT_ID": one["instances"][0]["attributes"]["client_id"]
            for one in json.loads(stored.content)["resources"]
            if one["type"] == "azurerm_user_assigned_identity"
        }

    def signed_in(self, pipeline: Pipeline, **claims: str) -> dict[str, str]:
        """The environment of a job after its step `Sign in`; `claims` replace those of its token."""
        file, name = WORKFLOWS[pipeline]
        workflow = YAML(typ="safe", pure=True).load(render(self.root, "github")[f".github/workflows/{file}"])
        job = workflow["jobs"][name]
        (step,) = [one for one in job["steps"] if one.get("name") == "Sign in"]
        runner = Runner(self._forge, self.root, self.root, {})
        made = runner.claims(job, "push" if pipeline == "apply" else "pull_request", "refs/heads/main")
        token = self._forge.start_job(job["permissions"], made | claims)
        surrounding = self._job | {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self._forge.api}/identity?job=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
            "ENVIRONMENT": "dev",
            "GITHUB_ENV": str(self.root / "github-env"),
            "RUNNER_TEMP": str(self.root / f"temp-{pipeline}"),
        }
        settings = json.dumps(self.variables())
        texts = {key: value.replace("${{ toJSON(vars) }}", settings) for key, value in step.get("env", {}).items()}
        (self.root / "github-env").write_text("")
        subprocess.run(["bash", "-e", "-c", step["run"]], cwd=self.root, env=surrounding | texts, check=True)
        lines = (self.root / "github-env").read_text().splitlines()
        return surrounding | dict(line.split("=", 1) for line in lines)

    def terraform(self, environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Terraform on a stack with one value, whose state is that of the foundation."""
        folder = self.root / "stack"
        if not folder.exists():
            folder.mkdir()
            written = Project(self.root).stack("dev-bootstrap") / "cdk.tf.json"
            backend = json.loads(written.read_text())["terraform"]["backend"]
            own = json.loads(json.dumps(backend).replace("/bootstrap", "/foundation"))
            content = {"terraform": {"backend": own}, "resource": {"terraform_data": {"one": {"input": "value"}}}}
            (folder / "main.tf.json").write_text(json.dumps(content))
        return subprocess.run(
            [str(locate(ROOT).path), *arguments, "-no-color", "-input=false"],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(params=["azure", "gcp"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    require_provider(request.param)
    forge = Forge()
    made = Site(tmp_path, request.param, forge)
    yield made
    forge.close()
    made.emulator.stop()


def test_a_job_signs_in_and_keeps_its_state_in_the_cloud(site: Site) -> None:
    assert site.bootstrap()["resources"]["add"] > 5
    again = site.bootstrap()
    assert (again["changed"], again["resources"]) == (0, {})

    # a merge: the identity that applies reads, locks and writes the state
    applying = site.signed_in("apply")
    for arguments in (("init",), ("apply", "-auto-approve"), ("plan", "-detailed-exitcode")):
        finished = site.terraform(applying, *arguments)
        assert finished.returncode == 0, finished.stderr
    name = state_name("dev", site.cloud, "foundation")
    stored = site.home().read(name)
    assert stored and json.loads(stored.content)["resources"][0]["type"] == "terraform_data"
    assert site.home().lock(name) is None

    # while a person holds the lock, a job waits for it in vain; a pull request reads without a lock
    with site.home().hold(name):
        locked = site.terraform(applying, "apply", "-auto-approve")
        assert locked.returncode == 1 and "lock" in locked.stderr
        with pytest.raises(Conflict), site.home().hold(name):
            pass
        planning = site.signed_in("plan")
        read = site.terraform(planning, "plan", "-lock=false", "-detailed-exitcode")
        assert read.returncode == 0, read.stderr

    # a job of another environment has a token of the same issuer, and gets no session
    subject = "repo:acme@123456/terrace@456789:environment:staging"
    foreign = site.signed_in("apply", sub=subject, environment="staging")
    refused = site.terraform(foreign, "plan")
    assert refused.returncode == 1 and REFUSED[site.cloud] in refused.stderr, refused.stderr
    assert site.emulator.unsupported() == []
