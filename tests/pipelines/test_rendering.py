"""The rendered workflow files: valid, pinned, with the least rights, and the same for the same environments."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.capabilities.ci import CI_SYSTEMS, CiName
from terrace.cli.main import run
from terrace.errors import UsageError
from terrace.pipelines.rendering import render
from tests.conftest import ROOT
from tests.pipelines.projects import project
from tests.test_workflows import PINNED, WORKFLOWS

ALLOWED = {"actions/checkout", "actions/setup-python", "actions/upload-artifact", "actions/download-artifact"}
_UNTRUSTED = re.compile(r"\$\{\{[^}]*github\.(event\.(?!before|pull_request\.(number|base\.sha))|head_ref)[^}]*\}\}")


Files = dict[str, str]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The workflow files of `project`."""
    return render(project(tmp_path_factory.mktemp("project"), "github"), "github")


def workflows(rendered: Files) -> dict[str, Any]:
    yaml = YAML(typ="safe", pure=True)
    return {Path(path).stem: yaml.load(text) for path, text in rendered.items()}


def test_the_workflows_use_only_pinned_actions_of_github(rendered: Files) -> None:
    used = [
        line.strip().removeprefix("- ") for text in rendered.values() for line in text.splitlines() if "uses:" in line
    ]
    assert used and [line for line in used if not PINNED.fullmatch(line)] == []
    assert {line.removeprefix("uses: ").partition("@")[0] for line in used} <= ALLOWED


def test_the_pins_are_those_of_this_repository(rendered: Files) -> None:
    """So that one update of the pins updates both."""
    pin = re.compile(r"(actions/[a-z-]+)@([0-9a-f]{40}) # (v[\d.]+)")
    own = {found for path in WORKFLOWS for found in pin.findall(path.read_text())}
    rendered = {found for text in rendered.values() for found in pin.findall(text)}
    assert rendered and rendered <= own


def test_jobs_have_the_least_rights(rendered: Files) -> None:
    granted = {
        (workflow, job): {name: level for name, level in content["permissions"].items() if name != "contents"}
        for workflow, document in workflows(rendered).items()
        for job, content in document["jobs"].items()
    }
    signs_in = {"id-token": "write"}
    assert granted == {
        ("plan", "check"): {},
        ("plan", "gate"): {},
        ("plan", "parity"): {},
        ("plan", "plan"): signs_in,
        ("plan", "comment"): {"pull-requests": "write"},
        ("plan", "planned"): {},
        ("apply", "affected"): {},
        **{("apply", f"apply-{name}"): signs_in for name in ("dev", "staging", "prod")},
        **{("drift", f"drift-{name}"): {**signs_in, "issues": "write"} for name in ("dev", "staging", "prod")},
    }
    for document in workflows(rendered).values():
        assert document["permissions"] == {} and document["concurrency"]
        assert all(job["permissions"].get("contents", "read") == "read" for job in document["jobs"].values())


def test_no_workflow_gives_secrets_or_text_of_others_to_a_shell(rendered: Files) -> None:
    for text in rendered.values():
        assert "secrets." not in text
        assert "pull_request_target" not in text and "workflow_run" not in text
        assert not _UNTRUSTED.search(
            text.replace("github.event.pull_request.head.repo.full_name == github", "==github")
        )
    for document in workflows(rendered).values():
        for job in document["jobs"].values():
            assert all("${{" not in step.get("run", "") for step in job["steps"])


def test_environments_are_applied_one_after_the_other_behind_their_rules(rendered: Files) -> None:
    jobs = workflows(rendered)["apply"]["jobs"]
    assert {name: job["needs"] for name, job in jobs.items() if name != "affected"} == {
        "apply-dev": ["affected"],
        "apply-staging": ["affected", "apply-dev"],
        "apply-prod": ["affected", "apply-staging"],
    }
    for name in ("dev", "staging", "prod"):
        job = jobs[f"apply-{name}"]
        assert job["environment"] == name
        assert job["concurrency"] == {"group": f"apply-{name}", "cancel-in-progress": False}
        (apply,) = [step["run"] for step in job["steps"] if step.get("name") == "Apply"]
        assert apply == f"exec .venv/bin/terrace apply {name} --bundle --yes"


def test_only_applying_jobs_name_an_environment(rendered: Files) -> None:
    """GitHub gives a job that names one the subject of the apply identity."""
    named = {
        name
        for document in workflows(rendered).values()
        for name, job in document["jobs"].items()
        if "environment" in job
    }
    assert named == {"apply-dev", "apply-staging", "apply-prod"}


@pytest.mark.parametrize("system", CI_SYSTEMS)
def test_rendering_twice_writes_nothing_new_and_check_finds_each_change(
    tmp_path: Path, system: CiName, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path, system)
    at = ["--project", str(root), "ci", "render", system]
    assert run([*at, "--check"]) == 1
    assert "missing" in capsys.readouterr().err
    assert run(at) == 0
    written = capsys.readouterr().out.split()
    assert written == list(render(root, system))
    assert run([*at, "--check"]) == 0 and run(at) == 0
    assert capsys.readouterr().out == ""
    (root / written[0]).write_text("edited: true\n")
    assert run([*at, "--check"]) == 1
    message = capsys.readouterr().err
    assert f"{written[0]}: differs" in message and f"terrace ci render {system}" in message


@pytest.mark.parametrize("system", CI_SYSTEMS)
def test_a_name_of_a_branch_is_quoted(tmp_path: Path, system: CiName) -> None:
    base = project(tmp_path, system) / "environments" / "base.yaml"
    base.write_text(base.read_text().replace("identity:\n", "identity:\n  main_branch: 'release: [x] # y'\n"))
    texts = render(tmp_path, system).values()
    for text in texts:
        YAML(typ="safe", pure=True).load(text)
    assert any("release: [x] # y" in text for text in texts)


