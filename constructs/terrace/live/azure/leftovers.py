"""What still exists of a deployment: what is in its resource groups, what carries its tags or its name elsewhere in the
subscription, and what is soft-deleted.

A group's contents and the subscription's are asked of Resource Manager, which knows every type and every region; what
only lies on a scope (settings, assignments, a budget) stands in no contents and is listed by its name.
"""

import contextlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from terrace.azure import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.live import Inventory, Leftover, Unlisted
from terrace.live.azure.audit import PLANS
from terrace.live.azure.checks import Deployment, at, named, opened, same
from terrace.live.azure.lookup import assignments, principal
from terrace.live.azure.session import Absent, CredentialsError

_POLICIES = "Microsoft.Authorization/policyAssignments"
_ROLES = "Microsoft.Authorization/roleDefinitions"
_BUDGETS = "Microsoft.Consumption/budgets"
_SETTINGS = "Microsoft.Insights/diagnosticSettings"


class Listing(NamedTuple):
    """One way to look: what for, and the function that finds it."""

    service: str
    type: str
    find: Callable[[Deployment], Iterable[Leftover]]


def leftovers(environment: Environment, target: Target) -> Inventory:
    """See terrace.live.leftovers."""
    return remaining(opened(environment, target))


def remaining(deployment: Deployment) -> Inventory:
    """What is left of a deployment, found by its groups, tags and names."""
    found: dict[str, Leftover] = {}
    unlisted: list[Unlisted] = []
    for listing in LISTINGS:
        try:
            for left in listing.find(deployment):
                found.setdefault(left.id.lower(), left)
        except Absent:
            continue  # what it would be listed under is gone
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted(f"{listing.service} {listing.type}", deployment.target.region, str(error)))
    every = sorted(found.values())
    return Inventory(
        remaining=tuple(left for left in every if not left.kept),
        kept=tuple(left for left in every if left.kept),
        unlisted=tuple(unlisted),
    )


def _left(resource: dict[str, Any], found_by: str, kept: str = "") -> Leftover:
    service, _, type = str(resource.get("type", "Microsoft.Resources/resourceGroups")).partition("/")
    place = str(resource.get("location") or at(resource, "location") or "global").lower().replace(" ", "")
    return Leftover(service, type, str(resource["id"]), place, found_by, kept)


def _named(deployment: Deployment, name: object) -> bool:
    """Whether a name is one of ours: the prefix alone, or followed by more."""
    return str(name) == deployment.prefix or str(name).startswith(f"{deployment.prefix}-")


def _groups(deployment: Deployment) -> Iterable[Leftover]:
    """The groups themselves, the one that AKS makes for its nodes as well."""
    ours = {names.group(deployment.target, recovery=recovery) for recovery in (False, True)}
    ours.add(f"{deployment.prefix}-nodes")
    for group in deployment.pages(f"{names.subscription(deployment.target)}/resourceGroups"):
        if group["name"] in ours:
            yield _left({"type": "Microsoft.Resources/resourceGroups", **group}, "name")


def _contents(deployment: Deployment) -> Iterable[Leftover]:
    """Everything in the subscription that is in one of our groups, or carries our tags wherever it is."""
    groups = [f"{group.lower()}/" for group in (*deployment.groups, f"{deployment.groups[0]}-nodes")]
    wanted = {"managed-by": "terrace", "environment": deployment.target.environment}
    for one in deployment.pages(f"{names.subscription(deployment.target)}/resources"):
        if str(one["id"]).lower().startswith(tuple(groups)):
            yield _left(one, "name")
        elif wanted.items() <= (one.get("tags") or {}).items():
            yield _left(one, "tag")


def _on_subscription(kind: str, name: Callable[[dict[str, Any]], object]) -> Callable[[Deployment], Iterable[Leftover]]:
    """What lies on the subscription itself and is called as ours are."""

    def find(deployment: Deployment) -> Iterable[Leftover]:
        scope = f"{names.subscription(deployment.target)}/providers/"
        for one in deployment.pages(f"{scope}{kind}"):
            # a listing tells of what lies on groups as well, which goes with them
            if str(one["id"]).lower().startswith(scope.lower()) and _named(deployment, name(one)):
                yield _left({"type": kind, **one}, "name")

    return find


