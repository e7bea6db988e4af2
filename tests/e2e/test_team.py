"""A team's month through the rendered workflows (`make e2e-team`): real Terraform, the emulated AWS, act as the runner.

What is shorter is in tests/pipelines/test_workflows.py: a cancelled run, a fork, a forged environment.
"""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.pipelines.runner import SERVER, act, finished
from tests.pipelines.team import Team, whole_team
from tests.pipelines.test_workflows import PLANNED

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not act(), reason="act is not installed (TERRACE_ACT): workflows are not run"),
]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with whole_team(tmp_path_factory.mktemp("team")) as team:
        yield team


def applying(pid: int) -> list[psutil.Process]:
    """The running Terrace and Terraform of an apply below a process."""
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = " ".join(child.cmdline())
            if "terraform apply" in command or ("terrace apply" in command and "bash" not in child.cmdline()[0]):
                found.append(child)
    return found


def test_a_teams_month(team: Team) -> None:
    # a person bootstraps the account and applies once; nothing else than what the stacks and the state home hold exists
    team.bootstrap("dev", "staging")
    assert "no changes" in team.terrace("bootstrap", "dev", "--state-only", "--yes")
    start = team.git("rev-parse", "HEAD")
    assert len([name for name in team.buckets() if "-dev-" in name]) == 8

    # an upgrade of the stack renames a construct: it is rehearsed, reviewed, and goes through dev to staging
    path = "stacks/__main__.py"
    code = (team.clone / path).read_text()
    renamed = code.replace('"lake/{bucket}/bucket"', '"lake/{bucket}/store"')
    assert renamed != code
    pull = team.propose("unsafe", {path: renamed})
    team.git("checkout", "--quiet", "--detach", pull.head)
    refused = team.terrace("upgrade", "--from", start, "dev", code=1)
    assert "refused: the upgrade destroys dev/lake/gold/bucket, which holds data" in refused
    moves = (
        '"moved": [{"from": f"aws_s3_bucket.lake_{b}_bucket", "to": f"aws_s3_bucket.lake_{b}_store"} for b in BUCKETS]'
    )
    renamed = renamed.replace('"resource": resources,', f'"resource": resources, {moves},')
    budget = {"environments/base.yaml": {"cost.budget_usd": 4000}, "environments/dev.yaml": {"cost.budget_usd": 400}}
    pull = team.propose("upgrade", {path: renamed, **budget}, title="Rename the constructs of the buckets")
    team.git("checkout", "--quiet", "--detach", pull.head)
    rehearsed = team.terrace("upgrade", "--from", start, "dev", "--on-mocks")
    assert "= aws_s3_bucket.lake_gold_bucket -> aws_s3_bucket.lake_gold_store" in rehearsed
    assert "on mocks: 0 changed by the plan" in rehearsed
    run = team.check(pull)
    assert run.jobs == PLANNED, run.log
    comment = team.comment(pull.number)
    assert "| dev | AWS | 0 | 1 | 0 | 0 |" in comment and "| staging | AWS | 0 | 1 | 0 | 0 |" in comment
    run = team.merge(pull)
    assert run.jobs == dict.fromkeys(("affected", "apply-dev", "apply-staging"), "success"), run.log
    assert run.log.index("apply dev on aws") < run.log.index("apply staging on aws")

    # a bucket is opened by hand; the issue stays until a person repairs it
    bucket = next(name for name in team.buckets() if "dev-gold" in name)
    team.s3().delete_public_access_block(Bucket=bucket)
    team.drift("dev")
    (opened,) = team.forge.issues
    assert (opened["title"], opened["state"]) == ("Drift of dev on aws", "open")
    team.git("checkout", "--quiet", "--detach", pull.merge)
    team.terrace("plan", "dev")
    team.terrace("apply", "dev", "--yes")
    team.drift("dev")
    assert opened["state"] == "closed"

    # while a run applies, a second engineer is told which run it is, and whether it lives; then the run is killed
    pull = team.propose("slow", {"environments/dev.yaml": {"ownership.tags": {"slow": "yes"}}})
    team.check(pull)
    process, log = team.runner.start("apply.yml", "push", team.land(pull), pull.merge, "refs/heads/main")
    until = time.monotonic() + 900
    while len(applying(process.pid)) < 2 or not team.locks():
        assert process.poll() is None and time.monotonic() < until, finished(log).log
        time.sleep(0.2)
    message = team.refused("plan", "dev", **team.github)
    assert (
        "`terrace apply dev`" in message
        and "ago" in message
        and "GitHub reports that the run is in progress" in message
    )
    assert f"{SERVER}/{team.forge.repository}/actions/runs/" in message
    for one in applying(process.pid):
        one.kill()
    process.wait(120)
    assert team.runner.ended(log).jobs["apply-dev"] == "failure"
    assert len(team.locks()) == 1

    # on another machine, as soon as GitHub reports that the run has ended: its lock is released, what it made is
    # adopted, and nothing is made twice
    team.git("checkout", "--quiet", "--detach", pull.merge)
    team.terrace("plan", "dev", **team.github)
    team.terrace("apply", "dev", "--yes", **team.github)
    assert team.locks() == []
    assert team.changes("dev") == []
    assert len(team.client("sqs").list_queues()["QueueUrls"]) == 1

    # both environments end; what remains is the state home with the evidence and a copy of each state, and the
    # pipelines' roles with their issuer
    identities = team.identities()
    for name in ("staging", "dev"):
        team.as_pipeline(name, "apply", "destroy", name, "--yes", name, "--empty-buckets")
        (state,) = json.loads(team.terrace("state", "list", name, "--json"))["states"]
        assert state["resources"] == 0
        assert any(version["resources"] for version in state["versions"])
    assert team.buckets() == [] and team.identities() == identities
    kinds = team.evidence("dev")
    assert kinds[:3] == ["apply", "apply", "verify"] and kinds[-1] == "destroy"
    assert "unbroken" in team.terrace("evidence", "check", "dev")


