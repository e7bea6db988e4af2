"""Makes a project from the template in this package, and brings it to a newer template by a three-way merge.

`templates/N/` is a copier template. A released one does not change: a newer template is a new folder, because the merge
compares the project with what its own template rendered. copier reads older templates from a git repository, which is
made of the folders for each update.
"""

import os
import re
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from terrace import __version__
from terrace.capabilities.spec import NAME
from terrace.distribution import documentation
from terrace.errors import UsageError
from terrace.project.git import git

TEMPLATES = Path(__file__).with_name("templates")
ANSWERS = ".copier-answers.yml"
_REPOSITORY = Path(".terrace/template")
"""The git repository of the templates, as a project's answers name it."""
_QUESTIONS = ("project", "clouds", "ci", "repository", "domain")


def versions(templates: Path = TEMPLATES) -> list[int]:
    """The versions of the template, oldest first."""
    return sorted(int(path.name) for path in templates.iterdir() if path.name.isdigit())


def kit_range(version: str = __version__) -> str:
    """The versions of the kit that a project made now works with: until 1.0 a minor version may change what is read."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return f">={version},<{major + 1}" if major else f">={version},<0.{minor + 1}"


def create(
    directory: Path, answers: Mapping[str, object], *, ask: bool, templates: Path = TEMPLATES
) -> Mapping[str, object]:
    """Make a project; `ask` asks for what `answers` lacks, else the template's defaults apply. Returns the answers.

    Raises UsageError if the directory is not empty, or for an answer that the template refuses.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(
            "the directory is not empty",
            where=str(directory),
            hint="name a new directory, or use --update in a project that `terrace init` made",
        )
    from copier import run_copy

    name = re.sub(r"[^a-z0-9-]+", "-", directory.resolve().name.lower()).strip("-")[:12].strip("-")
    default = {"project": name} if re.fullmatch(NAME, name) and len(name) > 1 else {}
    given = {**({} if ask else default), **answers, "project_id": str(uuid.uuid4()), **_of_kit()}
    source = str(templates / str(versions(templates)[-1]))
    with _errors(directory):
        worker = run_copy(
            source, directory, data=given, user_defaults=default, defaults=not ask, quiet=True, overwrite=True
        )
    return {name: worker.answers.combined[name] for name in _QUESTIONS}


def update(directory: Path, *, templates: Path = TEMPLATES) -> list[str]:
    """Bring a project to the newest template, and return the files with conflicts, which have markers.

    Raises UsageError for a directory that `terrace init` did not make or that git does not know as clean.
    """
    if not (directory / ANSWERS).is_file():
        raise UsageError(
            f"no {ANSWERS}, so `terrace init` did not make this project",
            where=str(directory),
            hint="make a project beside it with `terrace init DIR`, and compare the two",
        )
    from copier import run_update

    working = directory / _REPOSITORY.parent
    working.mkdir(mode=0o700, exist_ok=True)
    (working / ".gitignore").write_text("*\n")
    with tempfile.TemporaryDirectory() as scratch, _errors(directory), _inside(directory):
        repository = Path(scratch) / "template"
        _as_repository(templates, repository)
        _REPOSITORY.unlink(missing_ok=True)
        _REPOSITORY.symlink_to(repository)
        try:
            run_update(".", data=_of_kit(), defaults=True, overwrite=True, quiet=True, skip_answered=True)
        finally:
            _REPOSITORY.unlink(missing_ok=True)
    unmerged = git(directory, "diff", "--name-only", "--diff-filter=U", "--relative")
    return unmerged.stdout.splitlines()


def _of_kit() -> dict[str, str]:
    return {"kit_version": __version__, "kit_range": kit_range(), "documentation": documentation()}


def _as_repository(templates: Path, repository: Path) -> None:
    """A git repository with a commit and a tag for each version of the template."""
    identity = ["-c", "user.name=Terrace", "-c", "user.email=terrace@example.com", "-c", "commit.gpgsign=false"]
    steps: list[tuple[Path, Sequence[str]]] = []
    for version in versions(templates):
        work = ["--work-tree", str(templates / str(version))]
        steps += [
            (repository, [*work, "add", "--all", "--force"]),
            (repository, [*work, *identity, "commit", "--quiet", "--no-verify", "--message", f"v{version}"]),
            (repository, ["tag", f"v{version}"]),
        ]
    steps.append((repository, ["reset", "--quiet", "--hard"]))
    repository.mkdir()
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True, capture_output=True)
    for directory, arguments in steps:
        done = git(directory, *arguments)
        if done.returncode:
            raise UsageError(f"git {arguments[-1]} failed: {done.stderr.strip()}", where=str(repository))


@contextmanager
def _inside(directory: Path) -> Iterator[None]:
    """The working directory, which the answers' path of the template is relative to."""
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _errors(directory: Path) -> Iterator[None]:
    """copier's errors as ours."""
    from copier.errors import CopierError, InteractiveSessionError, UserMessageError

    try:
        yield
    except InteractiveSessionError as error:
        raise UsageError("no terminal to ask questions on", where=str(directory), hint="add --yes") from error
    except UserMessageError as error:
        message = str(error).rstrip(".")
        raise UsageError(message[:1].lower() + message[1:], where=str(directory), hint=_hint(message)) from error
    except (CopierError, ValueError) as error:
        raise UsageError(str(error).rstrip("."), where=str(directory)) from error


def _hint(message: str) -> str:
    if "dirty" in message:
        return "commit the project's changes first, so that the merge can be reviewed and undone"
    if "git-tracked subprojects" in message:
        return "run `git init`, and commit the project"
    return ""
