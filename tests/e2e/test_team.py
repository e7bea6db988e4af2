"""A team's month through the rendered workflows (`make e2e-team`): real Terraform, the emulated AWS, act as the runner.

What is shorter is in tests/pipelines/test_workflows.py: drift, a fork, a cancelled run, a forged environment.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator

import psutil
import pytest

from terrace.emulator import Options, start
from tests.pipelines.forge import ISSUER, Forge
from tests.pipelines.runner import act, finished
from tests.pipelines.team import Team, few_guarantees

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not act(), reason="act is not installed (TERRACE_ACT): workflows are not run"),
]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    root = tmp_path_factory.mktemp("team")
    forge = Forge()
    issuers = root / "issuers.json"
    issuers.write_text(json.dumps({ISSUER: forge.jwks}))
    emulator = start("aws", root / "emulator", options=Options(issuers=issuers), parent=os.getpid())
    yield Team(root / "team", emulator, forge, few_guarantees(root / "terrace"))
    forge.close()
    emulator.stop()


def terraform(pid: int) -> list[psutil.Process]:
    """The running Terrace and Terraform of an apply below a process."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(child.cmdline())
            if "terraform apply" in command or ("terrace apply" in command and "bash" not in child.cmdline()[0]):
                found.append(child)
    return found


def test_a_teams_month(team: Team) -> None:
    # a change of what both environments share goes through dev to staging
    pull = team.propose("budget", {"environments/base.yaml": {"cost.budget_usd": 4000}})
    run = team.check(pull)
    assert run.jobs == dict.fromkeys(("check", "gate", "plan", "comment", "planned"), "success"), run.log
    assert "dev" in team.comment(pull.number) and "staging" in team.comment(pull.number)
    run = team.merge(pull)
    assert run.jobs == dict.fromkeys(("affected", "apply-dev", "apply-staging"), "success"), run.log
    assert run.log.index("apply dev on aws") < run.log.index("apply staging on aws")
    names = [one["Name"] for one in team.s3().list_buckets()["Buckets"]]
    assert len([name for name in names if "-dev-" in name]) == len([name for name in names if "-staging-" in name]) == 8

    # a bucket is opened by hand; the issue stays until a person repairs it
    bucket = next(name for name in names if "dev-gold" in name)
    team.s3().delete_public_access_block(Bucket=bucket)
    team.drift()
    (opened,) = team.forge.issues
    assert (opened["title"], opened["state"]) == ("Drift of dev on aws", "open")
    team.terrace("plan", "dev")
    team.terrace("apply", "dev", "--yes")
    team.drift()
    assert opened["state"] == "closed"

    # while a run applies, a second engineer waits, and is told who holds the lock; then the run is killed
    pull = team.propose("slow", {"environments/dev.yaml": {"ownership.tags": {"slow": "yes"}}})
    team.check(pull)
    process, log = team.runner.start("apply.yml", "push", team.land(pull), pull.merge, "refs/heads/main")
    until = time.monotonic() + 600
    while len(terraform(process.pid)) < 2 or not team.locks():
        assert process.poll() is None and time.monotonic() < until, finished(log).log
        time.sleep(0.2)
    message = team.refused("plan", "dev")
    assert "the state is locked" in message and "--unlock" in message
    for one in terraform(process.pid):
        one.kill()
    process.wait(120)
    assert finished(log).jobs["apply-dev"] == "failure"
    (lock,) = team.locks()
    id = json.load(team.s3().get_object(Bucket=team.state, Key=lock)["Body"])["ID"]

    # from another machine, with the lock's id: what the killed run made is adopted, and nothing is made twice
    team.git("checkout", "--quiet", "--detach", pull.merge)
    team.terrace("plan", "dev", "--unlock", id)
    team.terrace("apply", "dev", "--yes")
    assert team.locks() == []
    assert team.changes("dev") == []

    # both environments end; the states' bucket is what remains. The small stack lacks the pipelines' roles, which a
    # whole foundation would destroy.
    for role in team.client("iam").list_roles()["Roles"]:
        team.client("iam").delete_role(RoleName=role["RoleName"])
    for name in ("staging", "dev"):
        team.terrace("destroy", name, "--yes", name, "--empty-buckets")
    assert [one["Name"] for one in team.s3().list_buckets()["Buckets"]] == [team.state]