def test_whole_dev_through_the_workflows(tmp_path: Path) -> None:
    """Terrace's own stacks and every guarantee: bootstrapped by a person, then deployed, compared and destroyed by the
    pipelines alone."""
    with whole_team(tmp_path, kind="whole") as team:
        team.terrace("bootstrap", "dev", "--yes")
        identities = team.identities()
        pull = team.propose("first", {"environments/dev.yaml": {"cost.budget_usd": 400}}, title="The first deployment")
        run = team.check(pull)
        assert run.jobs == PLANNED, run.log
        comment = team.comment(pull.number)
        assert re.search(r"\| dev \| AWS \| \d{3} \| 0 \| 0 \| 0 \|", comment), comment
        run = team.merge(pull)
        assert run.jobs == {"affected": "success", "apply-dev": "success"}, run.log
        assert team.evidence("dev") == ["apply", "apply", "verify"]  # the bootstrap is the first
        bucket = next(name for name in team.buckets() if "-dev-gold" in name)
        block = team.s3().get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        team.s3().delete_public_access_block(Bucket=bucket)
        team.drift("dev")
        (opened,) = team.forge.issues
        assert (opened["title"], opened["state"]) == ("Drift of dev on aws", "open")
        team.s3().put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
        team.drift("dev")
        assert opened["state"] == "closed"
        team.git("checkout", "--quiet", "--detach", pull.merge)
        team.as_pipeline("dev", "apply", "destroy", "dev", "--yes", "dev", "--empty-buckets")
        states = json.loads(team.terrace("state", "list", "dev", "--json"))["states"]
        assert {one["layer"]: one["resources"] > 0 for one in states} == {"bootstrap": True, "foundation": False}
        assert team.buckets() == [] and team.identities() == identities
        assert team.evidence("dev") == ["apply", "apply", "verify", "destroy"]
        assert "unbroken" in team.terrace("evidence", "check", "dev")
