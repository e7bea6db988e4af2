"""Runs rendered workflows with act, in host mode, and adds what GitHub does and act does not.

The workflows run as they are, with three changes to a copy: each job has its own token with its own permissions, and
the address of its OpenID Connect tokens if it may have any; a job of an environment whose rules do not let it run fails
at once, as on GitHub. Source of the rules: GitHub documentation, "Managing environments for deployment".
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from tests.pipelines.forge import Forge

ACTIONS = Path(__file__).parent / "actions"
SERVER = "https://github.com"
SECONDS = 1800
Approve = Callable[[str], bool]


def act() -> str:
    """The path of act, or ""."""
    return os.environ.get("TERRACE_ACT") or shutil.which("act") or ""


@dataclass(frozen=True)
class Run:
    """A finished run: act's lines, and each job's result by its name in the workflow: success or failure."""

    log: str
    jobs: Mapping[str, str]

    def step(self, text: str) -> bool:
        """Whether the log of a step has a text."""
        return text in self.log


@dataclass
class Runner:
    """Runs the workflows of a repository. `origin` is the bare repository, `environ` that of each job."""

    forge: Forge
    origin: Path
    scratch: Path
    environ: Mapping[str, str]
    approve: Approve = field(default=lambda environment: True)

    def run(self, workflow: str, event: str, payload: Mapping[str, Any], commit: str, ref: str, job: str = "") -> Run:
        """Run a workflow file as GitHub does for an event; `commit` is the one whose workflow runs. With `job`, only
        this job and those that it needs."""
        process, log = self.start(workflow, event, payload, commit, ref, job)
        process.wait(SECONDS)
        return self.ended(log)

    def ended(self, log: Path) -> Run:
        """What the log of an ended run says; GitHub knows that it has ended."""
        run = finished(log)
        conclusion = "failure" if "failure" in run.jobs.values() else "success"
        self.forge.runs[log.parent.name.removeprefix("run-")] = conclusion
        return run

    def start(
        self, workflow: str, event: str, payload: Mapping[str, Any], commit: str, ref: str, job: str = ""
    ) -> "tuple[subprocess.Popen[bytes], Path]":
        """Start a run; returns its process, which leads a process group, and the file of its log."""
        number = len(list(self.scratch.glob("run-*")))
        folder = self.scratch / f"run-{number}"
        checkout = folder / "repository"
        subprocess.run(["git", "clone", "--quiet", str(self.origin), str(checkout)], check=True)
        # a pull request's merge commit is not on a branch
        subprocess.run(["git", "fetch", "--quiet", "origin", commit], cwd=checkout, check=True)
        subprocess.run(["git", "checkout", "--quiet", commit], cwd=checkout, check=True)
        self.forge.runs[str(number)] = ""
        path = folder / workflow
        path.write_text(self._prepared(checkout / ".github/workflows" / workflow, event, payload, ref))
        full = {
            "repository": {
                "full_name": self.forge.repository,
                "name": self.forge.repository.partition("/")[2],
                "owner": {"login": self.forge.repository.partition("/")[0]},
            },
            "ref": ref,
            **payload,
        }
        (folder / "event.json").write_text(json.dumps(full))
        (folder / "artifacts").mkdir()
        variables = {
            **self.environ,
            "GITHUB_API_URL": self.forge.api,
            "GITHUB_REPOSITORY": self.forge.repository,
            "GITHUB_RUN_ID": str(number),
            "GITHUB_SERVER_URL": SERVER,
            "TEST_ARTIFACTS": str(folder / "artifacts"),
            "TEST_ORIGIN": str(self.origin),
        }
        command = [act(), event, "-W", str(path), "-e", str(folder / "event.json")]
        command += ["-P", "ubuntu-24.04=-self-hosted", "--container-daemon-socket", "-", "--no-cache-server", "--json"]
        command += ["--action-offline-mode", "--no-skip-checkout", "--concurrent-jobs", "1"]
        command += ["-j", job] if job else []
        for action, pin in pins(path).items():
            command += ["--local-repository", f"{action}@{pin}={ACTIONS / action.partition('/')[2]}"]
        for name, value in variables.items():
            command += ["--env", f"{name}={value}"]
        log = folder / "log"
        surrounding = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(self.scratch / "cache"),
        }
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, cwd=checkout, env=surrounding, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
            )
        return process, log

    def _prepared(self, source: Path, event: str, payload: Mapping[str, Any], ref: str) -> str:
        """The text of a workflow with what GitHub would add to its jobs."""
        workflow = YAML(typ="safe", pure=True).load(source)
        fork = _from_fork(payload, self.forge.repository)
        for job in workflow["jobs"].values():
            permissions = job.get("permissions", workflow.get("permissions", {}))
            if fork:  # a fork's token reads only, and its jobs get no OpenID Connect token
                permissions = {name: "read" for name in permissions if name != "id-token"}
            token = self.forge.start_job(permissions, self.claims(job, event, ref))
            text = json.dumps(job).replace("${{ github.token }}", token)
            job.clear()
            job |= json.loads(text)
            if permissions.get("id-token") == "write":
                job["env"] = {
                    **job.get("env", {}),
                    "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.forge.api}/identity?job=1",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": token,
                }
            if "environment" in job and (reason := self._refused(str(job["environment"]), ref)):
                job["steps"] = [{"run": f"echo {json.dumps(reason)}; exit 1"}]
        return json.dumps(workflow, indent=1)  # JSON is YAML

    def claims(self, job: Mapping[str, Any], event: str, ref: str) -> dict[str, str]:
        """The claims of a job's token."""
        owner, _, name = self.forge.repository.partition("/")
        prefix = f"repo:{owner}@{self.forge.owner_id}/{name}@{self.forge.repository_id}"
        environment = job.get("environment")
        if environment:
            subject = f"environment:{environment}"
        else:
            subject = "pull_request" if event == "pull_request" else f"ref:{ref}"
        claims = {
            "sub": f"{prefix}:{subject}",
            "repository": self.forge.repository,
            "repository_id": str(self.forge.repository_id),
            "repository_owner": owner,
            "repository_owner_id": str(self.forge.owner_id),
            "ref": ref,
            "event_name": event,
        }
        return {**claims, "environment": str(environment)} if environment else claims

    def _refused(self, environment: str, ref: str) -> str:
        """Why GitHub does not let a job of an environment run; "" if it does."""
        if environment not in self.forge.environments:
            return ""  # GitHub creates an environment that a job names, without rules
        branch = ref.removeprefix("refs/heads/")
        if self.forge.environments[environment].get("deployment_branch_policy") and branch not in (
            self.forge.branch_policies.get(environment, [])
        ):
            return f"Branch {branch} is not allowed to deploy to {environment}"
        if self.forge.environments[environment].get("reviewers") and not self.approve(environment):
            return f"The deployment to {environment} was rejected"
        return ""


