"""Which environments pipelines deploy, in which order, and which of them a change affects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import get_args

from terrace.capabilities.cloud import CloudName
from terrace.capabilities.target import Tier
from terrace.environment import Loaded, load, names, short_lived
from terrace.errors import UsageError
from terrace.project.git import git

_TIERS: tuple[Tier, ...] = get_args(Tier)
_NO_EFFECT = frozenset(
    {*(".azure-pipelines", ".github", ".gitlab", ".gitlab-ci.yml"), *("benchmarks", "docs", "examples", "tests")}
)
"""Folders whose files no stack reads, and such a file."""
_ENVIRONMENTS = "environments"
_ACCOUNTS = f"{_ENVIRONMENTS}/clouds"
_NO_COMMIT = "0" * 40
"""What GitHub and GitLab name as the commit before the first push of a branch."""


@dataclass(frozen=True)
class Deployed:
    """An environment that pipelines deploy. `files` are the files of environments/ that it is read from."""

    name: str
    cloud: CloudName
    tier: Tier
    files: frozenset[str]

    def as_data(self) -> dict[str, str]:
        return {"environment": self.name, "cloud": self.cloud}


def environments(root: Path) -> list[Loaded]:
    """The environments with remote state, in the order of their promotion: by tier, then by name.

    A runner is gone after its job, so an environment with local state cannot be deployed by one.
    Raises InvalidEnvironment, UsageError if no environment has remote state.
    """
    loaded = [load(name, project=root) for name in names(root)]
    remote = [one for one in loaded if one.environment.state.backend == "remote"]
    if not remote:
        raise UsageError(
            "no environment keeps its state in the cloud; pipelines need `state.backend: remote`",
            where=str(root / _ENVIRONMENTS),
            hint="set it in environments/base.yaml, or in the environments that pipelines deploy",
        )
    return sorted(remote, key=lambda one: (_TIERS.index(one.environment.tier), one.environment.name))


def deployed(root: Path) -> list[Deployed]:
    """`environments` as pipelines need them, without those whose last day has passed: these are only reaped."""
    today = datetime.now(UTC).date()
    return [
        Deployed(one.environment.name, one.environment.cloud, one.environment.tier, frozenset(one.files))
        for one in environments(root)
        if not short_lived.expired(one.environment, today)
    ]


def affected(every: Sequence[Deployed], changed: Iterable[str]) -> list[Deployed]:
    """The environments that a change of these files affects; paths are relative to the project.

    A file in environments/ affects the environments that are read from it. Files that no stack reads affect none: those
    of `_NO_EFFECT`, and Markdown files outside modules. Every other file affects all environments.
    """
    paths = [PurePosixPath(path) for path in changed]
    everywhere = any(_affects_all(path, every) for path in paths)
    texts = {str(path) for path in paths}
    return [one for one in every if everywhere or one.files & texts]


def _affects_all(path: PurePosixPath, every: Sequence[Deployed]) -> bool:
    if path.parts[0] in _NO_EFFECT:
        return False
    if path.parts[0] == _ENVIRONMENTS:
        # a file that no environment is read from is a schema, an environment with local state, or was deleted
        return str(path.parent) not in (_ENVIRONMENTS, _ACCOUNTS)
    return path.suffix != ".md" or path.parts[0] == "modules"


def changed_files(root: Path, since: str) -> list[str] | None:
    """The files that differ between the commit `since` and HEAD, relative to the project; None if they are not known:
    `since` is empty, or a commit that this clone does not have (a new branch, a force push).

    Raises UsageError when the project is not in a git repository.
    """
    if not since or since == _NO_COMMIT:
        return None
    _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", otherwise="the project has no commit")
    if git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}").returncode:
        return None
    listed = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", since, "HEAD", "--", otherwise="")
    return [path for path in listed.split("\0") if path]


def _git(root: Path, *arguments: str, otherwise: str) -> str:
    finished = git(root, *arguments)
    if finished.returncode:
        message = otherwise or finished.stderr.strip() or f"`git {arguments[0]}` failed"
        raise UsageError(message, where=str(root), hint="run the command in a clone of the project's repository")
    return finished.stdout
