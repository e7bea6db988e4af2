"""Helpers of several Google Cloud checks: keys, grants and networks."""

import re

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation
from terrace.assurance.view import Reference, Resource
from terrace.capabilities.keys import Purpose
from terrace.gcp import names
from terrace.gcp.names import Place


def uses(
    stack: Subject, resource: Resource, value: object, name: str, purpose: Purpose, place: Place = "home"
) -> Observation:
    """Whether a value is the key of a purpose in a place."""
    expected = names.key(stack.target, purpose, place)
    return Observation(str(resource), f"{name} = {value or 'unset'}", value == expected, expected)


def pods(stack: Subject, account: Resource) -> list[str]:
    """namespace/account of the pods that may act as a service account."""
    grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
    members = [str(one.get("member")) for one in grants if one.get("role") == "roles/iam.workloadIdentityUser"]
    return [match[1] for member in members if (match := re.search(r"\.svc\.id\.goog\[(.+)\]$", member))]


def roles(stack: Subject, member: str) -> list[str]:
    """The roles that a member has on the project itself."""
    return [str(one.get("role")) for one in stack.all("google_project_iam_member") if one.get("member") == member]


def seconds(period: object) -> int | None:
    """A period in seconds: 3600s, or a number as text."""
    match = re.fullmatch(r"(\d+)s?", str(period))
    return int(match[1]) if match else None


def private_zone(stack: Subject, path: str) -> Observation:
    """Whether a DNS zone is visible in the network only."""
    zone = stack.one("google_dns_managed_zone", path)
    networks = [stack.view.target(one.get("network_url")) for one in zone.blocks("private_visibility_config.networks")]
    ok = zone.get("visibility") == "private" and [str(one) for one in networks] == ["network/vpc"]
    return Observation(str(zone), f"visibility = {zone.get('visibility')}", ok, "private, visible in network/vpc")


def path_of(stack: Subject, value: object) -> str:
    """The path of the resource that a reference points at, or the value as text."""
    return str(stack.view.target(value)) if isinstance(value, Reference) else str(value)
