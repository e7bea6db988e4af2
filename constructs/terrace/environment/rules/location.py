"""Cloud, regions, names, tags, state: where the environment is and what it is called there."""

from collections.abc import Iterator
from typing import get_args

from terrace.capabilities.target import Settings
from terrace.environment import naming, regions
from terrace.environment import suggestions as nearest
from terrace.environment.schema import Environment
from terrace.environment.sizes import Cloud
from terrace.errors import Problem

RESERVED_TAGS = ("environment", "owner", "cost-centre", "data-classification", "managed-by")
"""Tags that the kit sets itself (GOV-1)."""


def regions_are_of_the_cloud(environment: Environment) -> Iterator[Problem]:
    for path in ("region", "recovery_region"):
        word = getattr(environment, path)
        if word is None or regions.region(environment.cloud, word):
            continue
        owners = [cloud for cloud in get_args(Cloud) if regions.region(cloud, word)]
        if owners:
            place = next(name for name, place in regions.PLACES.items() if getattr(place, owners[0]) == word)
            yield Problem(
                f"{word!r} is a region of {owners[0]}, and cloud is {environment.cloud}.",
                path=path,
                hint=f"Write {place}, which every cloud has, or {getattr(regions.PLACES[place], environment.cloud)}.",
            )
            continue
        ours = [str(getattr(place, environment.cloud)) for place in regions.PLACES.values()]
        guess = nearest.nearest(word, [*regions.PLACES, *ours])
        yield Problem(
            f"{word!r} is neither a place nor a region of {environment.cloud}.",
            path=path,
            hint=f"Did you mean {guess!r}?" if guess else f"({', '.join(regions.PLACES)})",
        )


def recovery_is_elsewhere_under_the_same_law(environment: Environment) -> Iterator[Problem]:
    cloud, path = environment.cloud, "recovery_region"
    if environment.recovery_region is None:
        return
    home, recovery = regions.region(cloud, environment.region), regions.region(cloud, environment.recovery_region)
    if home is None or recovery is None:
        return
    if home == recovery:
        yield Problem(f"{environment.recovery_region!r} is the region itself.", path=path, hint="Name another one.")
        return
    law, other = regions.residency(cloud, home), regions.residency(cloud, recovery)
    if law != other:
        same = [name for name, place in regions.PLACES.items() if place.residency == law]
        others = [name for name in same if regions.region(cloud, name) != home]
        yield Problem(
            f"{environment.recovery_region!r} keeps copies in {other}, and {environment.region} is in {law} (GOV-2).",
            path=path,
            hint=f"({', '.join(others)})" if others else f"The kit knows no other region in {law}.",
        )


def zones_are_of_the_region(environment: Environment) -> Iterator[Problem]:
    cloud = environment.cloud
    settings: Settings | None = getattr(environment, cloud)
    if settings is None or not settings.zones:
        return
    home = regions.region(cloud, environment.region)
    for position, zone in enumerate(settings.zones):
        if home is not None and not regions.is_zone(cloud, home, zone):
            yield Problem(f"{zone!r} is not a zone of {home}.", path=f"{cloud}.zones.{position}")
    if len(set(settings.zones)) < len(settings.zones):
        yield Problem("names a zone twice.", path=f"{cloud}.zones")
    if len(settings.zones) < environment.network.zones:
        yield Problem(
            f"has {len(settings.zones)} zones, and network.zones is {environment.network.zones}.", path=f"{cloud}.zones"
        )


def names_fit(environment: Environment) -> Iterator[Problem]:
    """Each name that is computed from the environment's, against its cloud's limit: the worst one for each cause."""
    worst: dict[str, naming.Excess] = {}
    for excess in naming.excesses(environment):
        if excess.path not in worst or excess.over > worst[excess.path].over:
            worst[excess.path] = excess
    for path, excess in worst.items():
        yield Problem(
            f"makes {excess.thing} {excess.name!r} {len(excess.name)} characters long; "
            f"{environment.cloud} takes {excess.limit}.",
            path=path,
            hint=f"Take {excess.over} off {excess.shorten}.",
        )


def tags_are_not_ours(environment: Environment) -> Iterator[Problem]:
    for tag in environment.ownership.tags:
        if tag in RESERVED_TAGS:
            yield Problem("is set by Terrace itself.", path=f"ownership.tags.{tag}", hint="Name it otherwise.")


def state_has_a_bucket_only_when_remote(environment: Environment) -> Iterator[Problem]:
    if environment.state.bucket and environment.state.backend == "local":
        yield Problem("is for remote state, and state.backend is local.", path="state.bucket")
