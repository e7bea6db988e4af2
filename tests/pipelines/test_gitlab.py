"""Notes, issues and settings of a GitLab on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrace.cli.main import run
from terrace.environment import Loaded, load
from terrace.errors import UsageError
from terrace.pipelines.gitlab import GitLab, client
from terrace.pipelines.gitlab.settings import IMAGE, reviewer, settings
from terrace.pipelines.messages import post_comment, report_drift
from terrace.pipelines.settings import Reviewer, Setting, apply
from tests.pipelines.fake_gitlab import FakeGitLab
from tests.pipelines.projects import project
from tests.pipelines.test_messages import drift

DIGEST = "registry.example.com/python@sha256:" + "0" * 64
VALUES = {IMAGE: DIGEST, "TERRACE_STAGING_PLAN_CLIENT_ID": "a", "TERRACE_STAGING_APPLY_CLIENT_ID": "b"}
APPROVING = [Reviewer("Team", 7)]


@pytest.fixture
def fake() -> Iterator[FakeGitLab]:
    running = FakeGitLab()
    yield running
    running.close()


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    root = project(tmp_path_factory.mktemp("project"), "gitlab")
    return [load(name, project=root) for name in ("dev", "staging", "prod")]


def variables(fake: FakeGitLab) -> dict[str, str]:
    return {"CI_PROJECT_ID": "4242", "CI_API_V4_URL": fake.url, "GITLAB_TOKEN": "project"}


def api(fake: FakeGitLab) -> GitLab:
    return client(variables(fake))


def missing(found: list[Setting]) -> dict[str, str]:
    return {one.name: one.missing for one in found if one.missing}


def test_a_merge_request_has_one_note(fake: FakeGitLab) -> None:
    """Also behind a page of notes, and beside one of a person with the same first line."""
    for n in range(130):
        fake.note("7", f"note {n}")
    fake.note("7", "<!-- terrace:plan -->\nmine", author=2)
    gitlab = api(fake)
    assert post_comment(gitlab, 7, "first").url.startswith(f"{fake.url}/merge_requests/7#note_")
    assert [post_comment(gitlab, 7, text).done for text in ("second", "second")] == ["updated", "unchanged"]
    assert [one["body"] for one in fake.notes["7"][130:]] == [
        "<!-- terrace:plan -->\nmine",
        "<!-- terrace:plan -->\nsecond",
    ]


def test_an_issue_is_opened_updated_and_closed(fake: FakeGitLab) -> None:
    gitlab = api(fake)
    reports = [drift(), drift("a.a"), drift("a.a"), drift("a.a", "b.b"), drift(), drift()]
    done = [report_drift(gitlab, report).done for report in reports]
    assert done == ["none", "opened", "unchanged", "updated", "closed", "none"]
    (issue,) = fake.issues
    assert issue["state"] == "closed" and issue["labels"] == ["terrace-drift"]
    assert fake.notes["issue 1"][0]["body"] == "The last check found no drift."


def test_the_commands_write_to_the_system_of_the_job(
    fake: FakeGitLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"GITLAB_CI": "true", **variables(fake)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "comment.md").write_text("hello")
    (tmp_path / "drift.json").write_text(json.dumps(drift("a.a")))
    assert run(["ci", "post-comment", str(tmp_path / "comment.md"), "--pull-request", "3"]) == 0
    assert run(["ci", "drift-issue", str(tmp_path / "drift.json")]) == 0
    assert len(fake.notes["3"]) == 1 and len(fake.issues) == 1


def test_everything_is_missing_in_a_new_project_and_set_once(fake: FakeGitLab, stages: list[Loaded]) -> None:
    gitlab = api(fake)
    found = list(settings(gitlab, stages, APPROVING, VALUES))
    assert set(missing(found)) == {
        "subject of tokens",
        "merges and pipelines",
        "protection of the branch main",
        "approvals of merge requests",
        "schedule of the drift pipeline",
        *(f"environment {name}" for name in ("dev", "staging", "prod")),
        *(f"variable {name}" for name in VALUES),
    }
    apply(gitlab, found)
    again = list(settings(gitlab, stages, APPROVING, VALUES))
    assert missing(again) == {}
    before = len(fake.requests)
    apply(gitlab, again)
    assert fake.requests[before:] == []
    subject = ["project_id", "ref_protected", "environment_protected", "deployment_tier"]
    assert fake.project["ci_id_token_sub_claim_components"] == subject
    assert fake.environments["dev"]["approval_rules"] == []
    assert fake.environments["prod"]["approval_rules"] == [{"group_id": 7, "required_approvals": 1}]


BREAKS: dict[str, Any] = {
    "made of project_path": lambda f: f.project.update(ci_id_token_sub_claim_components=["project_path"]),
    "the ids are 1 and 99": lambda f: f.project.update(id=1),
    "merge_method": lambda f: f.project.update(merge_method="merge"),
    "only_allow_merge_if_pipeline_succeeds": lambda f: f.project.update(only_allow_merge_if_pipeline_succeeds=False),
    "no push": lambda f: f.branches["main"]["push_access_levels"].append({"id": 5, "access_level": 40}),
    "it is not protected": lambda f: f.environments.pop("dev"),
    "an approval of each deployment": lambda f: f.environments["prod"].update(approval_rules=[]),
    "let others than maintainers deploy": lambda f: f.environments["dev"].update(
        deploy_access_levels=[{"access_level": 30}]
    ),
    "reset_approvals_on_push": lambda f: f.approvals.update(reset_approvals_on_push=False),
    "an approval": lambda f: f.rules.clear(),
    "there is none": lambda f: f.schedules.clear(),
    "has no digest": lambda f: f.variables.update({IMAGE: "python:latest"}),
}


@pytest.mark.parametrize("text", BREAKS)
def test_each_setting_is_read_back(fake: FakeGitLab, stages: list[Loaded], text: str) -> None:
    gitlab = api(fake)
    apply(gitlab, list(settings(gitlab, stages, APPROVING, VALUES)))
    BREAKS[text](fake)
    found = missing(list(settings(gitlab, stages)))
    assert len(found) == 1 and text in next(iter(found.values()))


def test_a_reviewer_is_a_group_or_a_user(fake: FakeGitLab) -> None:
    assert reviewer(api(fake), "team:platform").type == "Team"
    with pytest.raises(UsageError, match="expected team:GROUP or user:NAME"):
        reviewer(api(fake), "platform")


def test_without_a_token_the_command_says_how_to_give_one() -> None:
    with pytest.raises(UsageError, match="no token for GitLab") as caught:
        client({"CI_PROJECT_ID": "1", "CI_API_V4_URL": "http://127.0.0.1"})
    assert "project access token" in caught.value.hint
