"""Redis-protocol cache (CACHE-1 to CACHE-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Size, Spec


class CacheSpec(Spec):
    size: Size
    """Node size; what it means on each cloud is in docs/environments.md."""
    replicas: Annotated[int, Field(ge=0, le=2)]
    """Copies in other zones, with automatic failover when there is one (CACHE-3)."""
    snapshot_days: Annotated[int, Field(ge=1, le=35)]
    """Days snapshots are kept; ElastiCache takes 0 to 35."""


@dataclass(frozen=True)
class CacheHandle:
    """`users` maps a module to the identity it logs in as; no password exists. What names
    the cache by a string depends on `ready`."""

    id: str
    instance: str
    host: str
    port: int
    users: Mapping[str, str]
    ready: tuple[Any, ...] = ()
