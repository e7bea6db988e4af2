"""What several of Google Cloud's checks ask: which key, who may what, which signals."""

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
    """Whether a value is the purpose's key of a place."""
    wanted = names.key(stack.target, purpose, place)
    return Observation(str(resource), f"{name} = {value or 'unset'}", value == wanted, wanted)


def pods(stack: Subject, account: Resource) -> list[str]:
    """namespace/account of the pods that may act as a service account."""
    grants = stack.view.pointing("google_service_account_iam_member", "service_account_id", account)
    members = [str(one.get("member")) for one in grants if one.get("role") == "roles/iam.workloadIdentityUser"]
    return [found[1] for member in members if (found := re.search(r"\.svc\.id\.goog\[(.+)\]$", member))]


def roles(stack: Subject, member: str) -> list[str]:
    """The roles that a member has on the project itself."""
    return [str(one.get("role")) for one in stack.all("google_project_iam_member") if one.get("member") == member]


def seconds(period: object) -> int | None:
    """A period in seconds: 3600s, or a number as text."""
    found = re.fullmatch(r"(\d+)s?", str(period))
    return int(found[1]) if found else None


def private_zone(stack: Subject, path: str) -> Observation:
    """Whether a DNS zone answers inside the network, and nowhere else."""
    zone = stack.one("google_dns_managed_zone", path)
    networks = [stack.view.target(one.get("network_url")) for one in zone.blocks("private_visibility_config.networks")]
    good = zone.get("visibility") == "private" and [str(one) for one in networks] == ["network/vpc"]
    return Observation(str(zone), f"visibility = {zone.get('visibility')}", good, "private, in the network")


def named(stack: Subject, value: object) -> str:
    """The path of what a reference points at, or the value as text."""
    return str(stack.view.target(value)) if isinstance(value, Reference) else str(value)
