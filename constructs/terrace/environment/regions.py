"""Places, and what each cloud calls its region there. A file may say the place or the cloud's own name.

All regions below have three zones. Sources: AWS "Regions and Availability Zones", Azure "List of regions",
Google Cloud "Regions and zones".
"""

import re
from typing import NamedTuple

from terrace.environment.sizes import Cloud


class Place(NamedTuple):
    """A place: its region on each cloud, and the jurisdiction whose data stays there."""

    aws: str
    azure: str
    gcp: str
    residency: str


PLACES: dict[str, Place] = {
    "frankfurt": Place("eu-central-1", "germanywestcentral", "europe-west3", "eu"),
    "paris": Place("eu-west-3", "francecentral", "europe-west9", "eu"),
    "milan": Place("eu-south-1", "italynorth", "europe-west8", "eu"),
    "madrid": Place("eu-south-2", "spaincentral", "europe-southwest1", "eu"),
    "stockholm": Place("eu-north-1", "swedencentral", "europe-north2", "eu"),
    "london": Place("eu-west-2", "uksouth", "europe-west2", "uk"),
    "zurich": Place("eu-central-2", "switzerlandnorth", "europe-west6", "ch"),
    "virginia": Place("us-east-1", "eastus", "us-east4", "us"),
    "oregon": Place("us-west-2", "westus2", "us-west1", "us"),
    "montreal": Place("ca-central-1", "canadacentral", "northamerica-northeast1", "ca"),
    "tokyo": Place("ap-northeast-1", "japaneast", "asia-northeast1", "jp"),
    "singapore": Place("ap-southeast-1", "southeastasia", "asia-southeast1", "sg"),
    "sydney": Place("ap-southeast-2", "australiaeast", "australia-southeast1", "au"),
    "mumbai": Place("ap-south-1", "centralindia", "asia-south1", "in"),
    "sao-paulo": Place("sa-east-1", "brazilsouth", "southamerica-east1", "br"),
}

_ZONES: dict[Cloud, str] = {"aws": "{region}{letter}", "azure": "{number}", "gcp": "{region}-{letter}"}
"""How each cloud names a zone. Azure's are 1, 2 and 3 in every region."""

_LETTERS = {
    # Letters are a, b, c but for these (Google Cloud "Regions and zones").
    "us-east4": ("a", "b", "c"),
    "us-west1": ("a", "b", "c"),
    "europe-west1": ("b", "c", "d"),
    "us-east1": ("b", "c", "d"),
}


def region(cloud: Cloud, word: str) -> str | None:
    """The cloud's region for a place or for the cloud's own name; None when the cloud has no such region."""
    if word in PLACES:
        return str(getattr(PLACES[word], cloud))
    return word if any(getattr(place, cloud) == word for place in PLACES.values()) else None


def residency(cloud: Cloud, word: str) -> str | None:
    """The jurisdiction of a region, None when unknown."""
    name = region(cloud, word)
    return next((place.residency for place in PLACES.values() if getattr(place, cloud) == name), None)


def zones(cloud: Cloud, region_name: str) -> tuple[str, str, str]:
    """The three zones of a cloud's region, by the cloud's names: eu-central-1a, 1, europe-west3-a."""
    letters = _LETTERS.get(region_name, ("a", "b", "c"))
    a, b, c = (
        _ZONES[cloud].format(region=region_name, letter=letter, number=number)
        for number, letter in enumerate(letters, start=1)
    )
    return (a, b, c)


def is_zone(cloud: Cloud, region_name: str, zone: str) -> bool:
    """Whether a zone's name is one of a region's: a region may have more zones than the three that the kit takes."""
    pattern = _ZONES[cloud].format(region=re.escape(region_name), letter="[a-z]", number="[1-3]")
    return re.fullmatch(pattern, zone) is not None
