"""Regions, zones, names, tags and state."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from terrace.capabilities.cloud import CLOUDS, CloudName, facts
from terrace.capabilities.target import Settings
from terrace.documents import suggestions
from terrace.environment import naming, regions
from terrace.environment.region_table import READ
from terrace.environment.schema import Environment
from terrace.errors import Problem
from terrace.words import counted

OWN_TAGS = ("Name", "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb")
"""Tags that Terrace sets on some resources."""
_PREFIX = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def regions_exist_on_cloud(environment: Environment) -> Iterator[Problem]:
    cloud = environment.cloud
    for path in ("region", "recovery_region"):
        name = getattr(environment, path)
        if name is None or regions.region_name(cloud, name):
            continue
        other = next((other for other in CLOUDS if regions.region_name(other, name)), None)
        if other is not None:
            yield Problem(
                f"{name!r} is a region of {other}, but cloud is {cloud}.",
                path=path,
                hint=_same_place(other, name, cloud),
            )
            continue
        yield Problem(
            f"{name!r} is not known to Terrace as a region of {cloud} (list of {READ}).",
            path=path,
            hint=_similar(cloud, name) or "Correct it, or update Terrace if the cloud has opened it since.",
        )


def _same_place(other: CloudName, name: str, cloud: CloudName) -> str:
    """Where the cloud is as near: the region of the same common name, or the cloud's regions in the jurisdiction."""
    common = next((common for common, region in regions.REGIONS.items() if getattr(region, other) == name), None)
    if common is not None:
        return f"Use {common}, which is valid on every cloud, or {regions.region_name(cloud, common)}."
    jurisdiction = regions.jurisdiction(other, name)
    near = [region for region, its in regions.BY_CLOUD[cloud].items() if its == jurisdiction]
    if not near:
        return f"{cloud} has no region in {jurisdiction}."
    return f"In jurisdiction {jurisdiction}: {', '.join(sorted(near))}."


def _similar(cloud: CloudName, name: str) -> str:
    """A suggestion, if all similar names are in one jurisdiction: a wrong one would move the data abroad."""
    options = [*regions.REGIONS, *regions.BY_CLOUD[cloud]]
    similar = get_close_matches(name, options, 5, 0.8)
    places = {regions.jurisdiction(cloud, each) for each in similar}
    return f"Did you mean {similar[0]!r}?" if len(places) == 1 else ""


def region_has_zones(environment: Environment) -> Iterator[Problem]:
    """Terrace spreads over zones, or pins to one."""
    cloud, settings = environment.cloud, getattr(environment, environment.cloud)
    own_name = regions.region_name(cloud, environment.region)
    if own_name is None or (settings is not None and settings.zones):
        return
    count = len(regions.zones(cloud, own_name))
    if count < environment.network.zones:
        zones = "no availability zones" if not count else f"{counted(count, 'zone')} for every account"
        yield Problem(
            f"{own_name} has {zones}, but network.zones is {environment.network.zones}.",
            path="region",
            hint=f"Use another region, or name the zones of your account in {cloud}.zones."
            if count
            else "Use another region.",
        )


def recovery_region_is_in_same_jurisdiction(environment: Environment) -> Iterator[Problem]:
    cloud, path = environment.cloud, "recovery_region"
    if environment.recovery_region is None:
        return
    region = regions.region_name(cloud, environment.region)
    recovery_region = regions.region_name(cloud, environment.recovery_region)
    if region is None or recovery_region is None:
        return
    if region == recovery_region:
        message = f"{environment.recovery_region!r} is the environment's own region."
        yield Problem(message, path=path, hint="Use another region.")
        return
    jurisdiction, other = regions.jurisdiction(cloud, region), regions.jurisdiction(cloud, recovery_region)
    if jurisdiction != other:
        common = [name for name, each in regions.REGIONS.items() if each.jurisdiction == jurisdiction]
        named = {regions.region_name(cloud, name) for name in common}
        own = [each for each, its in regions.BY_CLOUD[cloud].items() if its == jurisdiction and each not in named]
        options = [name for name in (*common, *own) if regions.region_name(cloud, name) != region]
        none = f"{cloud} has no other region in {jurisdiction}."
        yield Problem(
            f"{environment.recovery_region!r} is in jurisdiction {other}, but region {environment.region!r} is in "
            f"{jurisdiction} (GOV-2).",
            path=path,
            hint=suggestions.expected_one_of(options) if options else none,
        )


