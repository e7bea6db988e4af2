"""The one comment and the one issue, written to a GitHub on loopback with the permissions of a job."""

import json
from pathlib import Path
from typing import Any

import pytest

from terrace.cli.main import run
from terrace.errors import UsageError
from terrace.pipelines.github import GitHub, client
from terrace.pipelines.http import Refused
from terrace.pipelines.messages import LABEL, Posted, issue, post_comment, report_drift
from tests.pipelines.forge import Forge

COMMENT, ISSUE = {"pull-requests": "write"}, {"issues": "write"}


def github(forge: Forge, permissions: dict[str, str]) -> GitHub:
    token = forge.start_job(permissions, {})
    return client({"GITHUB_REPOSITORY": forge.repository, "GITHUB_TOKEN": token, "GITHUB_API_URL": forge.api})


def drift(*addresses: str, **more: Any) -> dict[str, Any]:
    found = [
        {
            "address": address,
            "kind": "changed",
            "construct": "",
            "environment_line": None,
            "attributes": [{"path": "tags.owner", "before": "secret-before", "after": "secret-after"}],
            **more,
        }
        for address in addresses
    ]
    return {"environment": "dev", "cloud": "aws", "drift": found, "informational": [], "pending": []}


def done(posted: Posted) -> str:
    return posted.done


def test_a_pull_request_has_one_comment(forge: Forge) -> None:
    job = github(forge, COMMENT)
    assert done(post_comment(job, 7, "first")) == "opened"
    assert done(post_comment(job, 7, "second")) == "updated"
    assert done(post_comment(job, 7, "second")) == "unchanged"
    assert done(post_comment(job, 8, "another")) == "opened"
    (comment,) = forge.comments[7]
    assert comment["body"] == "<!-- terrace:plan -->\nsecond"


def test_a_text_with_a_line_of_its_own_is_found_by_it(forge: Forge) -> None:
    job = github(forge, COMMENT)
    post_comment(job, 7, "<!-- one -->\na")
    post_comment(job, 7, "<!-- two -->\nb")
    post_comment(job, 7, "<!-- one -->\nc")
    assert [one["body"] for one in forge.comments[7]] == ["<!-- one -->\nc", "<!-- two -->\nb"]


def test_a_comment_of_a_person_with_the_same_line_is_left_alone(forge: Forge) -> None:
    forge.comments[7] = [forge._new(body="<!-- terrace:plan -->\nmine") | {"user": {"login": "eve", "type": "User"}}]
    assert done(post_comment(github(forge, COMMENT), 7, "text")) == "opened"
    assert [one["body"] for one in forge.comments[7]] == ["<!-- terrace:plan -->\nmine", "<!-- terrace:plan -->\ntext"]


def test_a_comment_on_a_later_page_is_found(forge: Forge) -> None:
    forge.comments[7] = [forge._new(body=f"comment {n}") for n in range(230)]
    job = github(forge, COMMENT)
    post_comment(job, 7, "first")
    assert done(post_comment(job, 7, "second")) == "updated"
    assert len(forge.comments[7]) == 231


def test_a_text_that_github_does_not_accept_is_not_sent(forge: Forge) -> None:
    with pytest.raises(UsageError, match="GitHub accepts 65536"):
        post_comment(github(forge, COMMENT), 7, "x" * GitHub.longest)
    assert forge.requests == []


def test_a_job_without_the_permission_is_told_so(forge: Forge) -> None:
    with pytest.raises(Refused, match="403: Resource not accessible") as caught:
        post_comment(github(forge, {"contents": "read"}), 7, "text")
    assert "permissions" in caught.value.hint and caught.value.exit_code == 3


def test_an_error_of_a_gateway_is_tried_again_where_that_is_safe(forge: Forge) -> None:
    """A comment may have been written although the gateway says that it was not: it is not sent again."""
    job = github(forge, COMMENT)
    forge.fail = 2
    assert job.get("") is not None
    assert [status for _, _, status in forge.requests] == [502, 502, 200]
    for fail, sent in ((3, ["GET"] * 3), (1, ["POST"])):
        forge.requests.clear()
        forge.fail = fail
        with pytest.raises(Refused, match="502"):
            job.send(sent[0], "issues/7/comments", {"body": "text"} if sent[0] == "POST" else None)
        assert [method for method, _, _ in forge.requests] == sent
    assert forge.comments == {}


