"""Managed PostgreSQL 16 (DB-1 to DB-10, SEC-2)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Size, Spec

SchemaName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class MaintenanceWindow(Spec):
    """A weekly hour, UTC."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "sun"
    """Day of the week."""
    hour: Annotated[int, Field(ge=0, le=22)] = 3
    """Hour it starts, UTC."""


class DatabaseSpec(Spec):
    """A PostgreSQL 16 server in cloud-neutral words. Bounds are what all three clouds can do.

    Days of backups: RDS 0-35, Flexible Server 7-35, Cloud SQL 1-365 backups and 1-35 days of logs (Plus).
    """

    version: Literal[16]
    """PostgreSQL major version."""
    size: Size
    """Server size; what it means on each cloud is in docs/environments.md."""
    storage_gb: Annotated[int, Field(ge=20, le=16384)]
    """Storage to begin with."""
    max_storage_gb: Annotated[int, Field(ge=21, le=16384)]
    """Where storage stops growing by itself (DB-8)."""
    high_availability: bool
    """A standby in another zone (DB-4)."""
    replicas: Annotated[int, Field(ge=0, le=5)]
    """Read replicas (DB-8)."""
    recovery_days: Annotated[int, Field(ge=7, le=35)]
    """Days of point-in-time recovery (DB-5)."""
    deletion_protection: bool
    """Refuse deletion, and take a final backup when it is lifted (DB-6)."""
    insights_days: Literal[7, 93, 465]
    """Days of query insights (DB-7); the periods RDS sells to all: 7, months in steps of 31, 731."""
    slow_query_ms: Annotated[int, Field(ge=0, le=60000)] = 1000
    """Statements slower than this are logged (DB-7)."""
    maintenance_window: MaintenanceWindow = Field(default_factory=MaintenanceWindow)
    """When minor versions are patched (DB-10)."""
    schemas: tuple[SchemaName, ...] = ("raw", "staging", "intermediate", "marts", "data_platform")
    """Schemas that the bootstrap job creates (DB-9)."""


@dataclass(frozen=True)
class DatabaseHandle:
    """What the rest of the stack may know; each string may still be a token at synth.

    `admin_secret` is a reference in the cloud's secret manager, never the value (SEC-1); empty where administrators log
    in by identity and no password exists. `id` is what backups and
    grants name; `instance` is the name that metrics carry.
    """

    id: str
    instance: str
    host: str
    port: int
    name: str
    admin_secret: str
    login_resource: str
    """What a module's identity is granted login to; a module appends its own role's name."""
    ready: tuple[Any, ...] = ()
    """What names the server by a string depends on these."""
    recovery_days: int = 7
    """For a backup plan that takes the server's recovery over."""