def zones_are_in_region(environment: Environment) -> Iterator[Problem]:
    cloud = environment.cloud
    settings: Settings | None = getattr(environment, cloud)
    if settings is None or not settings.zones:
        return
    region = regions.region_name(cloud, environment.region)
    for position, zone in enumerate(settings.zones):
        if region is not None and zone not in regions.possible_zones(cloud, region):
            yield Problem(f"{zone!r} is not a zone of {region}.", path=f"{cloud}.zones.{position}")
    if len(set(settings.zones)) < len(settings.zones):
        yield Problem("a zone is listed twice.", path=f"{cloud}.zones")
    if len(settings.zones) < environment.network.zones:
        message = f"{len(settings.zones)} zones are listed, but network.zones is {environment.network.zones}."
        yield Problem(message, path=f"{cloud}.zones")


def names_begin_as_every_cloud_allows(environment: Environment) -> Iterator[Problem]:
    """A naming pattern with the project's and the environment's name in it."""
    start, path = naming.prefix(environment), "naming.pattern"
    if not _PREFIX.fullmatch(start):
        message = f"names would start with {start!r}; they start with a letter, and hyphens are single and inside."
        yield Problem(message, path=path)
    elif len(start) > naming.LONGEST_PREFIX:
        message = f"{start!r} has {len(start)} characters; the beginning of a name has at most {naming.LONGEST_PREFIX}."
        yield Problem(message, path=path, hint="Shorten the pattern, the project or the environment's name.")


def tag_keys_differ(environment: Environment) -> Iterator[Problem]:
    """Azure does not distinguish capital letters in keys, so no two keys may differ by them alone."""
    seen = {"environment": "environment", "managed-by": "managed-by"}
    for name in type(environment.naming.tag_keys).model_fields:
        key = str(getattr(environment.naming.tag_keys, name))
        if key.lower() in seen:
            yield Problem(f"{key!r} is already the key of {seen[key.lower()]}.", path=f"naming.tag_keys.{name}")
        seen.setdefault(key.lower(), name)


def computed_names_are_not_too_long(environment: Environment) -> Iterator[Problem]:
    """Reports the longest name for each setting that causes one."""
    longest: dict[str, naming.LongName] = {}
    for long_name in naming.long_names(environment):
        if long_name.path not in longest or long_name.excess > longest[long_name.path].excess:
            longest[long_name.path] = long_name
    for path, long_name in longest.items():
        yield Problem(
            f"the computed {long_name.resource} name {long_name.name!r} has {len(long_name.name)} characters; "
            f"{environment.cloud} allows {long_name.limit}.",
            path=path,
            hint=f"Shorten {long_name.shorten} by {long_name.excess}.",
        )


def tags_are_not_reserved(environment: Environment) -> Iterator[Problem]:
    for tag in environment.ownership.tags:
        if tag in naming.required_tags(environment):
            yield Problem("Terrace sets this tag itself.", path=f"ownership.tags.{tag}", hint="Use another key.")


def ignored_tags_are_of_others(environment: Environment) -> Iterator[Problem]:
    own = (*naming.required_tags(environment), *OWN_TAGS, *environment.ownership.tags)
    for position, ignored in enumerate(environment.ownership.ignored_tags):
        path = f"ownership.ignored_tags.{position}"
        start, prefix = ignored.rstrip("*"), ignored.endswith("*")
        if found := next((tag for tag in own if tag == start or (prefix and tag.startswith(start))), None):
            message = f"{ignored!r} matches {found!r}, which Terrace sets; its removal would not be noticed (GOV-1)."
            yield Problem(message, path=path, hint="List only tags that others set.")
        elif prefix and facts(environment.cloud).tag_maps:
            message = (
                f"{ignored!r} is the beginning of a key; on {environment.cloud} Terraform ignores exact keys only."
            )
            yield Problem(message, path=path, hint="List each key.")


def name_is_not_of_another_stack(environment: Environment) -> Iterator[Problem]:
    for suffix in (naming.BOOTSTRAP, naming.WORKLOADS):
        if environment.name.endswith(suffix):
            other = environment.name.removesuffix(suffix)
            yield Problem(
                f"{environment.name!r} is the id of the {suffix[1:]} stack of {other}.",
                path="name",
                hint=f"Use a name that does not end in {suffix}.",
            )


def state_bucket_is_for_remote_state(environment: Environment) -> Iterator[Problem]:
    if environment.state.bucket and environment.state.backend == "local":
        yield Problem(
            "a state bucket needs remote state, but state.backend is local.",
            path="state.bucket",
            hint="Remove it, or set state.backend to remote.",
        )
