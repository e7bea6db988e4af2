"""Checks of KMS keys (KEY-1 to KEY-3)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import Observation, at_least, at_most, check, empty, equal
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, Purpose
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.live.gcp import grants
from terrace.live.gcp.checks import Deployment, days

_KEYS = "projects.locations.keyRings.cryptoKeys"
_USE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
_BROAD = (_USE, "roles/cloudkms.cryptoKeyDecrypter", "roles/owner", "roles/editor")
_BY_GOOGLE = ("@cloudservices.gserviceaccount.com", "@developer.gserviceaccount.com", "@appspot.gserviceaccount.com")
"""Default accounts of every project, with the editor's role. Source: IAM, "Service agents"."""
_AGENTS = {address.partition("@")[2] for address in names.AGENTS.values()}


def key(deployment: Deployment, purpose: Purpose, place: Place = "home") -> dict[str, Any]:
    """A purpose's key. Raises Absent."""
    return deployment.call("cloudkms", f"{_KEYS}.get", name=names.key(deployment.target, purpose, place))


def own(deployment: Deployment) -> tuple[Purpose, ...]:
    """The purposes whose key is the deployment's own."""
    return tuple(purpose for purpose in PURPOSES if purpose not in deployment.target.existing.keys)


def deployed(deployment: Deployment) -> None:
    """Raises Absent if there is no key of the deployment's own, so that it was never deployed."""
    for purpose in own(deployment)[:1]:
        key(deployment, purpose)


def used(
    deployment: Deployment, resource: str, name: str, reference: object, purpose: Purpose, place: Place = "home"
) -> Observation:
    """Whether `reference`, a key or a key version, is the purpose's key of a place."""
    expected = names.key(deployment.target, purpose, place)
    actual = str(reference or "unset").partition("/cryptoKeyVersions/")[0]
    return Observation(resource, f"{name} = {actual}", actual == expected, expected)


def sealed(
    deployment: Deployment, resource: str, name: str, reference: object, purpose: Purpose, kind: str
) -> Observation:
    """Whether `reference` is the purpose's key; any, on an existing resource of the kind whose key is not named."""
    if kind in deployment.target.existing.kinds and purpose not in deployment.target.existing.keys:
        return Observation(resource, f"{name} = {reference or 'unset'}", bool(reference), "a key of the customer")
    return used(deployment, resource, name, reference, purpose)


def everywhere(deployment: Deployment) -> Iterator[tuple[Purpose, Place]]:
    """Each key and its place. The lake's second key is in the multi-region of its buckets."""
    for purpose in PURPOSES:
        yield purpose, "home"
    if deployment.target.recovery_region:
        for purpose in RECOVERY_PURPOSES:
            yield purpose, "both" if purpose == "lake" else "recovery"


def _told(deployment: Deployment, purpose: Purpose, place: Place) -> str:
    return f"key {purpose} ({names.key_location(deployment.target, place)})"


@check("KEY-1")
def own_key_rotated(deployment: Deployment) -> Iterator[Observation]:
    for purpose, place in everywhere(deployment):
        found, resource = key(deployment, purpose, place), _told(deployment, purpose, place)
        yield equal(resource, "purpose", found.get("purpose"), "ENCRYPT_DECRYPT")
        most = min(deployment.environment.keys.rotation_days, 365)
        yield at_most(resource, "rotation period in days", days(found.get("rotationPeriod")), most)


@check("KEY-2")
def destruction_waits(deployment: Deployment) -> Iterator[Observation]:
    for purpose, place in everywhere(deployment):
        found, resource = key(deployment, purpose, place), _told(deployment, purpose, place)
        wait = days(found.get("destroyScheduledDuration"))
        least = deployment.environment.keys.deletion_window_days
        yield at_least(resource, "deletion window in days", wait, least)
        versions = deployment.pages(
            "cloudkms",
            f"{_KEYS}.cryptoKeyVersions.list",
            "cryptoKeyVersions",
            parent=names.key(deployment.target, purpose, place),
        )
        yield at_least(resource, "versions", len(versions), 1)
        ended = [str(one["name"]) for one in versions if str(one.get("state")).startswith("DESTROY")]
        yield empty(resource, "destroyed versions", [f"version {name.rpartition('/')[2]}" for name in ended])


@check("KEY-3")
def least_use(deployment: Deployment) -> Iterator[Observation]:
    for purpose, place in everywhere(deployment):
        resource = _told(deployment, purpose, place)
        found = grants.on(deployment, "cloudkms", _KEYS, names.key(deployment.target, purpose, place))
        yield at_least(resource, "users", len(found), 1)
        foreign = [
            f"{grant.role} for {grant.member}"
            for grant in found
            if grant.role != _USE
            or not grant.member.startswith("serviceAccount:")
            or grant.member.partition("@")[2] not in _AGENTS
        ]
        yield empty(resource, "users other than Google's services", foreign)
    wide = [
        f"{grant.role} for {grant.member}"
        for grant in grants.on_project(deployment)
        if grant.role in _BROAD and not grant.member.endswith(_BY_GOOGLE)
        # the key of the state home opens bundles of plans
        if grant.only != names.plan_sealer(deployment.target)
    ]
    yield empty(deployment.project, "project roles that can use every key", wide)
