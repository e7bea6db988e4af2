"""Customer-managed keys, one a purpose (KEY-1 to KEY-3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

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
class KeysHandle:
    """References by which other capabilities name a key; each may still be a token at synth.

    `recovery` holds the keys of the recovery region (RECOVERY_PURPOSES) and is empty where there is none.
    """

    home: Mapping[Purpose, str]
    recovery: Mapping[Purpose, str]
