"""Disaster recovery of an environment, computed from its stack: what a loss of the region leaves, and how old it is.

The seam to the clouds is `terrace.assurance.recovery.<cloud>`: `data(subject)` names the components that hold data,
`copies(subject)` yields what the stack keeps outside the region, `steps(subject)` how the data is brought back. A time
is declared by the stack, documented by the cloud (with the source), or unknown. None is assumed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from terrace.assurance.checks import Subject
from terrace.assurance.evidence import Record
from terrace.capabilities.cloud import implementation

Status = Literal["met", "not_met", "unknown"]
_ORDER: tuple[Status, ...] = ("met", "unknown", "not_met")
_MEASURED = "rto_milliseconds"  # of the output of `terrace dr rehearse --json`, in a record of kind `restore`


@dataclass(frozen=True)
class Copy:
    """Something outside the region. `every` is the longest pause between two copies that the stack declares, zero for
    continuous ones; `lag` is how long a copy takes at most, as the cloud documents it in `source`. None: not known.
    `holds_data` is False for what is no data of the platform, such as keys and images."""

    component: str
    region: str
    method: str
    construct: str
    every: timedelta | None = None
    lag: timedelta | None = None
    source: str = ""
    holds_data: bool = True

    @property
    def loss(self) -> timedelta | None:
        """The most recent time that a restore from it may lose; None if that is not known."""
        return None if self.every is None or self.lag is None else self.every + self.lag

    @property
    def unknown(self) -> str:
        """What is not known about the loss; empty if all is."""
        parts = [
            "the pause between two copies" if self.every is None else "",
            "how long a copy takes" if self.lag is None else "",
        ]
        return " and ".join(filter(None, parts))


@dataclass(frozen=True)
class Component:
    """A part of the platform that holds data, and its copies, by loss. Without one a loss of the region loses all."""

    name: str
    copies: tuple[Copy, ...]
    status: Status

    @property
    def loss(self) -> timedelta | None:
        """The smallest known loss."""
        return min((copy.loss for copy in self.copies if copy.loss is not None), default=None)


@dataclass(frozen=True)
class Step:
    """A step of the runbook. `why` is a sentence, `commands` are shell commands; each in capitals is to be replaced."""

    title: str
    why: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecoveryPlan:
    """`rpo` and `rto` are the declared objectives, `measured` is the newest measured restore of the database with its
    date. `unmeasured` are the steps of which no time is known."""

    environment: str
    cloud: str
    region: str
    recovery_region: str | None
    rpo: timedelta
    rto: timedelta
    components: tuple[Component, ...]
    others: tuple[Copy, ...]
    missing: tuple[str, ...]
    steps: tuple[Step, ...]
    measured: tuple[str, timedelta] | None = None

    @property
    def rpo_status(self) -> Status:
        return max((component.status for component in self.components), key=_ORDER.index, default="unknown")

    @property
    def rto_status(self) -> Status:
        """A measured restore that is too slow is enough for "not met"; "met" needs the time of every step."""
        if self.recovery_region is None:
            return "not_met"
        return "not_met" if self.measured and self.measured[1] > self.rto else "unknown"

    @property
    def unmeasured(self) -> tuple[str, ...]:
        return tuple(step.title for step in self.steps if step.commands)

    def as_data(self) -> dict[str, Any]:
        """For `--json`; times in seconds."""
        return {
            "environment": self.environment,
            "cloud": self.cloud,
            "region": self.region,
            "recovery_region": self.recovery_region,
            "rpo": {"objective_seconds": _seconds(self.rpo), "status": self.rpo_status},
            "rto": {
                "objective_seconds": _seconds(self.rto),
                "status": self.rto_status,
                "measured": {"at": self.measured[0], "seconds": _seconds(self.measured[1])} if self.measured else None,
                "unknown": list(self.unmeasured),
            },
            "components": [
                {
                    "name": one.name,
                    "status": one.status,
                    "loss_seconds": _seconds(one.loss),
                    "copies": [_copy(copy) for copy in one.copies],
                }
                for one in self.components
            ],
            "others": [_copy(copy) for copy in self.others],
            "missing": list(self.missing),
            "runbook": [{"title": s.title, "why": s.why, "commands": list(s.commands)} for s in self.steps],
        }


def plan(subject: Subject, records: Iterable[Record] = ()) -> RecoveryPlan:
    """The recovery of an environment whose region is lost. `records` are its evidence over time. Raises Absent."""
    from terrace.assurance.recovery import runbook

    environment, target = subject.environment, subject.target
    module = implementation(__name__, environment.cloud)
    copies: list[Copy] = list(module.copies(subject))
    rpo, rto = environment.backup.rpo, environment.backup.rto
    names = list(dict.fromkeys((*module.data(subject), *(copy.component for copy in copies if copy.holds_data))))
    components = tuple(_component(name, [copy for copy in copies if copy.component == name], rpo) for name in names)
    others = tuple(copy for copy in copies if not copy.holds_data)
    found = {copy.component for copy in copies}
    return RecoveryPlan(
        environment=environment.name,
        cloud=environment.cloud,
        region=target.region,
        recovery_region=target.recovery_region,
        rpo=rpo,
        rto=rto,
        components=components,
        others=others,
        missing=tuple(name for name in (*names, "images", "secrets", "keys", "state") if name not in found),
        steps=runbook.steps(subject, tuple(module.steps(subject))) if target.recovery_region else (),
        measured=_measured(records),
    )


def _component(name: str, copies: Sequence[Copy], rpo: timedelta) -> Component:
    known = [copy.loss for copy in copies if copy.loss is not None]
    # A copy of which a time is unknown may meet the objective, unless its known part already exceeds it.
    possible = [copy for copy in copies if copy.loss is None and (copy.every or timedelta()) <= rpo]
    status: Status = "met" if known and min(known) <= rpo else "unknown" if possible else "not_met"
    return Component(name, tuple(sorted(copies, key=lambda copy: copy.loss or timedelta.max)), status)


def _measured(records: Iterable[Record]) -> tuple[str, timedelta] | None:
    """The newest restore in the evidence whose output had its time."""
    restores = [one for one in records if one.kind == "restore" and _MEASURED in one.summary]
    if not restores:
        return None
    newest = max(restores, key=lambda one: one.at)
    return newest.at.isoformat(timespec="seconds"), timedelta(milliseconds=newest.summary[_MEASURED])


def _copy(copy: Copy) -> dict[str, Any]:
    return {
        "component": copy.component,
        "region": copy.region,
        "method": copy.method,
        "construct": copy.construct,
        "every_seconds": _seconds(copy.every),
        "lag_seconds": _seconds(copy.lag),
        "loss_seconds": _seconds(copy.loss),
        "source": copy.source,
        "unknown": copy.unknown,
    }


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())
