"""`terrace cost`: what an environment costs a month, as far as prices are known."""

import json
from typing import TYPE_CHECKING, Any

import click

from terrace.cli.options import cloud_option, environment_argument, json_option

if TYPE_CHECKING:
    from datetime import date

    from terrace.deployment.cost import Estimate

_MAX_NAMED = 15


@click.command("cost")
@environment_argument
@cloud_option
@json_option
@click.pass_context
def command(ctx: click.Context, environment: str, cloud: str | None, as_json: bool) -> None:
    """Estimate the monthly cost of the foundation of ENV from its stack and the project's price book.

    Sums what has a list price, hours of sleep deducted, and names what has none and what its use decides. Exit code 1
    when the known sum is above the environment's cost.budget_usd.
    """
    from datetime import UTC, datetime

    from terrace.cli.console import write, write_json
    from terrace.cli.options import load, project_of
    from terrace.deployment.cost import book, estimate, resources_of
    from terrace.environment import target

    loaded = load(ctx, environment, cloud)
    name, on, spec = loaded.environment.name, loaded.environment.cloud, loaded.environment.cost
    prices = book.read(project_of(ctx).root, on)
    resources = resources_of(stack_of(ctx, name, on))
    found = estimate(on, target(loaded.environment).region, resources, prices, spec.sleep)
    today = datetime.now(UTC).date()
    above = found.known > spec.budget_usd
    if as_json:
        head = {"environment": name, "cloud": on, "budget_usd": spec.budget_usd, "above_budget": above}
        write_json({**head, "stale": found.stale(today), **found.as_data()})
    else:
        write(_text(found, spec.budget_usd, today, above=above))
    ctx.exit(1 if above else 0)


def stack_of(ctx: click.Context, environment: str, cloud: str) -> dict[str, Any]:
    """The synthesized foundation of an environment; from the cache if its sources are unchanged."""
    from terrace.assurance import stack_cache
    from terrace.cli.options import project_of

    stack: dict[str, Any] = json.loads(stack_cache.stacks(project_of(ctx), [environment], cloud)[environment])
    return stack


def _text(found: "Estimate", budget: int, today: "date", *, above: bool) -> str:
    from terrace.cli.console import styled, table
    from terrace.words import counted

    rows: list[list[object]] = [
        [item.resource, item.sku, f"{item.quantity:f}", item.unit, f"{item.price:f}", f"{item.amount:.2f}"]
        for item in found.items
    ]
    headers = ["resource", "what", "quantity", "unit", "USD a unit", "USD a month"]
    parts = [table(headers, rows)] if rows else []
    if found.oldest is None:
        parts.append("No price is known. Run `terrace prices refresh` with access to the cloud's price list.")
    else:
        age = (today - found.oldest).days
        text = f"The oldest price was read on {found.oldest}, {counted(age, 'day')} ago"
        stale = found.stale(today)
        parts.append(styled(f"{text}: stale; run `terrace prices refresh`.", fg="red") if stale else f"{text}.")
        verdict = f"above the budget of {budget}" if above else f"within the budget of {budget}"
        total = f"Known: {found.known} USD a month, {verdict} USD, without what is listed below."
        parts.append(styled(total, fg="red", bold=True) if above else total)
    if found.awake < 1:
        parts.append(f"Nodes and database are awake {found.awake * 100:.0f} % of the time.")
    parts += _named("Without a price", found.unpriced)
    parts += _named("Decided by use, not in the sum", found.usage)
    return "\n\n".join(parts)


def _named(title: str, found: tuple[tuple[str, str], ...]) -> list[str]:
    """What has no amount: by what it is, with the resources' names."""
    if not found:
        return []
    groups: dict[str, list[str]] = {}
    for name, what in found:
        groups.setdefault(what, []).append(name)
    lines = [f"{title}:"]
    for what, names in sorted(groups.items()):
        more = f" and {len(names) - _MAX_NAMED} more (--json names them)" if len(names) > _MAX_NAMED else ""
        lines.append(f"  {what}: {', '.join(names[:_MAX_NAMED])}{more}")
    return ["\n".join(lines)]