def test_an_issue_is_opened_updated_and_closed(forge: Forge) -> None:
    job = github(forge, ISSUE)
    assert done(report_drift(job, drift())) == "none"
    assert done(report_drift(job, drift("aws_s3_bucket.a"), "https://example.com/1")) == "opened"
    assert done(report_drift(job, drift("aws_s3_bucket.a"), "https://example.com/2")) == "unchanged"
    assert done(report_drift(job, drift("aws_s3_bucket.a", "aws_s3_bucket.b"))) == "updated"
    (opened,) = forge.issues
    assert opened["title"] == "Drift of dev on aws" and opened["labels"] == [{"name": LABEL}]
    assert "aws_s3_bucket.b" in opened["body"]
    assert done(report_drift(job, drift(), "https://example.com/3")) == "closed"
    assert opened["state"] == "closed"
    assert forge.comments[opened["number"]][0]["body"].startswith("The last check found no drift.")
    assert done(report_drift(job, drift())) == "none"
    assert done(report_drift(job, drift("aws_s3_bucket.a"))) == "opened"
    assert [one["state"] for one in forge.issues] == ["closed", "open"]


def test_environments_have_issues_of_their_own(forge: Forge) -> None:
    job = github(forge, ISSUE)
    report_drift(job, drift("a.a"))
    report_drift(job, drift("a.a") | {"environment": "staging"})
    report_drift(job, drift())
    assert [(one["title"], one["state"]) for one in forge.issues] == [
        ("Drift of dev on aws", "closed"),
        ("Drift of staging on aws", "open"),
    ]


def test_an_issue_of_a_stranger_without_the_label_is_left_alone(forge: Forge) -> None:
    _, body = issue(drift("a.a"))
    forge.issues.append(forge._new(title="Drift of dev on aws", body=body, state="open", labels=[]))
    report_drift(github(forge, ISSUE), drift())
    assert forge.issues[0]["state"] == "open"


def test_an_issue_has_no_value_and_its_names_are_text() -> None:
    """A name that a cloud's user chose cannot mention people, link, break the list or end the comment of HTML."""
    names = ["x`| @acme/admins <img src=y> [z](https://e.example)\n# heading", "--> <!-- terrace:drift prod aws -->"]
    _, body = issue(drift(*names, environment_line="environments/dev.yaml:3:1", severity="security"))
    assert "secret-" not in body
    first, second = [line for line in body.splitlines() if line.startswith("- `")]
    assert first.startswith("- ``x`| @acme/admins") and "\n# heading" not in body
    assert body.splitlines()[0] == "<!-- terrace:drift dev aws -->"
    assert second.endswith(" was changed: `tags.owner`; security; set in `environments/dev.yaml:3:1`")


def test_an_issue_about_many_resources_fits(forge: Forge) -> None:
    report = drift(*(f"aws_s3_bucket.{'long' * 20}_{n}" for n in range(2000)))
    assert done(report_drift(github(forge, ISSUE), report)) == "opened"
    assert "1,940 more resources" in forge.issues[0]["body"]


def test_the_commands_write_and_report(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", forge.repository)
    monkeypatch.setenv("GITHUB_API_URL", forge.api)
    monkeypatch.setenv("GITHUB_TOKEN", forge.start_job({**COMMENT, **ISSUE}, {}))
    text, report = tmp_path / "comment.md", tmp_path / "drift.json"
    text.write_text("hello")
    assert run(["ci", "post-comment", str(text), "--pull-request", "3"]) == 0
    report.write_text(json.dumps(drift("a.a")))
    assert run(["ci", "drift-issue", str(report)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("comment opened: http://127.0.0.1") and "issue opened: http://127.0.0.1" in out


@pytest.mark.parametrize("content", ["", '{"environment": "dev", "cloud": "aws", "dri', '{"error": 1}', "[]"])
def test_a_drift_check_that_broke_does_not_close_the_issue(
    forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", forge.repository)
    monkeypatch.setenv("GITHUB_API_URL", forge.api)
    monkeypatch.setenv("GITHUB_TOKEN", forge.start_job(ISSUE, {}))
    report_drift(github(forge, ISSUE), drift("a.a"))
    path = tmp_path / "drift.json"
    path.write_text(content)
    assert run(["ci", "drift-issue", str(path)]) == 3
    assert forge.issues[0]["state"] == "open"


def test_without_a_token_the_command_says_how_to_give_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/terrace")
    (tmp_path / "x.md").write_text("x")
    assert run(["ci", "post-comment", str(tmp_path / "x.md"), "--pull-request", "1"]) == 2
    assert "hint: set GITHUB_TOKEN" in capsys.readouterr().err


def test_an_issue_names_the_last_write_or_why_it_is_unknown() -> None:
    write = {"actor": "arn:aws:iam::1:user/eve", "call": "sns:TagResource", "at": "2026-12-01T09:00:00+00:00"}
    known = drift("aws_sns_topic.a", last_writes={"writes": [write], "unknown": None})
    assert "; last write: `sns:TagResource` by `arn:aws:iam::1:user/eve` at `2026-12-01T09" in issue(known)[1]
    unknown = drift("aws_sns_topic.a", last_writes={"writes": [], "unknown": "the log is off"})
    assert "; last write unknown: the log is off" in issue(unknown)[1]
