"""A budget with alerts, and sleep for environments that need not be awake (COST-1, COST-2)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from terrace.capabilities.spec import Spec


class SleepSpec(Spec):
    """When node pools go to zero and the database stops, and when they wake (COST-2)."""

    down: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Local time, HH:MM."""
    up: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Local time, HH:MM."""
    days: Literal["mon-fri", "mon-sun"] = "mon-fri"
    """Days on which both happen."""
    timezone: str = "Europe/Berlin"
    """IANA time zone."""


class CostSpec(Spec):
    budget_usd: Annotated[int, Field(ge=1)]
    """Budget a month, US dollars (COST-1). Alerts come at 50, 80 and 100 %, and when 100 % is forecast."""
    sleep: SleepSpec | None = None
    """When to sleep; none: always awake."""


@dataclass(frozen=True)
class CostHandle:
    """`budget` is the budget's name."""

    budget: str
