"""Every control-plane call on record, threat detection, configuration against a baseline (AUD-1 to AUD-3)."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Spec


class AuditSpec(Spec):
    retention_days: Annotated[int, Field(ge=365, le=3653)]
    """Days the record is kept, immutable (AUD-1: a year at least); one of the periods that log services sell."""
    unusual_activity: bool
    """Also look for unusual rates of calls and errors."""
    continuous_recording: bool
    """Record configuration at each change instead of daily (AUD-3)."""


@dataclass(frozen=True)
class AuditHandle:
    """`trail` identifies the record of calls; what names a recorded bucket by a string depends on `ready`."""

    trail: str
    ready: tuple[Any, ...] = ()
