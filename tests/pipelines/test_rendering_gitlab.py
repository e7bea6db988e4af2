"""The rendered pipeline of GitLab: valid, with tokens and environments where they belong."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jsonschema import validators
from ruamel.yaml import YAML

from terrace.pipelines.rendering import render
from tests.pipelines.projects import project


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The jobs of all files, with the defaults under "default"."""
    files = render(project(tmp_path_factory.mktemp("project"), "gitlab"), "gitlab")
    yaml = YAML(typ="safe", pure=True)
    return {name: job for text in files.values() for name, job in yaml.load(text).items()}


def schema(name: str) -> Any:
    """The published schema of a CI system. It is part of the package check-jsonschema."""
    directory = os.environ.get("TERRACE_CI_SCHEMAS")
    if not directory:
        pytest.skip("no schemas of CI systems (TERRACE_CI_SCHEMAS): pipelines are not validated by them")
    return json.loads((Path(directory) / name).read_text())


def errors(of: Any, document: Any) -> list[str]:
    return [error.message for error in validators.validator_for(of)(of).iter_errors(document)]


def test_the_files_are_valid_by_the_published_schema(tmp_path: Path) -> None:
    of, yaml = schema("gitlab-ci.json"), YAML(typ="safe", pure=True)
    for path, text in render(project(tmp_path, "gitlab"), "gitlab").items():
        assert errors(of, yaml.load(text)) == [], path
    assert errors(of, {"job": {"script": 1}}) != []


def test_only_jobs_that_sign_in_have_a_token(jobs: dict[str, Any]) -> None:
    """Each for the cloud of its environment; a merge request of a fork gets none."""
    names = [f"{verb}-{name}" for name in ("dev", "staging", "prod") for verb in ("apply", "verify")]
    having = {name: job["id_tokens"] for name, job in jobs.items() if "id_tokens" in job}
    assert set(having) == {"plan", "drift", *names}
    assert having["plan"] == {"TERRACE_ID_TOKEN": {"aud": "$AUDIENCE"}}
    assert having["apply-dev"] == {"TERRACE_ID_TOKEN": {"aud": "sts.amazonaws.com"}}
    assert having["apply-prod"]["TERRACE_ID_TOKEN"]["aud"].endswith("/providers/gitlab-apply")
    audiences = {one["ENVIRONMENT"]: one["AUDIENCE"] for one in jobs["plan"]["parallel"]["matrix"]}
    assert audiences["staging"] == "api://AzureADTokenExchange"
    assert audiences["prod"].endswith("/providers/gitlab-plan")
    own = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID"
    for name in (".plan", "comment"):
        assert all(own in rule["if"] for rule in jobs[name]["rules"] if "merge_request" in rule["if"]), name


def test_environments_are_applied_one_after_the_other_behind_their_rules(jobs: dict[str, Any]) -> None:
    assert {name: job["needs"] for name, job in jobs.items() if name.startswith(("apply-", "verify-"))} == {
        "apply-dev": [],
        "verify-dev": ["apply-dev"],
        "apply-staging": ["verify-dev"],
        "verify-staging": ["apply-staging"],
        "apply-prod": ["verify-staging"],
        "verify-prod": ["apply-prod"],
    }
    assert jobs[".apply"]["interruptible"] is False and jobs["default"]["interruptible"] is True
    (rule,) = jobs[".apply"]["rules"]
    assert rule["if"] == '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == "main"'
    for name, tier in {"dev": "development", "staging": "staging", "prod": "production"}.items():
        job = jobs[f"apply-{name}"]
        assert job["environment"] == {"name": name, "deployment_tier": tier} and job["resource_group"] == name
        command = f"exec .venv/bin/terrace ci token {name} --for apply -- .venv/bin/terrace apply {name} --bundle --yes"
        assert job["script"][-1] == command


def test_no_plan_and_no_drift_names_an_environment(jobs: dict[str, Any]) -> None:
    """A job that names one has the subject of the apply identity."""
    named = {name for name, job in jobs.items() if isinstance(job, dict) and "environment" in job}
    assert named and all(name.startswith(("apply-", "verify-")) for name in named)


def test_the_image_is_the_projects_own(jobs: dict[str, Any]) -> None:
    assert jobs["default"]["image"] == "$TERRACE_CI_IMAGE"
    assert not [name for name, job in jobs.items() if isinstance(job, dict) and "image" in job and name != "default"]
