"""Audit logs of control-plane calls, threat detection, configuration against a baseline (AUD-1 to AUD-3)."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from terrace.capabilities.spec import Spec


class AuditSpec(Spec):
    retention_days: Annotated[int, Field(ge=365, le=3653)]
    """Days of retention of the audit logs, immutable (AUD-1: at least a year); one of the periods that log services
    offer."""
    unusual_activity: bool
    """Also detect unusual rates of calls and errors."""
    continuous_recording: bool
    """Record configuration at each change instead of daily (AUD-3)."""


@dataclass(frozen=True)
class AuditHandle:
    """`trail` identifies the audit logs; a resource that refers to a logged bucket by name depends on `ready`."""

    trail: str
    ready: tuple[Any, ...] = ()
