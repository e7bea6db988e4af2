"""Where the files of a project lie. Nothing here creates or reads one, except `find` and `working_directory`."""

from dataclasses import dataclass
from pathlib import Path

from terrace.errors import UsageError

MARKERS = ("cdktf.json", "environments")


@dataclass(frozen=True)
class Project:
    """A project directory: the one that holds `cdktf.json` and `environments/`.

    `scratch` is where runs leave state, plans and stacks; the root itself, but for a demo, which must not meet the
    state of a real deployment. `synthesized_to` is where the CDK writes, if not to `cdktf.out`.
    """

    root: Path
    scratch: Path | None = None
    synthesized_to: Path | None = None

    @property
    def _kept(self) -> Path:
        return self.scratch or self.root

    @classmethod
    def find(cls, start: Path) -> "Project":
        """The nearest project at or above `start`. Raises UsageError when there is none."""
        start = start.resolve()
        for directory in (start, *start.parents):
            if all((directory / marker).exists() for marker in MARKERS):
                return cls(directory)
        raise UsageError(
            "no Terrace project here: a project holds cdktf.json and environments/",
            where=str(start),
            hint="change into the project's directory, or name it with --project DIR",
        )

    @property
    def working_directory(self) -> Path:
        """`.terrace/`: state, plans, logs. Private to the user and ignored by git."""
        directory = self._kept / ".terrace"
        if not directory.is_dir():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (directory / ".gitignore").write_text("*\n")
        return directory

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
    def synthesized(self) -> Path:
        """The directory CDK synthesizes into."""
        return self.synthesized_to or self._kept / "cdktf.out"

    def stack(self, stack_id: str) -> Path:
        return self.synthesized / "stacks" / stack_id

    def shown(self, path: Path) -> str:
        """A path as a person wants to read it: relative to the project when it lies inside."""
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