def test_environments_of_two_repositories_cannot_share_a_pipeline(tmp_path: Path) -> None:
    prod = project(tmp_path, "github") / "environments" / "prod.yaml"
    prod.write_text(prod.read_text() + "\nidentity:\n  repository: acme/other\n")
    with pytest.raises(UsageError, match="different repositories") as caught:
        render(tmp_path, "github")
    assert "environments/prod.yaml" in caught.value.where


def test_files_of_a_system_that_no_cloud_trusts_are_not_rendered(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="CI system is github, so no cloud would trust jobs of GitLab") as caught:
        render(project(tmp_path, "github"), "gitlab")
    assert "identity.ci: gitlab" in caught.value.hint


def test_actionlint_finds_nothing(rendered: Files, tmp_path: Path, actionlint: str) -> None:
    files = [*_written(rendered, tmp_path), *WORKFLOWS]
    finished = subprocess.run([actionlint, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout) == (0, "")


def _written(rendered: Files, directory: Path) -> list[Path]:
    for path, text in rendered.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return [directory / path for path in rendered]


def test_zizmor_finds_nothing(rendered: Files, tmp_path: Path, zizmor: str) -> None:
    files = [*_written(rendered, tmp_path), *WORKFLOWS]
    command = [zizmor, "--offline", "--no-progress", "--persona", "pedantic", *map(str, files)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def test_zizmor_and_actionlint_find_what_the_tests_rely_on(tmp_path: Path, zizmor: str, actionlint: str) -> None:
    """An action by its tag, a title in a shell, a token for everything: each is found."""
    path = tmp_path / "bad.yml"
    path.write_text(
        "name: bad\non: pull_request_target\npermissions: write-all\njobs:\n  a:\n    runs-on: ubuntu-24.04\n"
        "    steps:\n      - uses: actions/checkout@v4\n      - run: echo ${{ github.event.pull_request.title }}\n"
    )
    audit = subprocess.run(
        [zizmor, "--offline", "--persona", "pedantic", str(path)], capture_output=True, text=True, check=False
    )
    for rule in ("unpinned-uses", "template-injection", "excessive-permissions", "dangerous-triggers"):
        assert rule in audit.stdout
    lint = subprocess.run([actionlint, str(path)], capture_output=True, text=True, check=False)
    assert lint.returncode == 1 and "untrusted" in lint.stdout


def expiring(directory: Path, system: CiName) -> Files:
    """The files of `project`, whose dev has a last day."""
    dev = project(directory, system) / "environments" / "dev.yaml"
    dev.write_text(dev.read_text() + "\nexpires: 2099-12-31\n")
    return render(directory, system)


def test_an_environment_with_a_last_day_is_reaped_by_the_workflow_that_the_clouds_trust(tmp_path: Path) -> None:
    jobs = workflows(files := expiring(tmp_path, "github"))["apply"]["jobs"]
    assert "schedule:" in files[".github/workflows/apply.yml"]
    assert {name for name in jobs if name.startswith("reap-")} == {"reap-dev"}
    reap = jobs["reap-dev"]
    assert (reap["environment"], reap["permissions"]) == ("dev", jobs["apply-dev"]["permissions"])
    assert reap["concurrency"] == jobs["apply-dev"]["concurrency"]
    assert reap["steps"][-1]["run"] == "exec .venv/bin/terrace env reap dev --yes"
    # on the schedule nothing is applied, and on a push nothing is destroyed
    assert "event_name == 'schedule'" in reap["if"] and "event_name == 'push'" in jobs["affected"]["if"]
    applies = [job for name, job in jobs.items() if name.startswith("apply-")]
    assert applies and all("needs.affected.result == 'success'" in job["if"] for job in applies)


@pytest.mark.parametrize("system", CI_SYSTEMS)
def test_without_a_last_day_nothing_is_reaped(tmp_path: Path, system: CiName) -> None:
    assert not any("reap" in text for text in render(project(tmp_path, system), system).values())


def test_gitlab_and_azure_devops_reap_on_a_schedule(tmp_path: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    gitlab = yaml.load(expiring(tmp_path / "gitlab", "gitlab")[".gitlab/terrace/apply.yml"])
    reap = gitlab["reap-dev"]
    assert [rule["if"] for rule in reap["rules"]] == [
        '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_BRANCH == "main"'
    ]
    assert reap["environment"]["name"] == "dev" and reap["id_tokens"] == gitlab["apply-dev"]["id_tokens"]
    assert "terrace env reap dev --yes" in reap["script"][-1]
    files = expiring(tmp_path / "azure", "azure-devops")
    pipeline = yaml.load(next(text for path, text in files.items() if path.endswith("apply.yml")))
    stages = {stage["stage"]: stage for stage in pipeline["stages"]}
    assert pipeline["schedules"] and "'Schedule'" in stages["affected"]["condition"]
    (job,) = stages["reap_dev"]["jobs"]
    assert job["environment"] == "dev"
    (task,) = [one for one in job["strategy"]["runOnce"]["deploy"]["steps"] if one.get("task") == "AzureCLI@2"]
    assert "terrace env reap dev --yes" in task["inputs"]["inlineScript"]


def test_linters_find_nothing_in_the_schedule_of_reaping(tmp_path: Path, actionlint: str, zizmor: str) -> None:
    files = list(map(str, _written(expiring(tmp_path, "github"), tmp_path)))
    for command in ([actionlint], [zizmor, "--offline", "--no-progress", "--persona", "pedantic"]):
        finished = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stdout
