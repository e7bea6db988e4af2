"""What an environment costs a month, as far as prices are known. No price is ever assumed.

Sums the list prices of a price book; names what has none, and what depends on use.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from terrace.capabilities.cloud import CLOUDS, facts, implementation
from terrace.capabilities.cost import SleepSpec
from terrace.capabilities.prices import HOURS, Bill, Part, Pricing, Sku, Unit
from terrace.deployment.cost.book import Book

STALE_DAYS = 90
"""From this age on, prices are called stale."""
_MINUTES = 24 * 60


@dataclass(frozen=True)
class Item:
    """A part of a resource with its price; `amount` is in US dollars a month, sleep hours deducted."""

    resource: str
    sku: str
    quantity: Decimal
    unit: str
    price: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Estimate:
    """`unpriced` are resources and what of them has no price, `usage` those with what their use decides, each as (name,
    what). `oldest` is the day of the oldest price in the sum; None: no price is known."""

    items: tuple[Item, ...]
    unpriced: tuple[tuple[str, str], ...]
    usage: tuple[tuple[str, str], ...]
    awake: Decimal
    oldest: date | None

    @property
    def known(self) -> Decimal:
        """US dollars a month, of what has a price."""
        return sum((item.amount for item in self.items), Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)

    def stale(self, today: date) -> bool:
        """Whether the oldest price is too old to be relied on."""
        return self.oldest is not None and (today - self.oldest).days > STALE_DAYS

    def as_data(self) -> dict[str, Any]:
        """For `--json`; amounts are decimal text."""
        return {
            "known_usd": str(self.known),
            "oldest_price": self.oldest.isoformat() if self.oldest else None,
            "awake_share": str(self.awake.quantize(Decimal("0.001"))),
            "items": [{name: str(value) for name, value in vars(item).items()} for item in self.items],
            "unpriced": [{"resource": name, "what": what} for name, what in self.unpriced],
            "by_usage": [{"resource": name, "what": what} for name, what in self.usage],
        }


Resource = tuple[str, str, Mapping[str, Any]]
"""Name, type and arguments."""


def resources_of(stack: Mapping[str, Any]) -> Iterator[Resource]:
    """The resources of a synthesized stack; a name is the construct's path."""
    for type, group in stack.get("resource", {}).items():
        for name, body in group.items():
            path = body.get("//", {}).get("metadata", {}).get("path", "")
            yield path or f"{type}.{name}", type, body


def estimate(cloud: str, region: str, resources: Iterable[Resource], book: Book, sleep: SleepSpec | None) -> Estimate:
    """The cost of resources in a region."""
    awake = awake_share(sleep)
    items: list[Item] = []
    unpriced: list[tuple[str, str]] = []
    usage: list[tuple[str, str]] = []
    days: list[date] = []
    for name, type, values in sorted(resources, key=lambda one: (one[0], one[1])):
        bill = bill_of(cloud, type, values)
        if isinstance(bill, str):
            unpriced.append((name, bill))
            continue
        if bill.usage:
            usage.append((name, bill.usage))
        for part in bill.parts:
            price = book.price(cloud, region, part.sku)
            if price is None:
                unpriced.append((name, part.sku.name))
                continue
            days.append(price.read)
            amount = price.price * _quantity(part, awake)
            items.append(Item(name, part.sku.name, part.quantity, part.sku.unit, price.price, amount))
    return Estimate(tuple(items), tuple(unpriced), tuple(usage), awake, min(days, default=None))


def bill_of(cloud: str, type: str, values: Mapping[str, Any]) -> Bill | str:
    """What a resource is billed for, or in words why that is not known."""
    known = implementation("terrace", cloud, "prices")
    if type in known.FREE:
        return Bill()
    if type in known.USAGE:
        return Bill(usage=known.USAGE[type])
    pricing: Pricing | None = known.PRICED.get(type)
    if pricing is None:
        return f"{type}: no price known"
    try:
        return pricing(values)
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        return f"{type}: {error} decides its price and is not known"


@dataclass(frozen=True)
class Amount:
    """How much more of a SKU a change is billed for; negative for less."""

    sku: str
    unit: Unit
    quantity: Decimal
    sleeps: bool = False


def difference(
    type: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[tuple[Amount, ...], str]:
    """What a change of a resource adds to its bill, and in words what of that is not known. None: does not exist."""
    cloud = next((name for name in CLOUDS if type.startswith(f"{facts(name).provider.rpartition('/')[2]}_")), "")
    if not cloud or before == after:
        return (), ""
    found: dict[tuple[str, Unit, bool], Decimal] = {}
    for values, sign in ((before, -1), (after, 1)):
        if values is None:
            continue
        bill = bill_of(cloud, type, values)
        if isinstance(bill, str):
            return (), bill
        for part in bill.parts:
            key = part.sku.name, part.sku.unit, part.sleeps
            found[key] = found.get(key, Decimal(0)) + sign * part.quantity
    amounts = (
        Amount(sku, unit, quantity, sleeps) for (sku, unit, sleeps), quantity in sorted(found.items()) if quantity
    )
    return tuple(amounts), ""


@dataclass(frozen=True)
class PlanCost:
    """What a plan changes of the known monthly cost, in US dollars. `unpriced` is in words, each once."""

    known: Decimal
    unpriced: tuple[str, ...]
    oldest: date | None


def of_plan(
    cloud: str, region: str, changes: Iterable[tuple[Iterable[Amount], str]], book: Book, sleep: SleepSpec | None
) -> PlanCost:
    """The cost of the differences of a plan's changes."""
    awake = awake_share(sleep)
    total = Decimal(0)
    unpriced: set[str] = set()
    days: list[date] = []
    for amounts, reason in changes:
        if reason:
            unpriced.add(reason)
        for one in amounts:
            sku = Sku(one.sku, one.unit)
            if price := book.price(cloud, region, sku):
                total += price.price * _quantity(Part(sku, one.quantity, one.sleeps), awake)
                days.append(price.read)
            else:
                unpriced.add(one.sku)
    return PlanCost(total.quantize(Decimal("0.01"), ROUND_HALF_UP), tuple(sorted(unpriced)), min(days, default=None))


def skus(cloud: str, resources: Iterable[Resource]) -> list[Sku]:
    """What has a price in the price list of a cloud, each once."""
    bills = (bill_of(cloud, type, values) for _, type, values in resources)
    found = {part.sku.name: part.sku for bill in bills if isinstance(bill, Bill) for part in bill.parts}
    return [found[name] for name in sorted(found)]


def _quantity(part: Part, awake: Decimal) -> Decimal:
    hours = HOURS if part.sku.unit == "hour" else Decimal(1)
    return part.quantity * hours * (awake if part.sleeps else 1)


def awake_share(sleep: SleepSpec | None) -> Decimal:
    """The share of a week in which an environment is awake. Both times are of each day of the schedule."""
    if sleep is None:
        return Decimal(1)
    days = range(5 if sleep.days == "mon-fri" else 7)
    events = sorted(
        (day * _MINUTES + _minute(time), state) for time, state in ((sleep.down, 0), (sleep.up, 1)) for day in days
    )
    following = [*events[1:], (events[0][0] + 7 * _MINUTES, events[0][1])]
    minutes = sum(end - start for (start, state), (end, _) in zip(events, following, strict=True) if state)
    return Decimal(minutes) / (7 * _MINUTES)


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)
