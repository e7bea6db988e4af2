"""The rendered GitLab pipeline, really run: gitlab-ci-local, a GitLab on loopback, the emulated AWS and real Terraform.

No token is forged here: each job has the claims that GitLab would give it, and the emulated AWS verifies them.
"""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from terrace.emulator import Options, start
from tests.emulator.issuer import Issuer
from tests.pipelines.fake_gitlab import FakeGitLab
from tests.pipelines.forge import Forge
from tests.pipelines.runner_gitlab import GitLabRunner, is_usable
from tests.pipelines.team import Kind, Pull, Team, few_guarantees

pytestmark = pytest.mark.e2e

URL = "https://gitlab.example.com"
PROJECT = {"project_id": "4242", "namespace_id": "99", "project_path": "acme/data/terrace"}
REQUEST = {"ref": "change", "ref_type": "branch", "ref_protected": "false", "pipeline_source": "merge_request_event"}
MAIN = {"ref": "main", "ref_type": "branch", "ref_protected": "true", "pipeline_source": "push"}
DEV = {"environment": "dev", "environment_protected": "true", "deployment_tier": "development"}


class GitLabTeam(Team):
    """The repository as a GitLab project."""

    system = "gitlab"
    gitlab: GitLabRunner

    def identity(self, kind: Kind) -> dict[str, Any]:
        ids = {name: PROJECT[name] for name in ("project_id", "namespace_id")}
        return {"ci": "gitlab", "repository": PROJECT["project_path"], "gitlab": {"url": URL, **ids}}


@pytest.fixture(scope="module")
def gitlab() -> Iterator[FakeGitLab]:
    running = FakeGitLab()
    yield running
    running.close()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitLabTeam]:
    if not is_usable():
        pytest.skip("gitlab-ci-local (TERRACE_GITLAB_CI_LOCAL) or rsync is not installed: the pipeline is not run")
    root, issuer = tmp_path_factory.mktemp("team"), Issuer(URL)
    issuers = root / "issuers.json"
    issuers.write_text(json.dumps({URL: issuer.key_set}))
    emulator = start("aws", root / "emulator", options=Options(issuers=issuers), parent=os.getpid())
    forge = Forge()
    made = GitLabTeam(root / "team", emulator, forge, few_guarantees(root / "terrace"))
    made.gitlab = GitLabRunner(made.origin, root / "team" / "runs", made.job, issuer, PROJECT)
    made.bootstrap("dev")
    yield made
    forge.close()
    emulator.stop()


def _budget(team: GitLabTeam) -> str:
    account = team.emulator.account["account_id"]
    (budget,) = team.client("budgets").describe_budgets(AccountId=account)["Budgets"]
    return str(budget["BudgetLimit"]["Amount"])


def requested(gitlab: FakeGitLab, pull: Pull, **more: str) -> dict[str, str]:
    """The variables of a merge request's pipeline."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_COMMIT_BRANCH": "",
        "CI_API_V4_URL": gitlab.url,
        "CI_PROJECT_ID": PROJECT["project_id"],
        "CI_MERGE_REQUEST_IID": str(pull.number),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": PROJECT["project_id"],
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull.base,
        "GITLAB_TOKEN": "project",
        **more,
    }


def test_a_merge_request_is_planned_and_its_merge_is_applied(team: GitLabTeam, gitlab: FakeGitLab) -> None:
    pull = team.propose("change", {"environments/dev.yaml": {"cost.budget_usd": 400}})
    checkout, variables = team.gitlab.clone(pull.head), requested(gitlab, pull)
    for job in ("check", "plan: [dev,sts.amazonaws.com]", "plan: [staging,sts.amazonaws.com]"):
        code, log = team.gitlab.run(checkout, job, variables, REQUEST)
        assert code == 0, log
    assert "the change does not affect staging" in log
    code, log = team.gitlab.run(checkout, "comment", variables, REQUEST)
    assert code == 0, log
    (note,) = gitlab.notes[str(pull.number)]
    assert "## Terrace: 1 change" in note["body"]
    before = _budget(team)
    # the project merges without new files (`rebase_merge`), so the bundle of the merge request is that of the merge
    team.git("push", "--quiet", "origin", f"{pull.merge}:refs/heads/main")
    merged = {
        "CI_PIPELINE_SOURCE": "push",
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_BEFORE_SHA": pull.base,
        "CI_PROJECT_ID": PROJECT["project_id"],
    }
    checkout = team.gitlab.clone(pull.merge)
    code, log = team.gitlab.run(checkout, "apply-dev", merged, MAIN)
    # a job without the environment has no token that applies
    assert code != 0 and "sts:AssumeRoleWithWebIdentity" in log
    code, log = team.gitlab.run(checkout, "apply-dev", merged, MAIN | DEV)
    assert code == 0, log
    assert (float(before), float(_budget(team))) == (500, 400)
    code, log = team.gitlab.run(checkout, "apply-staging", merged, MAIN)
    assert code == 0 and "the change does not affect staging" in log
