"""Projects made from the template, and brought to a newer one."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from terrace.capabilities.ci import CI_SYSTEMS
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, names
from terrace.errors import UsageError
from terrace.project import discovery, template
from tests.conftest import ROOT

OURS = {"project": "dpf", "clouds": list(CLOUDS), "repository": "acme/terrace", "domain": "data.example.com"}


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=someone", "-c", "user.email=someone@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A project in a clean git repository."""
    project = tmp_path / "platform"
    template.create(project, {"clouds": ["aws"]}, ask=False)
    git(project, "init", "--quiet")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "-m", "first")
    return project


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Templates with a second version: another range of a setting, a new file, and one file less."""
    templates = tmp_path / "templates"
    shutil.copytree(template.TEMPLATES, templates)
    last = template.versions()[-1]
    shutil.copytree(templates / str(last), templates / str(last + 1))
    files = templates / str(last + 1) / "files"
    base = files / "environments" / "base.yaml.jinja"
    base.write_text(base.read_text().replace("deletion_window_days: 30", "deletion_window_days: 20"))
    (files / "policies" / "drift.yaml").write_text("drift: []\n")
    answers = next(files.glob("*answers_file*"))
    answers.write_text(answers.read_text().replace(f"v{last}", f"v{last + 1}"))
    return templates


def test_the_template_renders_this_repository(tmp_path: Path) -> None:
    """The environments, accounts, stacks and waivers of this repository are what the template gives a new project."""
    template.create(tmp_path / "project", OURS, ask=False)
    shared = [
        *(path for folder in ("environments", "stacks") for path in (tmp_path / "project" / folder).rglob("*.*")),
        tmp_path / "project" / "policies" / "waivers.yaml",
    ]
    assert len(shared) >= 12
    for path in shared:
        assert path.read_text() == (ROOT / path.relative_to(tmp_path / "project")).read_text(), path.name
    ours, made = (json.loads((root / "cdktf.json").read_text()) for root in (ROOT, tmp_path / "project"))
    assert ours | {"projectId": ""} == made | {"projectId": ""}
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert set((tmp_path / "project" / ".gitignore").read_text().splitlines()) <= {*ignored, "cdktf.out/"}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("ci", CI_SYSTEMS)
def test_a_project_is_valid_on_each_cloud_and_ci_system(cloud: str, ci: str, tmp_path: Path) -> None:
    template.create(tmp_path / "demo", {"clouds": [cloud], "ci": ci}, ask=False)
    assert sorted(names(tmp_path / "demo")) == ["dev", "prod", "staging"]
    for name in names(tmp_path / "demo"):
        environment = load(name, project=tmp_path / "demo").environment
        assert (environment.cloud, environment.project, environment.identity.ci) == (cloud, "demo", ci)
    assert discovery.Project.find(tmp_path / "demo").clouds == (cloud,)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_project_names_no_account_of_a_cloud_that_it_does_not_use(cloud: str, tmp_path: Path) -> None:
    template.create(tmp_path / "demo", {"clouds": [cloud]}, ask=False)
    assert [path.name for path in (tmp_path / "demo" / "environments" / "clouds").glob("*.yaml")] == [f"{cloud}.yaml"]
    others = {"aws": "account_id", "azure": "subscription_id", "gcp": "project_id"}
    texts = [path.read_text() for path in (tmp_path / "demo" / "environments").rglob("*.yaml")]
    for other in set(CLOUDS) - {cloud}:
        assert not any(re.search(rf"^ *({others[other]}|{other}):", text, re.MULTILINE) for text in texts), other


def test_a_directory_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="not empty"):
        template.create(tmp_path, {}, ask=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_answer_that_the_template_refuses_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 to 12"):
        template.create(tmp_path / "demo", {"project": "No Name"}, ask=False)


def test_an_update_merges_the_template_into_the_projects_own_changes(committed: Path, newer: Path) -> None:
    base = committed / "environments" / "base.yaml"
    base.write_text(base.read_text().replace("region: frankfurt", "region: ireland"))
    (committed / "Makefile").unlink()
    git(committed, "commit", "--quiet", "-am", "ours")
    assert template.update(committed, templates=newer) == []
    assert "region: ireland" in base.read_text() and "deletion_window_days: 20" in base.read_text()
    assert (committed / "policies" / "drift.yaml").is_file()
    assert not (committed / "Makefile").exists(), "a file that the project deleted comes back"
    assert f"_commit: v{template.versions(newer)[-1]}\n" in (committed / template.ANSWERS).read_text()
    git(committed, "add", ".")
    git(committed, "commit", "--quiet", "-m", "updated")
    assert template.update(committed, templates=newer) == []
    status = subprocess.run(["git", "status", "--porcelain"], cwd=committed, capture_output=True, text=True, check=True)
    assert status.stdout == "", "a second update changes something"


def test_an_update_reports_files_with_conflicts(committed: Path, newer: Path) -> None:
    base = committed / "environments" / "base.yaml"
    base.write_text(base.read_text().replace("deletion_window_days: 30", "deletion_window_days: 10"))
    git(committed, "commit", "--quiet", "-am", "ours")
    assert template.update(committed, templates=newer) == ["environments/base.yaml"]
    assert "<<<<<<<" in base.read_text() and "deletion_window_days: 10" in base.read_text()


def test_an_update_of_uncommitted_changes_is_refused(committed: Path, newer: Path) -> None:
    (committed / "README.md").write_text("ours\n")
    with pytest.raises(UsageError, match="dirty") as caught:
        template.update(committed, templates=newer)
    assert "commit" in caught.value.hint
    assert (committed / "README.md").read_text() == "ours\n"


def test_only_a_project_of_the_template_is_updated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did not make this project"):
        template.update(tmp_path)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [(">=9,<10", "the project works with versions >=9,<10 of the kit"), ("latest", "invalid range of versions")],
)
def test_another_version_of_the_kit_is_an_error_with_its_line(wanted: str, message: str, tmp_path: Path) -> None:
    template.create(tmp_path / "demo", {}, ask=False)
    path = tmp_path / "demo" / "cdktf.json"
    path.write_text(path.read_text().replace(template.kit_range(), wanted))
    with pytest.raises(UsageError, match=message) as caught:
        discovery.Project.find(tmp_path / "demo")
    assert caught.value.where == f"{path}:10" and "pip" in caught.value.hint


@pytest.mark.parametrize(
    ("version", "expected"), [("0.1.0", ">=0.1.0,<0.2"), ("0.12.3", ">=0.12.3,<0.13"), ("1.4.2", ">=1.4.2,<2")]
)
def test_the_range_ends_before_the_next_incompatible_version(version: str, expected: str) -> None:
    assert template.kit_range(version) == expected
