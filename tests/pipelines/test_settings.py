"""The settings that the workflows rely on: read from a GitHub on loopback, set there, and read back."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from terrace.cli.main import run
from terrace.environment import Loaded, load
from terrace.errors import UsageError
from terrace.pipelines.github import GitHub, client
from terrace.pipelines.github.settings import RULESET, reviewer, settings
from terrace.pipelines.settings import Reviewer, Setting, apply
from tests.conftest import ROOT
from tests.pipelines.forge import Forge


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dev and prod on AWS, staging on Azure, of the repository that the forge has."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "environments", root / "environments")
    shutil.copytree(ROOT / "modules", root / "modules")
    shutil.copy(ROOT / "cdktf.json", root)
    for name in ("dev", "staging"):
        path = root / "environments" / f"{name}.yaml"
        text = path.read_text().replace("backend: local", "backend: remote")
        path.write_text(text.replace("cloud: aws", "cloud: azure") if name == "staging" else text)
    base = root / "environments" / "base.yaml"
    ids = '  owner_id: "123456"\n  repository_id: "456789"\n'
    base.write_text(base.read_text().replace("identity:\n", f"identity:\n{ids}"))
    return root


@pytest.fixture(scope="module")
def stages(project: Path) -> list[Loaded]:
    return [load(name, project=project) for name in ("dev", "staging", "prod")]


def owner(forge: Forge) -> GitHub:
    return client({"GITHUB_REPOSITORY": forge.repository, "GITHUB_TOKEN": forge.owner, "GITHUB_API_URL": forge.api})


def missing(found: list[Setting]) -> dict[str, str]:
    return {one.name: one.missing for one in found if one.missing}


VALUES = {
    f"TERRACE_STAGING_{pipeline}_CLIENT_ID": "00000000-0000-4000-8000-00000000000a" for pipeline in ("PLAN", "APPLY")
}


def test_everything_is_missing_in_a_new_repository_and_set_once(forge: Forge, stages: list[Loaded]) -> None:
    github = owner(forge)
    reviewers = [reviewer(github, "team:platform")]
    found = list(settings(github, stages, reviewers, VALUES))
    assert set(missing(found)) == {
        "default rights of workflows",
        "rules of the branch main",
        *(f"environment {name}" for name in ("dev", "staging", "prod")),
        *(f"variable {name}" for name in VALUES),
    }
    apply(github, found)
    again = list(settings(github, stages, reviewers, VALUES))
    assert missing(again) == {}
    before = len(forge.requests)
    apply(github, again)
    assert forge.requests[before:] == []
    assert forge.branch_policies == {"dev": ["main"], "staging": ["main"], "prod": ["main"]}
    assert "reviewers" in forge.environments["prod"] and forge.environments["dev"]["reviewers"] == []
    assert [one["name"] for one in forge.rulesets] == [RULESET]


def test_nothing_is_set_without_who_approves(forge: Forge, stages: list[Loaded]) -> None:
    found = {one.name: one for one in settings(owner(forge), stages)}
    assert found["environment prod"].calls == () and "--reviewer" in found["environment prod"].hint
    assert found["environment dev"].calls


def test_a_stricter_environment_stays_as_strict(forge: Forge, stages: list[Loaded]) -> None:
    github = owner(forge)
    forge.environments["prod"] = {"wait_timer": 30, "reviewers": [{"type": "User", "id": 7}]}
    apply(github, list(settings(github, stages, [Reviewer("Team", 9)])))
    prod = forge.environments["prod"]
    assert prod["wait_timer"] == 30 and prod["prevent_self_review"] is True
    assert prod["reviewers"] == [{"type": "User", "id": 7}, {"type": "Team", "id": 9}]


def test_rules_of_another_ruleset_count(forge: Forge, stages: list[Loaded]) -> None:
    github = owner(forge)
    apply(github, list(settings(github, stages)))
    forge.rulesets[0]["name"] = "the organisation's"
    assert "rules of the branch main" not in missing(list(settings(github, stages)))
    forge.rulesets[0]["enforcement"] = "evaluate"
    assert "an approved pull request" in missing(list(settings(github, stages)))["rules of the branch main"]


BREAKS: dict[str, tuple[str, Any]] = {
    "a branch that may deploy too": (
        "it lets feature deploy too",
        lambda f: f.branch_policies["prod"].append("feature"),
    ),
    "an environment open to all branches": (
        "deployments from main only",
        lambda f: f.environments["prod"].update(deployment_branch_policy=None),
    ),
    "prod without a reviewer": ("a reviewer", lambda f: f.environments["prod"].update(reviewers=[])),
    "a prod that one approves alone": (
        "other than the one who started it",
        lambda f: f.environments["prod"].update(prevent_self_review=False),
    ),
    "a deleted environment": ("it does not exist", lambda f: f.environments.pop("prod")),
    "a branch without the check": (
        "the check planned",
        lambda f: f.rulesets[0]["rules"][3]["parameters"].update(required_status_checks=[]),
    ),
    "a branch that may be behind": (
        "up to date",
        lambda f: f.rulesets[0]["rules"][3]["parameters"].update(strict_required_status_checks_policy=False),
    ),
    "a branch that is pushed to": ("an approved pull request", lambda f: f.rulesets[0]["rules"].pop(2)),
    "a subject of one's own": ("a template of its own", lambda f: f.subject.update(use_default=False)),
    "a repository of the same name": ("the ids are 123456 and 1", lambda f: setattr(f, "repository_id", 1)),
    "tokens that write": (
        "default_workflow_permissions",
        lambda f: f.workflow_permissions.update(default_workflow_permissions="write"),
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_setting_is_read_back(forge: Forge, stages: list[Loaded], name: str) -> None:
    github = owner(forge)
    apply(github, list(settings(github, stages, [Reviewer("Team", 9)], VALUES)))
    assert missing(list(settings(github, stages))) == {}
    text, change = BREAKS[name]
    change(forge)
    found = missing(list(settings(github, stages)))
    assert len(found) == 1 and text in next(iter(found.values()))


def test_a_reviewer_that_does_not_exist_is_refused(forge: Forge) -> None:
    with pytest.raises(UsageError, match="expected team:NAME or user:NAME"):
        reviewer(owner(forge), "platform")


def test_the_command_prints_requests_and_sends_them_only_when_asked(
    forge: Forge, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", forge.owner)
    monkeypatch.setenv("GITHUB_API_URL", forge.api)
    given = [part for name, value in VALUES.items() for part in ("--variable", f"{name}={value}")]
    at = ["--project", str(project), "ci", "setup", "github", "--reviewer", "team:platform", *given]
    assert run(at) == 1
    out = capsys.readouterr().out
    assert "MISSING  environment prod: it does not exist" in out
    assert "PUT /repos/acme/terrace/environments/prod\n" in out
    assert all(method == "GET" for method, _, _ in forge.requests)
    assert run([*at, "--yes"]) == 0
    assert "MISSING" not in capsys.readouterr().out
    assert run(at) == 0
    assert json.dumps(forge.rulesets)


def test_check_reads_the_settings_back(
    forge: Forge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stages: list[Loaded]
) -> None:
    """Of this repository's staging, whose environments name no ids."""
    monkeypatch.setenv("GITHUB_TOKEN", forge.owner)
    monkeypatch.setenv("GITHUB_API_URL", forge.api)
    assert run(["--project", str(ROOT), "ci", "check", "staging", "--json"]) == 1
    read = {one["name"]: one["missing"] for one in json.loads(capsys.readouterr().out)["settings"]}
    assert "do not name the ids" in read["identity of the repository"]
    assert read["environment staging"].startswith("it does not exist")
