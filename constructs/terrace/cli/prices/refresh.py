"""`terrace prices refresh`: write the price book of a cloud from the cloud's own price list."""

from typing import TYPE_CHECKING

import click

from terrace.capabilities.cloud import CLOUDS

if TYPE_CHECKING:
    from terrace.capabilities.prices import Sku


@click.command("refresh")
@click.option(
    "--cloud", "clouds", type=click.Choice(CLOUDS), multiple=True, help="Only this cloud; repeatable. Default: all."
)
@click.pass_context
def command(ctx: click.Context, clouds: tuple[str, ...]) -> None:
    """Read the list prices of what the environments of this project use, and write them to policies/prices/.

    AWS needs credentials that allow pricing:GetProducts, Google Cloud an API key in TERRACE_GOOGLE_API_KEY, Azure
    nothing. What a price list has no single price for is left out and named. Exit code 1 if no price was found.
    """
    from datetime import UTC, datetime

    from terrace.capabilities.cloud import TITLES, implementation
    from terrace.capabilities.prices import Price
    from terrace.cli.console import info, warn
    from terrace.cli.options import load, project_of
    from terrace.deployment.cost import book
    from terrace.environment import names, target
    from terrace.errors import AnswerIsNo, TerraceError
    from terrace.words import counted

    project = project_of(ctx)
    today = datetime.now(UTC).date()
    for cloud in clouds or CLOUDS:
        wanted: dict[tuple[str, str], Sku] = {}
        for name in names(project.root):
            loaded = load(ctx, name, cloud)
            region = target(loaded.environment).region
            wanted |= {(region, sku.name): sku for sku in _skus(ctx, name, cloud)}
        found: list[Price] = []
        for (region, _), sku in sorted(wanted.items(), key=lambda one: one[0]):
            try:
                listed = implementation("terrace", cloud, "prices").prices(region, sku, today)
            except TerraceError:
                raise
            except Exception as error:  # of boto3 or urllib, each with its own classes
                raise TerraceError(
                    f"the price list of {TITLES[cloud]} did not answer: {error}",
                    hint="the price book on disk is unchanged",
                ) from error
            if len({one.price for one in listed}) == 1:
                found.append(listed[0])
            else:
                warn(f"{sku.name} in {region}: {counted(len(listed), 'price')} in the list, expected one; left out")
        if not found:
            raise AnswerIsNo(f"no price found on {TITLES[cloud]}", hint="the price book on disk is unchanged")
        written = book.write(project.root, cloud, found)
        info(f"{counted(len(found), 'price')} of {counted(len(wanted), 'SKU')} in {project.display(written)}")


def _skus(ctx: click.Context, environment: str, cloud: str) -> "list[Sku]":
    from terrace.cli.cost import stack_of
    from terrace.deployment.cost import resources_of, skus

    return skus(cloud, resources_of(stack_of(ctx, environment, cloud)))
