"""The paths of a project. Only `find` reads the file system, and only `working_directory` writes to it."""

import json
from dataclasses import dataclass
from pathlib import Path

from terrace import __version__
from terrace.capabilities.cloud import CLOUDS, CloudName
from terrace.distribution import DISTRIBUTION
from terrace.errors import UsageError
from terrace.variables import SCRATCH

MARKERS = ("cdktf.json", "environments")


@dataclass(frozen=True)
class Project:
    """A project directory: it contains `cdktf.json` and `environments/`.

    `scratch` is the directory for state, plans and stacks, by default the root; a demo has its own, so that it never
    uses the state of a real deployment. `synthesized_to` replaces `cdktf.out`. `stacks_in` is the folder of the stacks
    below it: a command that works on several clouds at once gives each cloud its own.
    """

    root: Path
    scratch: Path | None = None
    synthesized_to: Path | None = None
    stacks_in: str = "stacks"

    @property
    def _output(self) -> Path:
        return self.scratch or self.root

    @classmethod
    def find(cls, start: Path) -> "Project":
        """The nearest project at or above `start`; TERRACE_SCRATCH replaces its scratch directory.

        Raises UsageError if there is none, or if it needs another version of the kit.
        """
        start = start.resolve()
        for directory in (start, *start.parents):
            if all((directory / marker).exists() for marker in MARKERS):
                check_version(directory)
                scratch = SCRATCH.read()
                return cls(directory, scratch=Path(scratch).resolve() if scratch else None)
        raise UsageError(
            "not a Terrace project: no cdktf.json and environments/ here or in a parent directory",
            where=str(start),
            hint="change to the project's directory, or name it with --project DIR",
        )

    @property
    def working_directory(self) -> Path:
        """`.terrace/`: state, plans, logs. Private to the user and ignored by git."""
        directory = self._output / ".terrace"
        if not directory.is_dir():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (directory / ".gitignore").write_text("*\n")
        return directory

    @property
    def clouds(self) -> tuple[CloudName, ...]:
        """The clouds that the project has accounts on; all clouds if it has no file of accounts."""
        accounts = self.root / "environments" / "clouds"
        return tuple(cloud for cloud in CLOUDS if (accounts / f"{cloud}.yaml").is_file()) or CLOUDS

    @property
    def tools(self) -> Path:
        return self.root / ".tools"

    @property
    def plans(self) -> Path:
        return self.working_directory / "plans"

    @property
    def logs(self) -> Path:
        return self.working_directory / "logs"

    @property
    def outputs(self) -> Path:
        """The outputs of foundations, as their last apply wrote them: one file for each environment and cloud."""
        return self._output / ".terrace" / "outputs"

    @property
    def synthesized(self) -> Path:
        """The directory that the CDK writes to."""
        return self.synthesized_to or self._output / "cdktf.out"

    def stack(self, stack_id: str) -> Path:
        return self.synthesized / self.stacks_in / stack_id

    def display(self, path: Path) -> str:
        """A path for messages: relative to the project if it is inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)


def check_version(root: Path) -> None:
    """Raise UsageError if the running kit is not in the range of versions that the project's cdktf.json names.

    The range is `terrace` in `context`, as pip writes ranges; a project without it works with every version.
    """
    path = root / MARKERS[0]
    if not path.is_file():
        return
    text = path.read_text(encoding="utf-8")
    try:
        wanted = json.loads(text)["context"]["terrace"]
    except (ValueError, KeyError, TypeError):
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    line = next((number for number, each in enumerate(text.splitlines(), 1) if '"terrace"' in each), 1)
    where = f"{path}:{line}"
    try:
        versions = SpecifierSet(wanted)
    except (InvalidSpecifier, TypeError, AttributeError):
        raise UsageError(
            f"invalid range of versions {wanted!r}; expected e.g. '>=0.1,<0.2'",
            where=where,
            hint="write one as pip does",
        ) from None
    if not versions.contains(__version__, prereleases=True):
        raise UsageError(
            f"the project works with versions {wanted} of the kit, and this is {__version__}",
            where=where,
            hint=f"pip install '{DISTRIBUTION}{wanted}', or run `terrace init --update` to change the project",
        )
