"""Rules of existing resources: the form of each cloud's ids, and what cannot stand on an existing resource."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from terrace.capabilities.cloud import TITLES, CloudName
from terrace.capabilities.keys import RECOVERY_PURPOSES
from terrace.environment import regions
from terrace.environment.schema import Environment
from terrace.errors import Problem

_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class _Form(NamedTuple):
    """The form of an id, whose group `region` has to be the environment's region."""

    pattern: str
    example: str


KEYS: Mapping[CloudName, _Form] = {
    "aws": _Form(
        r"arn:aws(-cn|-us-gov)?:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[a-z0-9-]+",
        "arn:aws:kms:eu-central-1:111122223333:key/0c1d2e3f-0000-4000-8000-000000000001",
    ),
    "azure": _Form(
        rf"/subscriptions/{_GUID}/resourceGroups/[\w.()-]+/providers/Microsoft.KeyVault/vaults/[A-Za-z0-9-]+/keys/[A-Za-z0-9-]+",
        "/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.KeyVault/vaults/VAULT/keys/KEY",
    ),
    "gcp": _Form(
        r"projects/[a-z0-9:.-]+/locations/(?P<region>[a-z0-9-]+)/keyRings/[\w-]+/cryptoKeys/[\w-]+",
        "projects/PROJECT/locations/europe-west3/keyRings/RING/cryptoKeys/KEY",
    ),
}
UNUSED: Mapping[CloudName, Mapping[str, str]] = {
    "azure": {
        "cluster": "AKS would get the right to change the whole vault",
        "cache": "Managed Redis does not follow a rotation, so its version has to be the foundation's",
        "secrets": "Key Vault encrypts secrets with keys of its own",
        "events": "no service of Azure encrypts events with it",
    },
}
"""Purposes whose key cannot be an existing one, and why. Source: Azure, "Key management service in AKS", private key
vault; "Customer-managed keys for Azure Managed Redis"."""


def key_ids_are_of_cloud(environment: Environment) -> Iterator[Problem]:
    for purpose, id in environment.existing.keys.items():
        yield from _of_form(environment, KEYS[environment.cloud], id, f"existing.keys.{purpose}", "key")


def keys_can_be_existing(environment: Environment) -> Iterator[Problem]:
    """Each purpose has a key of its own (KEY-1), and copies of data in the recovery region need a second one there."""
    used: dict[str, str] = {}
    for purpose, id in environment.existing.keys.items():
        path = f"existing.keys.{purpose}"
        if reason := UNUSED.get(environment.cloud, {}).get(purpose):
            message = f"the key of {purpose} cannot be an existing one on {TITLES[environment.cloud]}: {reason}."
            yield Problem(message, path=path, hint="Remove it; the foundation makes this key.")
        if environment.recovery_region and purpose in RECOVERY_PURPOSES:
            message = f"{purpose} also needs a key in the recovery region, which existing keys do not have."
            yield Problem(message, path=path, hint="Remove it; the foundation makes both keys.")
        if id in used:
            message = f"it is the key of {used[id]} too; each purpose has a key of its own (KEY-1)."
            yield Problem(message, path=path, hint="Name another key.")
        used.setdefault(id, purpose)


def _of_form(environment: Environment, form: _Form, id: str, path: str, what: str) -> Iterator[Problem]:
    title = TITLES[environment.cloud]
    match = re.fullmatch(form.pattern, id)
    if match is None:
        yield Problem(f"{id!r} is not the id of a {what} on {title}.", path=path, hint=f"It is like {form.example}.")
        return
    region = regions.region_name(environment.cloud, environment.region)
    if region and match.groupdict().get("region") not in (None, region):
        message = f"the {what} is in {match['region']}, and the environment in {region}."
        yield Problem(message, path=path, hint=f"Name a {what} in {region}.")
