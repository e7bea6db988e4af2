"""Managed PostgreSQL (DB-1 to DB-10, SEC-2)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Size, Spec

SchemaName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class MaintenanceWindow(Spec):
    """A weekly hour in UTC."""

    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "sun"
    """Day of the week."""
    hour: Annotated[int, Field(ge=0, le=22)] = 3
    """Hour of the start, UTC."""


class DatabaseSpec(Spec):
    """A PostgreSQL server in cloud-neutral words. Bounds are those that all three clouds support.

    Days of backups: RDS 0-35, Flexible Server 7-35, Cloud SQL 1-365 backups and 1-35 days of logs (Plus).
    """

    version: Literal[16, 17, 18]
    """PostgreSQL major version; a server cannot go back to an older one."""
    size: Size
    """Server size; docs/environments.md lists the machine types on each cloud."""
    storage_gb: Annotated[int, Field(ge=20, le=16384)]
    """Initial storage in GB."""
    max_storage_gb: Annotated[int, Field(ge=21, le=16384)]
    """Maximum of automatic storage growth in GB (DB-8)."""
    high_availability: bool
    """A standby in another zone (DB-4)."""
    replicas: Annotated[int, Field(ge=0, le=5)]
    """Read replicas (DB-8)."""
    recovery_days: Annotated[int, Field(ge=7, le=35)]
    """Days of point-in-time recovery (DB-5)."""
    deletion_protection: bool
    """Prevent deletion, and take a final backup when the server is destroyed (DB-6)."""
    insights_days: Literal[7, 93, 465]
    """Days of query insights (DB-7); RDS offers 7, months in steps of 31, and 731."""
    slow_query_ms: Annotated[int, Field(ge=0, le=60000)] = 1000
    """Statements slower than this are logged (DB-7)."""
    maintenance_window: MaintenanceWindow = Field(default_factory=MaintenanceWindow)
    """When minor versions are upgraded (DB-10)."""
    schemas: tuple[SchemaName, ...] = ("raw", "staging", "intermediate", "marts", "data_platform")
    """Schemas that the bootstrap job creates (DB-9)."""


@dataclass(frozen=True)
class DatabaseHandle:
    """What other capabilities need of the database; each string may be a token at synth.

    `admin_secret` is a reference in the cloud's secret manager, never the value (SEC-1); empty if administrators log in
    by identity and there is no password. `id` is for backups and grants; `instance` is the name in metrics.
    """

    id: str
    instance: str
    host: str
    port: int
    name: str
    admin_secret: str
    admin: str
    """The role that the bootstrap job logs in as."""
    login_resource: str
    """The resource to grant a module's identity login to; a module appends its role's name."""
    ready: tuple[Any, ...] = ()
    """A resource that refers to the server by name depends on these."""
    admin_ready: tuple[Any, ...] = ()
    """What binds the bootstrap job's identity depends on these."""
    recovery_days: int = 7
    """For a backup plan that replaces the server's own recovery."""
