"""The rendered workflows, really run: act in host mode, a GitHub on loopback, the emulated AWS and real Terraform."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.pipelines.runner import cancel
from tests.pipelines.team import Team, whole_team

pytestmark = pytest.mark.usefixtures("runs_workflows")


PLANNED = dict.fromkeys(("check", "gate", "parity", "plan", "comment", "planned"), "success")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, runs_workflows: None) -> Iterator[Team]:
    """A repository with dev and staging on an emulated AWS; a person has applied dev once."""
    root = tmp_path_factory.mktemp("team")
    with whole_team(root) as team:
        team.bootstrap("dev")
        yield team


def test_a_pull_request_is_planned_and_its_merge_is_applied(team: Team, tmp_path: Path) -> None:
    """With a title and a branch that would run commands if they reached a shell."""
    proof = tmp_path / "ran"
    title = f"$(touch {proof}) `touch {proof}`; touch {proof}"
    pull = team.propose("a;touch${IFS}x", {"environments/dev.yaml": {"cost.budget_usd": 400}}, title=title)
    run = team.check(pull)
    assert run.jobs == PLANNED, run.log
    assert "plan dev on aws" in run.log and "plan staging on aws" not in run.log
    assert not proof.exists()
    comment = team.comment(pull.number)
    assert "## Terrace: 1 change" in comment and str(proof) not in comment
    assert "| dev | AWS | 0 | 1 | 0 | 0 |" in comment
    assert "Gate: passes" in comment and "Every guarantee holds" in comment
    run = team.merge(pull)
    assert run.jobs == {"affected": "success", "apply-dev": "success"}, run.log
    assert team.evidence("dev") == ["apply", "apply", "verify"]


def test_a_change_by_hand_is_an_issue_until_it_is_repaired(team: Team) -> None:
    bucket = next(name for name in team.buckets() if "gold" in name)
    block = team.s3().get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    opened_up = {**block, "BlockPublicPolicy": False}
    team.s3().put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=opened_up)
    run = team.drift("dev")
    assert run.jobs["drift-dev"] == "success", run.log
    (opened,) = [one for one in team.forge.issues if one["title"] == "Drift of dev on aws"]
    assert opened["state"] == "open"
    assert "dev/lake/gold/private" in opened["body"] and "`block_public_policy`" in opened["body"]
    team.s3().put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert team.drift("dev").jobs["drift-dev"] == "success"
    assert opened["state"] == "closed"


def test_a_cancelled_run_leaves_no_lock_and_nothing_that_is_made_twice(team: Team) -> None:
    """GitHub interrupts the process of the step, which is Terrace itself: Terraform saves its state and unlocks it.
    What it left half made is adopted from another machine at once."""
    pull = team.propose("slow", {"environments/dev.yaml": {"ownership.tags": {"slow": "yes"}}})
    assert team.check(pull).jobs["plan"] == "success"
    push = team.land(pull)
    process, log = team.runner.start("apply.yml", "push", push, pull.merge, "refs/heads/main")
    until = time.monotonic() + 600
    while not (running(process.pid, "terraform", "apply") and team.locks()):
        assert process.poll() is None and time.monotonic() < until, log.read_text()
        time.sleep(0.2)
    assert team.locks() == ["dev/aws/foundation.tfstate.tflock"]
    cancel(process, "terrace apply dev")
    process.wait(120)
    assert team.runner.ended(log).jobs["apply-dev"] == "failure"
    assert team.locks() == []
    team.git("checkout", "--quiet", "--detach", pull.merge)
    team.terrace("plan", "dev")
    team.terrace("apply", "dev", "--yes")
    assert len(team.client("sqs").list_queues()["QueueUrls"]) == 1


def running(pid: int, *words: str) -> bool:
    """Whether a descendant of a process runs with these words in its command line."""
    commands = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            commands.append(" ".join(child.cmdline()[:2]))
    return any(all(word in command for word in words) for command in commands)


def test_a_fork_is_checked_without_any_identity(team: Team) -> None:
    pull = team.propose("fork", {"environments/dev.yaml": {"cost.budget_usd": 300}})
    before = len(team.forge.requests)
    run = team.check(pull, fork=True)
    assert run.jobs == dict.fromkeys(("check", "gate", "parity", "planned"), "success"), run.log
    assert team.forge.requests[before:] == []


def test_a_pull_request_that_names_the_environment_is_refused(team: Team) -> None:
    """It would have the subject of the apply identity; the environment's branch rule is what stops it."""
    team.forge.environments["dev"] = {"deployment_branch_policy": {"custom_branch_policies": True}}
    team.forge.branch_policies["dev"] = ["main"]
    evil = (
        "name: plan\non: pull_request\npermissions: {}\njobs:\n  steal:\n    runs-on: ubuntu-24.04\n"
        "    environment: dev\n    permissions: {id-token: write}\n    steps:\n"
        "      - run: curl --noproxy '*' -s \"$ACTIONS_ID_TOKEN_REQUEST_URL\"\n"
    )
    pull = team.propose("steal", {".github/workflows/plan.yml": evil})
    before = len(team.forge.requests)
    run = team.check(pull)
    assert run.jobs == {"steal": "failure"}
    assert "is not allowed to deploy to dev" in run.log
    assert team.forge.requests[before:] == []
