"""Runs the rendered pipeline with gitlab-ci-local, and adds what GitLab does and it does not.

Each job runs on its own, in the order of the file, with the token that GitLab would make for it, and the notes' token
unless the pipeline is a fork's. Source of the variables: GitLab documentation, "Predefined CI/CD variables reference".
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from terrace.capabilities.ci import gitlab
from terrace.node import node
from tests.emulator.issuer import Issuer

SECONDS = 900
_IGNORED = ("CI_COMMIT_BRANCH", "CI_PIPELINE_SOURCE", "CI_PROJECT_ID", "CI_COMMIT_BEFORE_SHA", "CI_API_V4_URL")


def gitlab_ci_local() -> str:
    """The path of gitlab-ci-local's index.js, or ""."""
    return os.environ.get("TERRACE_GITLAB_CI_LOCAL") or ""


@dataclass
class GitLabRunner:
    """Runs jobs of a commit of the bare repository `origin`; `environ` is that of each job."""

    origin: Path
    scratch: Path
    environ: Mapping[str, str]
    issuer: Issuer
    project: Mapping[str, str]
    """The claims of every token of the project."""

    def clone(self, commit: str) -> Path:
        """A checkout of a commit, for the jobs of one pipeline."""
        checkout = self.scratch / f"pipeline-{len(list(self.scratch.glob('pipeline-*')))}"
        subprocess.run(["git", "clone", "--quiet", str(self.origin), str(checkout)], check=True)
        subprocess.run(["git", "fetch", "--quiet", "origin", commit], cwd=checkout, check=True)
        subprocess.run(["git", "checkout", "--quiet", "--detach", commit], cwd=checkout, check=True)
        remote = ["git", "remote", "set-url", "origin", "git@gitlab.example.com:acme/data/terrace.git"]
        subprocess.run(remote, cwd=checkout, check=True)
        return checkout

    def run(self, checkout: Path, job: str, variables: Mapping[str, str], claims: Mapping[str, str]) -> tuple[int, str]:
        """Run one job; returns its exit code and log."""
        full = {**self.project, **claims}
        token = self.issuer.token({"sub": gitlab.subject(full), "aud": "sts.amazonaws.com", **full})
        given = {**variables, "TERRACE_ID_TOKEN": token, "TERRACE_CI_IMAGE": "none"}
        command = [node(), gitlab_ci_local(), "--force-shell-executor", "--shell-isolation", "--no-color"]
        command += ["--ignore-predefined-vars", ",".join(_IGNORED)]
        for name, value in given.items():
            command += ["--variable", f"{name}={value}"]
        environ = {**self.environ, "HOME": str(self.scratch)}
        finished = subprocess.run(
            [*command, job],
            cwd=checkout,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return finished.returncode, finished.stdout


def is_usable() -> bool:
    """Whether jobs can be run here: gitlab-ci-local copies files with rsync."""
    return bool(gitlab_ci_local()) and shutil.which("rsync") is not None
