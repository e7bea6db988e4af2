"""A Redis-compatible cache (CACHE-1 to CACHE-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Size, Spec


class CacheSpec(Spec):
    size: Size
    """Node size; docs/environments.md lists the machine types on each cloud."""
    replicas: Annotated[int, Field(ge=0, le=2)]
    """Replicas in other zones, with automatic failover if there is at least one (CACHE-3)."""
    snapshot_days: Annotated[int, Field(ge=1, le=35)]
    """Days of retention of snapshots; ElastiCache allows 0 to 35."""


@dataclass(frozen=True)
class CacheHandle:
    """`users` maps a module to the identity that it authenticates with; there are no passwords. A resource that refers
    to the cache by name depends on `ready`."""

    id: str
    instance: str
    host: str
    port: int
    users: Mapping[str, str]
    ready: tuple[Any, ...] = ()
