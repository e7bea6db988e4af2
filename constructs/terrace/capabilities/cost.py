"""A budget with alerts, and a sleep schedule (COST-1, COST-2)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class SleepSpec(Spec):
    """When node pools scale to zero and the database stops, and when both start again (COST-2)."""

    down: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Local time of the stop, HH:MM."""
    up: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Local time of the start, HH:MM."""
    days: Literal["mon-fri", "mon-sun"] = "mon-fri"
    """Days of the schedule."""
    timezone: str = "Europe/Berlin"
    """IANA time zone."""


class CostSpec(Spec):
    budget_usd: Annotated[int, Field(ge=1)]
    """Monthly budget in US dollars (COST-1). Alerts at 50, 80 and 100 %, and when the forecast reaches 100 %."""
    sleep: SleepSpec | None = None
    """The sleep schedule; none: always on."""


@dataclass(frozen=True)
class CostHandle:
    """`budget` is the budget's name."""

    budget: str
