"""The audit trail: a record of each apply, destroy, change of a state and break-glass, in the evidence.

A record never changes what a run does. If it cannot be written, it is saved on this machine, and the user is told.
"""

import getpass
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from terrace.assurance.evidence import Chain
from terrace.assurance.gate_verdict import require_reason
from terrace.assurance.report.provenance import Provenance, provenance
from terrace.deployment.deployment import Deployment
from terrace.errors import TerraceError
from terrace.state import StateHome

_DONE = {
    "apply": "applied",
    "destroy": "destroyed",
    "state": "changed in its state",
    "break-glass": "about to be applied against the gate",
}


class NotRecorded(TerraceError):
    """The run is done, but the audit trail has no record of it."""


@dataclass
class Run:
    """An apply, a destroy or a change of a state. It is recorded once it has begun, whatever its end."""

    begun: bool = False
    plan: str = ""
    bundle: str = ""
    detail: str = ""
    summary: Mapping[str, int] = field(default_factory=dict)
    not_recorded: NotRecorded | None = None

    def begins(
        self, *, plan: str = "", bundle: str = "", summary: Mapping[str, int] | None = None, detail: str = ""
    ) -> None:
        """From now on the cloud may be changed. `plan` and `bundle` are SHA-256 sums."""
        self.begun, self.plan, self.bundle = True, plan or self.plan, bundle or self.bundle
        self.detail = detail or self.detail
        self.summary = summary or self.summary

    def require_recorded(self) -> None:
        """Raise NotRecorded if the record of this run could not be written."""
        if self.not_recorded:
            raise self.not_recorded


@dataclass(frozen=True)
class Trail:
    """The records of a deployment. `home` opens the state home; `warn` prints what went wrong beside a run."""

    deployment: Deployment
    home: Callable[[], StateHome]
    warn: Callable[[str], None]

    @contextmanager
    def run(self, kind: Literal["apply", "destroy", "state"]) -> Iterator[Run]:
        """Record the run in the block. If the block raises, that error goes on, and a missing record is a warning."""
        run = Run()
        source = self._source()
        try:
            yield run
        except BaseException as error:  # an interrupt, too, is the end of a run
            if run.begun and (missing := self._record(kind, run, source, passed=False, detail=_failed(run, error))):
                self.warn(f"{missing.message}\n{missing.hint}")
            raise
        if run.begun:
            run.not_recorded = self._record(kind, run, source, passed=True, detail=run.detail)

    def break_glass(self, reason: str, plan: str) -> None:
        """Record, before anything is applied, that the gate refused the plan. Raises UsageError for a short reason.

        A home that cannot be written is a warning: an outage may be why the glass is broken.
        """
        require_reason(reason)
        if missing := self._record("break-glass", Run(plan=plan), self._source(), passed=False, detail=reason):
            self.warn(f"{missing.message}\n{missing.hint}")

    def _source(self) -> Provenance:
        return provenance(self.deployment.project.root, [], self.deployment.variables)

    def _record(self, kind: str, run: Run, source: Provenance, *, passed: bool, detail: str = "") -> NotRecorded | None:
        """Write the record. What could not be written is returned as an error."""
        content: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            "environment": self.deployment.environment,
            "cloud": self.deployment.cloud,
            "stack": self.deployment.stack_id,
            "passed": passed,
            "detail": detail,
            "summary": {verb: count for verb, count in run.summary.items() if count},
            "plan": run.plan,
            "bundle": run.bundle,
            "commit": source.commit,
            "modified": source.modified,
            "operator": source.operator or f"{getpass.getuser()}@{socket.gethostname()}",
            "run": source.run,
        }
        try:
            Chain(self.home(), self.deployment.environment, self.deployment.cloud).append(content)
        except Exception as error:  # the run has happened, whatever the record meets
            return self._saved(kind, content, passed=passed, reason=" ".join(str(error).split()))
        return None

    def _saved(self, kind: str, content: Mapping[str, Any], *, passed: bool, reason: str) -> NotRecorded:
        """Save the record on this machine, and the error that names the file."""
        directory = self.deployment.project.working_directory / "evidence"
        path = directory / f"{self.deployment.name}-{kind}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
        written = json.dumps(content)
        hint = f"the record is {written}"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(written + "\n", encoding="utf-8")
            shown = self.deployment.project.display(path)
            hint = f"keep {shown}, and run `terrace evidence add {shown}` once the cause is fixed; {hint}"
        except OSError:
            pass  # the hint has the whole record
        done = _DONE[kind] if passed or kind == "break-glass" else f"not {_DONE[kind]} completely"
        name = f"{self.deployment.stack_id} on {self.deployment.cloud}"
        return NotRecorded(f"{name} is {done}, but the audit trail has no record of it: {reason}", hint=hint)


def _failed(run: Run, error: BaseException) -> str:
    return ": ".join(filter(None, (run.detail, type(error).__name__)))
