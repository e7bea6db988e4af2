"""Streams of events: topics, the same for Kafka in the cluster and for the cloud's own (STREAM-1 to STREAM-5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Size, Spec

Topic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*$")]
"""Name of a topic."""
ANY = "*"
"""Stands for the topics of the data products that name a module."""
TopicOrAny = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9.-]*)$")]
"""Name of a topic, or ANY."""


class TopicSpec(Spec):
    partitions: Annotated[int, Field(ge=1, le=32)] = 3
    """Partitions, over which consumers of a group share its events; they can be added, never removed. Event Hubs allows
    32."""
    retention_hours: Annotated[int, Field(ge=1, le=2160)] = 168
    """Hours to keep events; Event Hubs allows 90 days."""


class StreamsSpec(Spec):
    size: Size
    """Size of the brokers; docs/guides/streams.md lists what it is on each cloud."""


@dataclass(frozen=True)
class StreamsHandle:
    """`topics` maps a topic to what rights on it are given on. A resource that refers to the streams by name depends
    on `ready`."""

    id: str
    instance: str
    bootstrap: str
    port: int
    login: str
    topics: Mapping[str, str]
    ready: tuple[Any, ...] = ()
