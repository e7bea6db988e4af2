"""The commit that a project is checked out at, and the project as it was at another one, read from git."""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from terrace.errors import UsageError
from terrace.project.discovery import Project
from terrace.project.git import git


@dataclass(frozen=True)
class Revision:
    """The commit HEAD and its tree, both as ids. The merge commit of a pull request has the same tree as the merge that
    its pipeline checked out, if nothing else was merged in between. `changed` are files of the project that differ from
    the commit or are not in it, except ignored ones."""

    commit: str
    tree: str
    changed: tuple[str, ...] = ()


def head(root: Path) -> Revision:
    """The revision of the project at `root`. Raises UsageError if git has none."""
    commit, tree = (_git(root, "rev-parse", "--verify", what).strip() for what in ("HEAD", "HEAD^{tree}"))
    status = _git(root, "status", "--porcelain", "-z", "--no-renames", "--", ".")
    return Revision(commit, tree, tuple(entry[3:] for entry in status.split("\0") if entry))


def project_at(project: Project, ref: str, directory: Path) -> Project:
    """The project as it was at a git ref, in a directory. The installed version of Terrace synthesizes it.

    Raises UsageError for a ref that git does not know.
    """
    found = git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if found.returncode:
        hint = "name a branch, a tag or a commit of this clone"
        raise UsageError(
            f"cannot read the project at {ref}: git knows no such commit", where=str(project.root), hint=hint
        )
    command = ["git", "-C", str(project.root), "archive", "--format=tar", found.stdout.strip(), "--", "."]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        raise UsageError(f"cannot read the project at {ref}: {archive.stderr.decode().strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")
    return Project(directory.resolve())


def _git(root: Path, *arguments: str) -> str:
    ended = git(root, *arguments)
    if ended.returncode != 0:
        reason = ended.stderr.strip().splitlines()[-1:] or ["no error message"]
        raise UsageError(
            f"the project has no commit: {reason[0]}", where=str(root), hint="commit the project with git first"
        )
    return ended.stdout
