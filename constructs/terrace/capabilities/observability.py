"""Logs in one place, alarms on the same signals everywhere, people at the other end (OBS-1 to OBS-4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Name, Severity, Spec

LogGroup = Literal[
    "flow", "cluster", "postgresql", "upgrade", "cache-slow", "cache-engine", "trail", "waf",
    "containers", "hosts", "dataplane", "performance",
]  # fmt: skip


class EmailChannel(Spec):
    kind: Literal["email"]
    """Mail."""
    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]
    """Where to."""


class WebhookChannel(Spec):
    kind: Literal["webhook"]
    """An HTTPS endpoint, as a pager service gives."""
    url: Annotated[str, Field(pattern=r"^https://")]
    """Where to. It is not a secret: pager services sign by a key that stays with them."""


Channel = Annotated[EmailChannel | WebhookChannel, Field(discriminator="kind")]


class EscalationSpec(Spec):
    """Who hears of what (OBS-3)."""

    warning: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Channels told at once."""
    critical: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Channels told when it lasts."""
    critical_after_minutes: Annotated[int, Field(ge=15, le=1440, multiple_of=5)]
    """How long a signal lasts before it is critical."""


class Thresholds(Spec):
    """Where a signal becomes an alarm (OBS-2)."""

    database_cpu_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """Average over five minutes."""
    database_free_storage_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """Of the storage to begin with."""
    database_connections: Annotated[int, Field(ge=1)] = 400
    """Open connections."""
    cache_memory_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """Of the node's memory."""
    cache_evictions: Annotated[int, Field(ge=0)] = 100
    """In five minutes."""
    node_cpu_percent: Annotated[int, Field(ge=1, le=100)] = 85
    """Average over nodes."""
    node_memory_percent: Annotated[int, Field(ge=1, le=100)] = 85
    """Average over nodes."""
    lake_denials: Annotated[int, Field(ge=0)] = 20
    """Refused bucket requests in five minutes."""


class ObservabilitySpec(Spec):
    retention_days: Literal[30, 60, 90, 180, 365, 400, 731]
    """Days logs are kept (OBS-1, NET-5); periods that all three clouds sell."""
    channels: Annotated[Mapping[Name, Channel], Field(min_length=1)]
    """Where alarms go, by name."""
    escalation: EscalationSpec
    """Which channels hear of which severity."""
    thresholds: Thresholds = Field(default_factory=Thresholds)
    """Where signals become alarms."""
    slo_percent: Annotated[float, Field(ge=90, le=99.99)] = 99.9
    """Objective for requests at the entry that succeed (OBS-4); Cloud Monitoring takes 99.99 at most."""


@dataclass(frozen=True)
class ObservabilityHandle:
    """`logs` maps a group to its name, `log_ids` to its identifier; `topics` a severity to where alarms go.

    `addresses` are the mail channels' addresses, for services that mail by themselves. `retention_days` is for
    capabilities that must make a log group of their own, such as a database replica's. `workspace` is the log store's
    own id, where a cloud has one store for all. `channels` are whom a severity tells, where alarms name them one by
    one, and under `mail` those with an address; empty where a topic tells them.
    """

    logs: Mapping[LogGroup, str]
    log_ids: Mapping[LogGroup, str]
    topics: Mapping[Severity, str]
    addresses: tuple[str, ...]
    ready: tuple[Any, ...]
    retention_days: int = 365
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    workspace: str = ""
