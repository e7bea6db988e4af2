"""What still exists of a deployment: in its resource groups, by tag or name in the subscription, and soft-deleted.

Resource Manager lists the resources of a group or a subscription, in every type and region. Extensions of a scope
(settings, assignments, a budget) are not among them and are listed by name.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from terrace.azure import names
from terrace.calls import Unreadable
from terrace.capabilities.ci import PIPELINES
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.live import Inventory, Leftover, Unlisted, of_bootstrap
from terrace.live.azure.audit import PLANS
from terrace.live.azure.checks import Deployment, at, named, opened, same
from terrace.live.azure.foreign import KINDS
from terrace.live.azure.lookup import assignments, principal
from terrace.live.azure.session import Absent, CredentialsError
from terrace.live.foreign import leftovers as foreign_leftovers

_POLICIES = "Microsoft.Authorization/policyAssignments"
_ROLES = "Microsoft.Authorization/roleDefinitions"
_BUDGETS = "Microsoft.Consumption/budgets"
_SETTINGS = "Microsoft.Insights/diagnosticSettings"


class Listing(NamedTuple):
    """One kind of resource and the function that finds it."""

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
            continue  # the parent does not exist
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted(f"{listing.service} {listing.type}", deployment.target.region, str(error)))
    for kind in KINDS:
        try:
            for left in foreign_leftovers(deployment, kind, deployment.target.region):
                found.setdefault(left.id.lower(), left)
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted(f"{kind.service} {kind.type}", deployment.target.region, str(error)))
    outliving = _outliving(deployment)
    every = sorted(
        replace(left, kept=of_bootstrap(deployment.environment.name)) if left.id.lower() in outliving else left
        for left in found.values()
    )
    return Inventory(
        remaining=tuple(left for left in every if not left.kept),
        kept=tuple(left for left in every if left.kept),
        unlisted=tuple(unlisted),
    )


def _outliving(deployment: Deployment) -> set[str]:
    """The ids of what is in the bootstrap stack: groups, the pipelines' identities, their roles and assignments."""
    target, subscription = deployment.target, names.subscription(deployment.target)
    own = {names.group_id(target, recovery=recovery) for recovery in (False, True)} | {names.pipelines_group_id(target)}
    identities = [names.pipeline_id(target, pipeline) for pipeline in PIPELINES]
    places = [place for place in ("home", "recovery") if place == "home" or target.recovery_region]
    ids = ["applying-subscription", "bundle-creator", "state-writer"]
    ids += [f"{pipeline}-{place}" for pipeline in ("planning", "applying") for place in places]
    own |= {*identities, *(f"{subscription}/providers/{_ROLES}/{names.guid(target, id)}" for id in ids)}
    principals = set()
    for identity in identities:
        with contextlib.suppress(Absent):
            principals.add(principal(deployment, identity))
    with contextlib.suppress(Unreadable):  # the listing of assignments reports it
        own |= {str(one["id"]) for one in assignments(deployment) if at(one, "principalId") in principals}
    return {id.lower() for id in own}


def _left(resource: dict[str, Any], found_by: str, kept: str = "") -> Leftover:
    service, _, type = str(resource.get("type", "Microsoft.Resources/resourceGroups")).partition("/")
    place = str(resource.get("location") or at(resource, "location") or "global").lower().replace(" ", "")
    return Leftover(service, type, str(resource["id"]), place, found_by, kept)


def _named(deployment: Deployment, name: object) -> bool:
    """Whether a name is the deployment's prefix, alone or followed by more."""
    return str(name) == deployment.prefix or str(name).startswith(f"{deployment.prefix}-")


def _groups(deployment: Deployment) -> Iterable[Leftover]:
    """The resource groups, with that of the pipelines and the one that AKS creates for its nodes."""
    own = {names.group(deployment.target, recovery=recovery) for recovery in (False, True)}
    own |= {f"{deployment.prefix}-nodes", names.pipelines_group(deployment.target)}
    for group in deployment.pages(f"{names.subscription(deployment.target)}/resourceGroups"):
        if group["name"] in own:
            yield _left({"type": "Microsoft.Resources/resourceGroups", **group}, "name")


def _contents(deployment: Deployment) -> Iterable[Leftover]:
    """Every resource in one of the groups, or anywhere in the subscription with the deployment's tags."""
    groups = [f"{group.lower()}/" for group in (*deployment.all_groups, f"{deployment.groups[0]}-nodes")]
    tags = {"managed-by": "terrace", "environment": deployment.target.environment}
    for resource in deployment.pages(f"{names.subscription(deployment.target)}/resources"):
        if str(resource["id"]).lower().startswith(tuple(groups)):
            yield _left(resource, "name")
        elif tags.items() <= (resource.get("tags") or {}).items():
            yield _left(resource, "tag")