def _from_fork(payload: Mapping[str, Any], repository: str) -> bool:
    head = payload.get("pull_request", {}).get("head", {}).get("repo", {})
    return bool(head) and head["full_name"] != repository


def pins(workflow: Path) -> dict[str, str]:
    """The actions that a workflow uses, each with the commit that it is pinned to."""
    steps = [
        step
        for job in YAML(typ="safe", pure=True).load(workflow)["jobs"].values()
        for step in job.get("steps", [])
        if "uses" in step
    ]
    return dict(step["uses"].split("@") for step in steps)


def finished(log: Path) -> Run:
    """What the log of an ended run says."""
    lines, jobs = [], {}
    for line in log.read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            lines.append(line)
            continue
        lines.append(f"[{entry.get('job', '')}] {entry.get('msg', '').rstrip()}")
        if "jobResult" in entry:
            jobs[str(entry["jobID"])] = _worse(jobs.get(str(entry["jobID"])), entry["jobResult"])
    return Run("\n".join(lines), jobs)


def _worse(earlier: str | None, result: str) -> str:
    return "failure" if "failure" in (earlier, result) else result


def cancel(process: "subprocess.Popen[bytes]", command: str) -> None:
    """Cancel the step that runs `command`, as GitHub does: interrupt its process, then end and kill it.

    Source: GitHub documentation, "Workflow cancellation reference": SIGINT, after 7.5 s SIGTERM, after 2.5 s the end.
    """
    every = psutil.Process(process.pid).children(recursive=True)
    step = next(one for one in every if command in " ".join(one.cmdline()) and "bash" not in one.cmdline()[0])
    for number, seconds in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 1.0)):
        if step.is_running():
            step.send_signal(number)
            until = time.monotonic() + seconds
            while step.is_running() and step.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
                time.sleep(0.05)
