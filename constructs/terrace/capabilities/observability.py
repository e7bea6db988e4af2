"""Central logs, alarms on the same signals on every cloud, and their recipients (OBS-1 to OBS-4)."""

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
    """An email channel."""
    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$")]
    """Address of the recipient."""


class WebhookChannel(Spec):
    kind: Literal["webhook"]
    """A webhook channel, such as a pager service."""
    url: Annotated[str, Field(pattern=r"^https://")]
    """HTTPS URL. It is not a secret: pager services sign with a key of their own."""


Channel = Annotated[EmailChannel | WebhookChannel, Field(discriminator="kind")]


class EscalationSpec(Spec):
    """The channels of each severity (OBS-3)."""

    warning: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Channels of warnings."""
    critical: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Channels of critical alarms."""
    critical_after_minutes: Annotated[int, Field(ge=15, le=1440, multiple_of=5)]
    """Minutes until a persisting signal becomes critical."""


class Thresholds(Spec):
    """Thresholds of the signals (OBS-2)."""

    database_cpu_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """Average over five minutes."""
    database_free_storage_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """Percent of the initial storage."""
    database_connections: Annotated[int, Field(ge=1)] = 400
    """Number of open connections."""
    cache_memory_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """Percent of the node's memory."""
    cache_evictions: Annotated[int, Field(ge=0)] = 100
    """Evictions in five minutes."""
    node_cpu_percent: Annotated[int, Field(ge=1, le=100)] = 85
    """Average over nodes."""
    node_memory_percent: Annotated[int, Field(ge=1, le=100)] = 85
    """Average over nodes."""
    lake_denials: Annotated[int, Field(ge=0)] = 20
    """Denied bucket requests in five minutes."""


class ObservabilitySpec(Spec):
    retention_days: Literal[30, 60, 90, 180, 365, 400, 731]
    """Days of retention of logs (OBS-1, NET-5); the periods that all three clouds offer."""
    channels: Annotated[Mapping[Name, Channel], Field(min_length=1)]
    """Channels of alarms by name."""
    escalation: EscalationSpec
    """Channels of each severity."""
    thresholds: Thresholds = Field(default_factory=Thresholds)
    """Thresholds of the signals."""
    slo_percent: Annotated[float, Field(ge=90, le=99.99)] = 99.9
    """Objective for successful requests at the entry, in percent (OBS-4); Cloud Monitoring allows at most 99.99."""


@dataclass(frozen=True)
class ObservabilityHandle:
    """`logs` maps a log group to its name, `log_ids` to its identifier, `topics` a severity to the topic of its alarms.

    `addresses` are the email channels' addresses, for services that send email themselves. `retention_days` is for
    capabilities that create a log group of their own, such as a database replica's. `workspace` is the id of the log
    store, on a cloud with one store for all logs. `channels` are the channels of a severity (and, under `mail`, those
    with an address), on a cloud whose alarms refer to channels instead of a topic.
    """

    topics: Mapping[Severity, str]
    logs: Mapping[LogGroup, str] = field(default_factory=dict)
    log_ids: Mapping[LogGroup, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    ready: tuple[Any, ...] = ()
    retention_days: int = 365
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    workspace: str = ""