def _on_subscription(kind: str, name: Callable[[dict[str, Any]], object]) -> Callable[[Deployment], Iterable[Leftover]]:
    """Extensions of the subscription itself whose name has the prefix."""

    def find(deployment: Deployment) -> Iterable[Leftover]:
        scope = f"{names.subscription(deployment.target)}/providers/"
        for resource in deployment.pages(f"{scope}{kind}"):
            # the listing includes extensions of groups, which are deleted with their group
            if str(resource["id"]).lower().startswith(scope.lower()) and _named(deployment, name(resource)):
                yield _left({"type": kind, **resource}, "name")

    return find


def _assignments(deployment: Deployment) -> Iterable[Leftover]:
    """Role assignments on the subscription: of the deployment's own roles, to the pipelines, or on their state.

    An assignment to a deleted identity has no name; its condition contains the environment's.
    """
    subscription = names.subscription(deployment.target)
    roles = {
        str(role["id"]).lower()
        for role in deployment.pages(f"{subscription}/providers/{_ROLES}")
        if _named(deployment, at(role, "roleName"))
    }
    pipelines = set()
    for pipeline in PIPELINES:
        with contextlib.suppress(Absent):
            pipelines.add(principal(deployment, names.pipeline_id(deployment.target, pipeline)))
    state = f"'{names.state_bucket(deployment.target)}'", f"'{deployment.target.environment}/*'"
    for assignment in assignments(deployment):
        condition = str(at(assignment, "condition", ""))
        own = (
            str(at(assignment, "roleDefinitionId")).lower() in roles
            or at(assignment, "principalId") in pipelines
            or all(word in condition for word in state)
        )
        if own and same(at(assignment, "scope"), subscription):
            yield _left({"type": "Microsoft.Authorization/roleAssignments", **assignment}, "name")


def _defender(deployment: Deployment) -> Iterable[Leftover]:
    """Paid Defender plans and their contact, if this environment owns the resources that a subscription has once."""
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
    """Soft-deleted vaults, which purge protection keeps until their scheduled end."""
    own = {names.vault(deployment.target, place) for place in ("", "recovery", "geo")}
    days = deployment.environment.keys.deletion_window_days
    for vault in deployment.pages(
        f"{names.subscription(deployment.target)}/providers/Microsoft.KeyVault/deletedVaults"
    ):
        if vault["name"] in own:
            ends = at(vault, "scheduledPurgeDate")
            until = f"until {_day(ends)}" if ends else f"for {days} days"
            kept = f"deleted, and can be restored {until} with its keys and secrets; an apply restores it"
            yield _left({"type": "Microsoft.KeyVault/deletedVaults", **vault}, "name", kept)


def _deleted_workspaces(deployment: Deployment) -> Iterable[Leftover]:
    """Source: Azure Monitor, "Delete and recover a Log Analytics workspace"."""
    place = f"{names.subscription(deployment.target)}/providers/Microsoft.OperationalInsights/deletedWorkspaces"
    for workspace in deployment.pages(place):
        if workspace["name"] == deployment.prefix:
            kept = "deleted, and can be restored with its logs for 14 days; an apply restores it"
            yield _left({**workspace, "type": "Microsoft.OperationalInsights/deletedWorkspaces"}, "name", kept)


def _day(text: object) -> str:
    return f"{datetime.fromisoformat(str(text).replace('Z', '+00:00')):%Y-%m-%d}"


def _name(resource: dict[str, Any]) -> object:
    return named(resource["id"])


LISTINGS: tuple[Listing, ...] = (
    Listing("Microsoft.Resources", "resourceGroups", _groups),
    Listing("Microsoft.Resources", "resources", _contents),
    Listing("Microsoft.Authorization", "policyAssignments", _on_subscription(_POLICIES, _name)),
    Listing("Microsoft.Authorization", "roleDefinitions", _on_subscription(_ROLES, lambda role: at(role, "roleName"))),
    Listing("Microsoft.Authorization", "roleAssignments", _assignments),
    Listing("Microsoft.Consumption", "budgets", _on_subscription(_BUDGETS, _name)),
    Listing("Microsoft.Insights", "diagnosticSettings", _on_subscription(_SETTINGS, _name)),
    Listing("Microsoft.Security", "pricings", _defender),
    Listing("Microsoft.KeyVault", "deletedVaults", _deleted_vaults),
    Listing("Microsoft.OperationalInsights", "deletedWorkspaces", _deleted_workspaces),
)
