"""The rendered pipelines of Azure DevOps: valid, with service connections and environments where they belong."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from terrace.pipelines.rendering import render
from tests.pipelines.projects import project
from tests.pipelines.test_rendering_gitlab import errors, schema


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    files = render(project(tmp_path_factory.mktemp("project"), "azure-devops"), "azure-devops")
    return {Path(path).stem: YAML(typ="safe", pure=True).load(text) for path, text in files.items()}


def _steps(pipeline: Any) -> list[dict[str, Any]]:
    jobs = [job for stage in pipeline["stages"] for job in stage["jobs"]]
    return [
        step
        for job in jobs
        for step in (job["strategy"]["runOnce"]["deploy"]["steps"] if "deployment" in job else job["steps"])
    ]


def test_the_files_are_valid_by_the_published_schema(tmp_path: Path) -> None:
    """Azure Pipelines reads every scalar as text, and so does its schema."""
    of, yaml = schema("azure-pipelines.json"), YAML(typ="base", pure=True)
    for path, text in render(project(tmp_path, "azure-devops"), "azure-devops").items():
        assert errors(of, yaml.load(text)) == [], path
    assert errors(of, {"stages": [{"jobs": 1}]}) != []


def test_jobs_sign_in_as_the_connection_of_their_environment(pipelines: dict[str, Any]) -> None:
    used = {
        name: [step["inputs"]["azureSubscription"] for step in _steps(pipeline) if step.get("task") == "AzureCLI@2"]
        for name, pipeline in pipelines.items()
    }
    names = ("dev", "staging", "prod")
    planning = [f"terrace-{name}-plan" for name in names]
    applying = [f"terrace-{name}-apply" for name in names for _ in ("apply", "verify")]
    assert used == {"plan": planning, "drift": planning, "apply": applying}


def test_environments_are_applied_one_after_the_other_behind_their_checks(pipelines: dict[str, Any]) -> None:
    stages = {stage["stage"]: stage for stage in pipelines["apply"]["stages"]}
    assert {name: stage["dependsOn"] for name, stage in stages.items() if name != "affected"} == {
        "apply_dev": ["affected"],
        "apply_staging": ["affected", "apply_dev"],
        "apply_prod": ["affected", "apply_staging"],
    }
    for name in ("dev", "staging", "prod"):
        stage = stages[f"apply_{name}"]
        (job,) = stage["jobs"]
        assert stage["lockBehavior"] == "sequential" and job["environment"] == name
        script = job["strategy"]["runOnce"]["deploy"]["steps"][-2]["inputs"]["inlineScript"]
        command = f"exec .venv/bin/terrace ci token {name} --for apply -- .venv/bin/terrace apply {name} --bundle --yes"
        assert script.splitlines()[-1] == command
    assert pipelines["apply"]["pr"] == "none" and pipelines["apply"]["trigger"]["branches"] == {"include": ["main"]}


def test_a_fork_is_planned_by_no_job(pipelines: dict[str, Any]) -> None:
    jobs = {job["job"]: job for stage in pipelines["plan"]["stages"] for job in stage["jobs"]}
    planning = [job for name, job in jobs.items() if name.startswith("plan_")]
    fork = "ne(variables['System.PullRequest.IsFork'], 'True')"
    assert len(planning) == 3 and all(fork in job["condition"] for job in planning)
    assert fork in pipelines["plan"]["stages"][-1]["condition"]


def test_no_text_of_others_reaches_a_script(pipelines: dict[str, Any]) -> None:
    """Azure Pipelines replaces $(...) in a script before the shell sees it; an environment variable is data."""
    scripts = [
        str(step.get("bash") or step.get("script") or step.get("inputs", {}).get("inlineScript", ""))
        for pipeline in pipelines.values()
        for step in _steps(pipeline)
    ]
    assert scripts and not [one for one in scripts if "$(System" in one or "$(Build" in one or "${{" in one]
