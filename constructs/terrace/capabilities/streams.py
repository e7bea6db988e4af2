"""Streams of events: topics, the same for Kafka in the cluster and for the cloud's own."""

from typing import Annotated

from pydantic import Field

from terrace.capabilities.spec import Spec

Topic = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*$")]
"""Name of a topic."""


class TopicSpec(Spec):
    partitions: Annotated[int, Field(ge=1, le=32)] = 3
    """Partitions, over which consumers of a group share its events; they can be added, never removed. Event Hubs allows
    32."""
    retention_hours: Annotated[int, Field(ge=1, le=2160)] = 168
    """Hours to keep events; Event Hubs allows 90 days."""
