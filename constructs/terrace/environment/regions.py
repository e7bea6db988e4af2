"""Regions under a name common to all clouds, and each cloud's own name. An environment file may use either.

The regions with a common name have three zones on each cloud; `region_table.py` has the others and the sources.
"""

from typing import NamedTuple

from terrace.capabilities.cloud import CloudName
from terrace.environment.region_table import JURISDICTIONS, LETTERS, WITHOUT_ZONES


class Region(NamedTuple):
    """A region's name on each cloud, and the jurisdiction that it is in."""

    aws: str
    azure: str
    gcp: str
    jurisdiction: str


REGIONS: dict[str, Region] = {
    "frankfurt": Region("eu-central-1", "germanywestcentral", "europe-west3", "eu"),
    "paris": Region("eu-west-3", "francecentral", "europe-west9", "eu"),
    "milan": Region("eu-south-1", "italynorth", "europe-west8", "eu"),
    "madrid": Region("eu-south-2", "spaincentral", "europe-southwest1", "eu"),
    "stockholm": Region("eu-north-1", "swedencentral", "europe-north2", "eu"),
    "london": Region("eu-west-2", "uksouth", "europe-west2", "uk"),
    "zurich": Region("eu-central-2", "switzerlandnorth", "europe-west6", "ch"),
    "virginia": Region("us-east-1", "eastus", "us-east4", "us"),
    "oregon": Region("us-west-2", "westus2", "us-west1", "us"),
    "montreal": Region("ca-central-1", "canadacentral", "northamerica-northeast1", "ca"),
    "tokyo": Region("ap-northeast-1", "japaneast", "asia-northeast1", "jp"),
    "singapore": Region("ap-southeast-1", "southeastasia", "asia-southeast1", "sg"),
    "sydney": Region("ap-southeast-2", "australiaeast", "australia-southeast1", "au"),
    "mumbai": Region("ap-south-1", "centralindia", "asia-south1", "in"),
    "sao-paulo": Region("sa-east-1", "brazilsouth", "southamerica-east1", "br"),
}

BY_CLOUD: dict[CloudName, dict[str, str]] = {
    cloud: {region: jurisdiction for jurisdiction, names in table.items() for region in names.split()}
    for cloud, table in JURISDICTIONS.items()
}
"""Every region of a cloud, by its own name, with its jurisdiction."""

ZONES: dict[CloudName, tuple[str, ...]] = {
    "aws": tuple(f"{{region}}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    "azure": ("1", "2", "3"),
    "gcp": tuple(f"{{region}}-{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
}
"""How each cloud names the zones of a region."""


def region_name(cloud: CloudName, name: str) -> str | None:
    """The cloud's own name of a region, from either name; None for an unknown region."""
    if name in REGIONS:
        return str(getattr(REGIONS[name], cloud))
    return name if name in BY_CLOUD[cloud] else None


def jurisdiction(cloud: CloudName, name: str) -> str | None:
    """The jurisdiction of a region, from either name; None for an unknown region."""
    return BY_CLOUD[cloud].get(region_name(cloud, name) or "")


def possible_zones(cloud: CloudName, own_name: str) -> tuple[str, ...]:
    """The names that zones of a region may have."""
    return tuple(zone.format(region=own_name) for zone in ZONES[cloud])


def zones(cloud: CloudName, own_name: str) -> tuple[str, ...]:
    """The zones of a region that Terrace uses, at most three: eu-central-1a, 1, europe-west3-a and so on."""
    if own_name in WITHOUT_ZONES:
        return ()
    if own_name in LETTERS:
        by_letter = {zone[-1]: zone for zone in possible_zones(cloud, own_name)}
        return tuple(by_letter[letter] for letter in LETTERS[own_name])
    return possible_zones(cloud, own_name)[:3]
