"""What of a resource has a price, and the price itself. The tables and price lists are in `<cloud>/prices.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

HOURS = Decimal(730)
"""Hours in a month: the clouds' own calculators use 730."""

Unit = Literal["hour", "month", "GB-month"]


@dataclass(frozen=True)
class Sku:
    """Something that a cloud sells. `name` is in words, unique for a cloud and region; `query` is how its price list
    finds it, in the terms of that list."""

    name: str
    unit: Unit
    query: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)


@dataclass(frozen=True)
class Part:
    """A quantity of a SKU that a resource is billed for. `sleeps`: not while the environment sleeps (COST-2)."""

    sku: Sku
    quantity: Decimal
    sleeps: bool = False


@dataclass(frozen=True)
class Bill:
    """What a resource is billed for: the parts that its settings determine, and in words what its use determines."""

    parts: tuple[Part, ...] = ()
    usage: str = ""


Pricing = Callable[[Mapping[str, Any]], Bill]
"""What a resource with these arguments is billed for. Raises KeyError, TypeError, ValueError or ArithmeticError if an
argument that decides it is not known."""


@dataclass(frozen=True)
class Price:
    """The list price of a SKU in a region for one unit. `source` is the URL that answered, `read` the day."""

    cloud: str
    region: str
    sku: str
    unit: Unit
    price: Decimal
    currency: str
    source: str
    read: date


def first(value: Any) -> Mapping[str, Any]:
    """A block of a resource: of a stack a mapping, of a plan a list with one."""
    found = value[0] if isinstance(value, list) and value else value
    return found if isinstance(found, Mapping) else {}