def _assignments(deployment: Deployment) -> Iterable[Leftover]:
    """What is assigned on the subscription: a role of ours, to the pipelines, or on their state.

    To whom something was assigned that is gone already, nobody can tell; the condition names the environment.
    """
    subscription = names.subscription(deployment.target)
    roles = {
        str(one["id"]).lower()
        for one in deployment.pages(f"{subscription}/providers/{_ROLES}")
        if _named(deployment, at(one, "roleName"))
    }
    pipelines = set()
    for purpose in ("ci-plan", "ci-apply"):
        with contextlib.suppress(Absent):
            pipelines.add(principal(deployment, names.identity_id(deployment.target, purpose)))
    state = f"'{names.state_bucket(deployment.target)}'", f"'{deployment.target.environment}/*'"
    for one in assignments(deployment):
        condition = str(at(one, "condition", ""))
        ours = (
            str(at(one, "roleDefinitionId")).lower() in roles
            or at(one, "principalId") in pipelines
            or all(word in condition for word in state)
        )
        if ours and same(at(one, "scope"), subscription):
            yield _left({"type": "Microsoft.Authorization/roleAssignments", **one}, "name")


def _defender(deployment: Deployment) -> Iterable[Leftover]:
    """Plans that are paid for, and who hears of what they find, where this environment made what there is once."""
    if not names.settings(deployment.target).owns_account:
        return
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.Security"
    for plan in deployment.pages(f"{place}/pricings"):
        if at(plan, "pricingTier") == "Standard" and plan["name"] in PLANS:
            yield _left({"type": "Microsoft.Security/pricings", **plan}, "name")
    for contact in deployment.pages(f"{place}/securityContacts"):
        if contact["name"] == "default":
            yield _left({"type": "Microsoft.Security/securityContacts", **contact}, "name")


def _deleted_vaults(deployment: Deployment) -> Iterable[Leftover]:
    """Vaults that wait for their end; with purge protection nobody can shorten the wait."""
    ours = {names.vault(deployment.target, place) for place in ("", "recovery", "geo")}
    days = deployment.environment.keys.deletion_window_days
    for vault in deployment.pages(
        f"{names.subscription(deployment.target)}/providers/Microsoft.KeyVault/deletedVaults"
    ):
        if vault["name"] in ours:
            ends = at(vault, "scheduledPurgeDate")
            until = f"until {_day(ends)}" if ends else f"for {days} days"
            kept = f"deleted, and can be brought back {until} with its keys and secrets; an apply does that"
            yield _left({"type": "Microsoft.KeyVault/deletedVaults", **vault}, "name", kept)


def _deleted_workspaces(deployment: Deployment) -> Iterable[Leftover]:
    """Source: Azure Monitor, "Delete and recover a Log Analytics workspace"."""
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
    for workspace in deployment.pages(place):
        if workspace["name"] == deployment.prefix:
            kept = "deleted, and can be brought back with its logs for 14 days; an apply does that"
            yield _left({**workspace, "type": "Microsoft.OperationalInsights/deletedWorkspaces"}, "name", kept)


def _day(text: object) -> str:
    return f"{datetime.fromisoformat(str(text).replace('Z', '+00:00')):%Y-%m-%d}"


def _name(resource: dict[str, Any]) -> object:
    return named(resource["id"])


LISTINGS: tuple[Listing, ...] = (
    Listing("Microsoft.Resources", "resourceGroups", _groups),
    Listing("Microsoft.Resources", "resources", _contents),
    Listing("Microsoft.Authorization", "policyAssignments", _on_subscription(_POLICIES, _name)),
    Listing("Microsoft.Authorization", "roleDefinitions", _on_subscription(_ROLES, lambda one: at(one, "roleName"))),
    Listing("Microsoft.Authorization", "roleAssignments", _assignments),
    Listing("Microsoft.Consumption", "budgets", _on_subscription(_BUDGETS, _name)),
    Listing("Microsoft.Insights", "diagnosticSettings", _on_subscription(_SETTINGS, _name)),
    Listing("Microsoft.Security", "pricings", _defender),
    Listing("Microsoft.KeyVault", "deletedVaults", _deleted_vaults),
    Listing("Microsoft.OperationalInsights", "deletedWorkspaces", _deleted_workspaces),
)
