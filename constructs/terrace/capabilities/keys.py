"""Customer-managed keys, one a purpose (KEY-1 to KEY-3)."""

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
"""What is copied to the recovery region needs a key there."""


class KeysSpec(Spec):
    rotation_days: Annotated[int, Field(ge=90, le=365)]
    """Days between automatic rotations (KEY-1); AWS KMS takes 90 to 2560, the guarantee ends at a year."""
    deletion_window_days: Annotated[int, Field(ge=7, le=30)]
    """Days between asking for a key's destruction and its end (KEY-2); AWS KMS takes 7 to 30."""


@dataclass(frozen=True)
class KeyUser:
    """The identity through which a service uses a key, on a cloud whose keys admit identities, not services."""

    id: str
    client_id: str


@dataclass(frozen=True)
class KeysHandle:
    """References by which other capabilities name a key; each may still be a token at synth.

    `recovery` holds the keys of the recovery region (RECOVERY_PURPOSES) and is empty where there is none. What is
    encrypted depends on `ready`. `versions` names one version of a key, for services that do not follow a rotation;
    `users` and `recovery_users` are by purpose. A cloud that needs none of these leaves them empty.
    """

    home: Mapping[Purpose, str]
    recovery: Mapping[Purpose, str]
    versions: Mapping[Purpose, str] = field(default_factory=dict)
    users: Mapping[Purpose, KeyUser] = field(default_factory=dict)
    recovery_users: Mapping[Purpose, KeyUser] = field(default_factory=dict)
    ready: tuple[Any, ...] = ()
