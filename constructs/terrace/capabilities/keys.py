"""Customer-managed keys, one per purpose (KEY-1 to KEY-3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec

Purpose = Literal[
    "lake", "audit", "database", "cluster", "disks", "logs", "secrets", "registry", "cache", "events", "backups"
]
PURPOSES: tuple[Purpose, ...] = (
    "lake",
    "audit",
    "database",
    "cluster",
    "disks",
    "logs",
    "secrets",
    "registry",
    "cache",
    "events",
    "backups",
)
RECOVERY_PURPOSES: tuple[Purpose, ...] = ("lake", "database", "secrets", "backups")
"""Purposes with data in the recovery region, which need a key there."""


class KeysSpec(Spec):
    rotation_days: Annotated[int, Field(ge=90, le=365)]
    """Days between automatic rotations (KEY-1); AWS KMS allows 90 to 2560, the guarantee at most a year."""
    deletion_window_days: Annotated[int, Field(ge=7, le=30)]
    """Days between the request to destroy a key and its destruction (KEY-2); AWS KMS allows 7 to 30."""


@dataclass(frozen=True)
class KeyUser:
    """The identity that a service uses a key with, on a cloud that grants keys to identities and not to services."""

    id: str
    client_id: str


@dataclass(frozen=True)
class KeysHandle:
    """References to keys by purpose; each may be a token at synth.

    `recovery` has the keys of the recovery region (RECOVERY_PURPOSES) and is empty if there is none. An encrypted
    resource depends on `ready`. `versions` has one version of a key, for services that do not follow a rotation. A
    cloud that does not need `versions`, `users` or `recovery_users` leaves them empty.
    """

    home: Mapping[Purpose, str]
    recovery: Mapping[Purpose, str] = field(default_factory=dict)
    versions: Mapping[Purpose, str] = field(default_factory=dict)
    users: Mapping[Purpose, KeyUser] = field(default_factory=dict)
    recovery_users: Mapping[Purpose, KeyUser] = field(default_factory=dict)
    ready: tuple[Any, ...] = ()
