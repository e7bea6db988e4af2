"""Scans of what runs in a cluster, as a report shows them: images and their vulnerabilities, objects and their checks.

`terrace verify --json` writes them (`terrace.live.scans` reads the cluster), and a report takes them from there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from terrace.words import counted

Severity = Literal["critical", "high", "medium", "low", "unknown"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "unknown")
"""The scanner's severities, the worst first."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class ImageScan(_Data):
    """An image that runs, and the number of its vulnerabilities, only of the severities that the scanner reports."""

    image: str
    scanned: datetime
    vulnerabilities: Mapping[Severity, int]


class ObjectScan(_Data):
    """Kubernetes objects whose configuration was checked, and the number of failed checks. `scanned` is the oldest."""

    objects: int
    scanned: datetime
    failed: Mapping[Severity, int]


class ModuleScans(_Data):
    """The scans of a namespace with the modules in it. `unscanned` are images that run and that no report covers."""

    modules: tuple[str, ...]
    namespace: str
    images: tuple[ImageScan, ...] = ()
    unscanned: tuple[str, ...] = ()
    configuration: ObjectScan | None = None

    @property
    def oldest(self) -> datetime | None:
        """When the image was scanned whose scan is the oldest."""
        return min((one.scanned for one in self.images), default=None)

    def vulnerabilities(self, severity: Severity) -> int | None:
        """The number in all its images; None if no scan reports it, which is not the same as none."""
        return total(self.images, severity)


class Scans(_Data):
    """The scans of one deployment.

    `read`; `off`: no module scans; `unread`: the cluster or its reports could not be read, and `reason` says why.
    `severities` are those that the scanner reports, empty if that is not known; with `fixed_only` it reports only
    vulnerabilities that have a fix.
    """

    status: Literal["read", "off", "unread"]
    reason: str = ""
    severities: tuple[Severity, ...] = ()
    fixed_only: bool = False
    modules: tuple[ModuleScans, ...] = ()

    def __str__(self) -> str:
        """What was read, in one sentence without its full stop."""
        if self.status != "read":
            return f"images were not scanned: {self.reason}" if self.status == "off" else f"not read: {self.reason}"
        images = [image for one in self.modules for image in one.images]
        unscanned = {image for one in self.modules for image in one.unscanned}
        found = [f"{number} {severity}" for severity in SEVERITIES if (number := total(images, severity)) is not None]
        parts = [f"{counted(len({one.image for one in images}), 'image')} scanned"]
        parts += [f"{', '.join(found)} {self.scope}"] * bool(found)
        parts += [f"{counted(len(unscanned), 'image')} without a report"]
        return "; ".join(parts)

    @property
    def scope(self) -> str:
        """What is counted, in words."""
        vulnerabilities = "vulnerabilities with a fix" if self.fixed_only else "vulnerabilities"
        if not self.severities:
            return f"{vulnerabilities}, of severities that are not known"
        rest = [severity for severity in SEVERITIES if severity not in self.severities]
        return f"{vulnerabilities} ({', '.join(rest)} not reported)" if rest else vulnerabilities


def total(images: Iterable[ImageScan], severity: Severity) -> int | None:
    """The number of vulnerabilities of a severity in images; None if no scan reports it."""
    numbers = [one.vulnerabilities[severity] for one in images if severity in one.vulnerabilities]
    return sum(numbers) if numbers else None


def unread(reason: str) -> Scans:
    """Scans that could not be read."""
    return Scans(status="unread", reason=reason)


def added(counts: Iterable[Mapping[Severity, int]]) -> dict[Severity, int]:
    """The sum of counts by severity."""
    result: Counter[Severity] = Counter()
    for one in counts:
        result.update(one)
    return dict(result)
