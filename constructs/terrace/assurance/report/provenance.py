"""The provenance of a report: commit, time, tool versions, and the hash of every input."""

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from terrace import __version__
from terrace.errors import UsageError
from terrace.project.git import git

PACKAGES = ("checkov", "cdktn", "pydantic", "compliance-trestle", "jinja2")


@dataclass(frozen=True)
class Provenance:
    """`commit` is "" outside of version control; `modified`: tracked files differ from it.

    `inputs` are SHA-256 sums by input, beyond those of each stack. `operator` is the CI's actor or git's user, `run`
    the address of the CI run, `repository` that of git's remote; each is "" if it is not known. `parameters` are the
    command's arguments.
    """

    created: datetime
    commit: str
    modified: bool
    tools: Mapping[str, str]
    inputs: Mapping[str, str]
    operator: str = ""
    run: str = ""
    repository: str = ""
    parameters: tuple[str, ...] = ()


def provenance(
    root: Path,
    files: Iterable[tuple[str, Path]],
    environ: Mapping[str, str] = os.environ,
    *,
    parameters: Sequence[str] = (),
) -> Provenance:
    """The provenance of a report made now, or at SOURCE_DATE_EPOCH. `files` are (name, path). Raises UsageError."""
    commit = _git(root, "rev-parse", "HEAD")
    return Provenance(
        created=created(environ),
        commit=commit,
        modified=bool(commit and _git(root, "status", "--porcelain", "--untracked-files=no")),
        tools={
            "terrace": __version__,
            **{name: found for name in PACKAGES if (found := _version(name))},
            "python": platform.python_version(),
        },
        inputs={shown: hashlib.sha256(path.read_bytes()).hexdigest() for shown, path in sorted(files)},
        operator=operator(root, environ),
        run=run_address(environ),
        repository=_repository(root),
        parameters=tuple(parameters),
    )


def operator(root: Path, environ: Mapping[str, str]) -> str:
    """Who ran the command: the actor that GitHub, GitLab or Azure DevOps names, else git's user."""
    actors = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOREMAIL")
    named = next((environ[name] for name in actors if environ.get(name)), "")
    return named or _git(root, "config", "user.email")


def run_address(environ: Mapping[str, str]) -> str:
    """The address of the CI run, empty outside CI.

    Source: the predefined variables of GitHub Actions, GitLab CI and Azure Pipelines."""
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    if job := environ.get("CI_JOB_URL"):
        return job
    if build := environ.get("BUILD_BUILDID"):
        collection, project = environ.get("SYSTEM_COLLECTIONURI", ""), environ.get("SYSTEM_TEAMPROJECT", "")
        return f"{collection}{project}/_build/results?buildId={build}"
    return ""


def _repository(root: Path) -> str:
    """The address of the remote `origin`, without credentials."""
    address = urlsplit(_git(root, "config", "--get", "remote.origin.url"))
    return urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2]))


def created(environ: Mapping[str, str] = os.environ) -> datetime:
    """The time of a report, in UTC and whole seconds. Source: reproducible-builds.org, SOURCE_DATE_EPOCH."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"invalid SOURCE_DATE_EPOCH {epoch!r}; expected seconds since 1970", hint="`date +%s` prints them"
        ) from None


def _git(root: Path, *arguments: str) -> str:
    try:
        ended = git(root, *arguments)
    except UsageError:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
