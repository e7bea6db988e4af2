"""Daily backups under one plan, in a separate vault (BAK-1 to BAK-3)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Duration, Spec


class BackupSpec(Spec):
    every: Duration
    """ISO 8601 duration between backups: PT6H, PT12H or P1D (BAK-1: at least daily)."""
    retention_days: Annotated[int, Field(ge=7, le=3650)]
    """Days of retention of a backup."""
    archive_after_days: Annotated[int, Field(ge=1, le=3560)] | None = None
    """Days until a backup moves to cold storage; AWS Backup requires 90 more days there before deletion."""
    copy_to_recovery_region: bool
    """Copy each backup to the recovery region."""
    lock: Literal["governance", "compliance"]
    """The lock of the vault's minimum retention. governance: privileged identities may remove it; compliance: it is
    permanent after the cooling-off period."""
    rpo: Duration
    """Recovery point objective, the maximum loss of data, ISO 8601 (BAK-3)."""
    rto: Duration
    """Recovery time objective, the maximum duration of a recovery, ISO 8601 (BAK-3)."""


@dataclass(frozen=True)
class BackupHandle:
    """`vault` is the home vault's name, `velero` Velero's identity."""

    vault: str
    velero: str | None
