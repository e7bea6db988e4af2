"""Who changed a resource: the last writes in the cloud's audit log that name it.

The seam to the clouds: `terrace.live.<cloud>.writes.lookup(target)` returns a function from a resource to its last
writes. It raises Absent for a resource of which the log has none. An audit log is read for people: what cannot be read
is unknown, with the reason, never an error.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from terrace.calls import Absent
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.errors import TerraceError

SINCE = timedelta(days=90)
"""How far back a log is read: CloudTrail's event history and Azure's Activity Log keep 90 days, Google Cloud's Admin
Activity logs 400. Sources: CloudTrail, "Viewing event history"; Azure Monitor, "Activity log"; Cloud Logging, "Quotas
and limits", retention."""
SHOWN = 3
MOST = 20
"""Resources that are looked up in one run: CloudTrail accepts two LookupEvents a second."""


@dataclass(frozen=True)
class Identity:
    """How an audit log may name a resource: its Terraform type, and its id, ARN, link and name."""

    type: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Write:
    """A write. `at` is in UTC (ISO 8601), `actor` is as the log names it, `call` is the cloud's name of the call."""

    at: str
    actor: str
    call: str

    def __str__(self) -> str:
        return f"{self.call} by {self.actor} at {self.at}"


@dataclass(frozen=True)
class LastWrites:
    """The last writes of a resource, newest first; without any, `unknown` is the reason."""

    writes: tuple[Write, ...] = ()
    unknown: str = ""

    def as_data(self) -> dict[str, Any]:
        return {"writes": [vars(one) for one in self.writes], "unknown": self.unknown or None}


Lookup = Callable[[Identity], Iterable[Write]]


def last_writes(cloud: str, target: Target, resources: Mapping[str, Identity]) -> dict[str, LastWrites]:
    """Address to the last writes of the resource. Raises nothing that the cloud does."""
    found: dict[str, LastWrites] = {}
    lookup: Lookup | None = None
    failed = ""
    for position, (address, resource) in enumerate(resources.items()):
        if position >= MOST:
            failed = failed or f"only {MOST} resources are looked up"
        try:
            if not failed and lookup is None:
                lookup = implementation("terrace.live", cloud, "writes").lookup(target)
        except TerraceError as error:
            failed = error.message
        if failed or lookup is None:
            found[address] = LastWrites(unknown=failed)
            continue
        try:
            newest = sorted(lookup(resource), key=lambda one: one.at, reverse=True)[:SHOWN]
            reason = "" if newest else f"the audit log has no write of it in the last {SINCE.days} days"
            found[address] = LastWrites(tuple(newest), reason)
        except Absent as absent:
            found[address] = LastWrites(unknown=absent.message)
        except TerraceError as error:
            failed = f"the audit log cannot be read: {error.message}"  # nor for the rest: each attempt takes time
            found[address] = LastWrites(unknown=failed)
        except (LookupError, TypeError, ValueError) as error:
            found[address] = LastWrites(unknown=f"the audit log cannot be read: {type(error).__name__}: {error}")
    return found
