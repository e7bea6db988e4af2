"""Which environments pipelines deploy, in which order, and which of them a change affects."""

import shutil
import subprocess
from pathlib import Path

import pytest

from terrace.cli.main import run
from terrace.errors import UsageError
from terrace.pipelines.deployments import affected, changed_files, deployed
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    shutil.copytree(ROOT / "modules", tmp_path / "modules")
    shutil.copy(ROOT / "cdktf.json", tmp_path)
    dev = tmp_path / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("backend: local", "backend: remote"))
    return tmp_path


def test_environments_are_in_the_order_of_their_promotion(project: Path) -> None:
    assert [(one.name, one.cloud) for one in deployed(project)] == [("dev", "aws"), ("staging", "aws"), ("prod", "aws")]


def test_an_environment_with_local_state_is_not_deployed() -> None:
    assert [one.name for one in deployed(ROOT)] == ["staging", "prod"]


def test_a_project_without_remote_state_has_no_pipeline(project: Path) -> None:
    for name in ("dev", "staging", "prod"):
        path = project / "environments" / f"{name}.yaml"
        path.write_text(path.read_text().replace("backend: remote", "backend: local"))
    base = project / "environments" / "base.yaml"
    base.write_text(base.read_text().replace("backend: remote", "backend: local"))
    with pytest.raises(UsageError, match="no environment keeps its state in the cloud"):
        deployed(project)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        (["environments/dev.yaml"], ["dev"]),
        (["environments/staging.yaml", "docs/x.md"], ["staging"]),
        (["environments/base.yaml"], ["dev", "staging", "prod"]),
        (["environments/clouds/aws.yaml"], ["dev", "staging", "prod"]),
        (["environments/clouds/gcp.yaml"], []),
        (["environments/schema.json", "environments/clouds/aws.schema.json"], []),
        (["stacks/foundation.py"], ["dev", "staging", "prod"]),
        (["policies/waivers.yaml"], ["dev", "staging", "prod"]),
        (["requirements/base.txt"], ["dev", "staging", "prod"]),
        (["modules/airflow/README.md"], ["dev", "staging", "prod"]),
        (["README.md", "docs/start.md", "tests/test_x.py", ".github/workflows/plan.yml"], []),
        ([".gitlab-ci.yml", ".gitlab/terrace/plan.yml", ".azure-pipelines/plan.yml"], []),
        (["a file\nwith a line break"], ["dev", "staging", "prod"]),
        ([], []),
    ],
)
def test_a_change_affects_the_environments_that_read_the_file(
    project: Path, changed: list[str], names: list[str]
) -> None:
    assert [one.name for one in affected(deployed(project), changed)] == names


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_changed_files_are_those_between_two_commits(tmp_path: Path) -> None:
    """Also of a project below the repository's root, of renames, and of names with spaces and umlauts."""
    project = tmp_path / "below"
    (project / "environments").mkdir(parents=True)
    (project / "environments" / "old.yaml").write_text("a: 1\n")
    git(tmp_path, "init", "--quiet", ".")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    first = git(tmp_path, "rev-parse", "HEAD")
    git(project, "mv", "environments/old.yaml", "environments/neü name.yaml")
    (tmp_path / "elsewhere").write_text("x")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    assert changed_files(project, first) == ["environments/neü name.yaml", "environments/old.yaml"]
    assert changed_files(project, "HEAD^1") == changed_files(project, first)
    assert changed_files(project, "HEAD") == []


@pytest.mark.parametrize("since", ["", "0" * 40, "1" * 40, "--output=x", "no-such-branch"])
def test_a_commit_that_the_clone_lacks_means_that_everything_may_have_changed(tmp_path: Path, since: str) -> None:
    git(tmp_path, "init", "--quiet", ".")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "one")
    assert changed_files(tmp_path, since) is None
    assert not (tmp_path / "x").exists()


def test_a_project_outside_of_git_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        changed_files(tmp_path, "HEAD^1")


def test_the_command_prints_names_for_a_shell(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--project", str(project), "ci", "matrix", "--names"]) == 0
    assert capsys.readouterr().out == "dev\nstaging\nprod\n"


def test_an_environment_whose_last_day_has_passed_is_not_deployed_again(project: Path) -> None:
    """Its file may remain; a later change of base.yaml must not make it anew."""
    dev = project / "environments" / "dev.yaml"
    text = dev.read_text()
    for day, expected in (("2099-12-31", "dev"), ("2020-01-01", "staging")):
        dev.write_text(f"{text}\nexpires: {day}\n")
        assert deployed(project)[0].name == expected
