"""Daily backups under one plan, in a vault of their own (BAK-1 to BAK-3)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Duration, Spec


class BackupSpec(Spec):
    every: Duration
    """ISO 8601 duration between backups: PT6H, PT12H or P1D (BAK-1: daily at least)."""
    retention_days: Annotated[int, Field(ge=7, le=3650)]
    """Days a backup is kept."""
    archive_after_days: Annotated[int, Field(ge=1, le=3560)] | None = None
    """Move to cold storage; AWS Backup wants 90 more days there before deletion."""
    copy_to_recovery_region: bool
    """Copy each backup to the recovery region."""
    lock: Literal["governance", "compliance"]
    """Whether a named few may lift the vault's minimum retention, or nobody once the cooling-off is over."""
    rpo: Duration
    """Recovery point objective: how much work may be lost, ISO 8601 (BAK-3)."""
    rto: Duration
    """Recovery time objective: how long recovery may take, ISO 8601 (BAK-3)."""


@dataclass(frozen=True)
class BackupHandle:
    """`vault` is the home vault's name."""

    vault: str
