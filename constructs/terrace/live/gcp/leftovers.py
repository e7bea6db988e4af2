"""What still exists of a deployment: each service's own listing by name, then other resources with its labels.

Asset Inventory lists deleted resources for a while, so it is used only for types without a listing of their own.
"""

from collections.abc import Iterator
from dataclasses import replace

from terrace.calls import Absent, CredentialsError
from terrace.calls.gcp import Off
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.gcp import names
from terrace.live import Inventory, Leftover, Unlisted, of_bootstrap
from terrace.live.foreign import leftovers as foreign_leftovers
from terrace.live.gcp.checks import Deployment, opened
from terrace.live.gcp.foreign import KINDS
from terrace.live.gcp.listings import LISTINGS


def leftovers(environment: Environment, target: Target) -> Inventory:
    """See terrace.live.leftovers."""
    return remaining(opened(environment, target))


def remaining(deployment: Deployment) -> Inventory:
    """What is left of a deployment, found by name and by label, in both regions."""
    found: dict[str, Leftover] = {}
    unlisted: list[Unlisted] = []
    for listing in LISTINGS:
        for place in _places(deployment, listing.where):
            try:
                for id, kept in listing.find(deployment, place):
                    found[id] = Leftover(listing.service, listing.type, id, place, "name", kept)
            except Off as error:
                if not listing.required(deployment.environment):
                    continue  # never enabled: a service that a stack enables stays enabled
                unlisted.append(Unlisted(f"{listing.service} {listing.type}", place, str(error)))
            except Absent:
                continue  # the parent does not exist
            except CredentialsError:
                raise
            except TerraceError as error:
                unlisted.append(Unlisted(f"{listing.service} {listing.type}", place, str(error)))
    for kind in KINDS:
        try:
            for left in foreign_leftovers(deployment, kind, deployment.target.region):
                if not any(id.endswith(left.id) for id in found):
                    found[left.id] = left
        except Off:
            continue  # never enabled
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted(f"foreign {kind.service} {kind.type}", deployment.target.region, str(error)))
    for left in _by_label(deployment, unlisted):
        found.setdefault(left.id, left)
    every = sorted(_outliving(deployment, left) for left in found.values())
    return Inventory(
        remaining=tuple(left for left in every if not left.kept),
        kept=tuple(left for left in every if left.kept),
        unlisted=tuple(unlisted),
    )


def _outliving(deployment: Deployment, left: Leftover) -> Leftover:
    """A leftover, with the reason to keep it if it is in the bootstrap stack."""
    target = deployment.target
    ends = [f"/{names.role_email(target, purpose)}" for purpose in ("ci-plan", "ci-apply")]
    ends += [f" {names.member(target, purpose)}" for purpose in ("ci-plan", "ci-apply")]
    ends += [f"/{names.pipeline_pool(target, deployment.environment.identity)}", f"/{names.ceiling(target)}"]
    return replace(left, kept=of_bootstrap(deployment.environment.name)) if left.id.endswith(tuple(ends)) else left


def _places(deployment: Deployment, where: str) -> list[str]:
    if where == "global":
        return ["global"]
    if where == "zone":
        return [*deployment.target.zones, *deployment.target.spare_zones]
    return [region for region in (deployment.target.region, deployment.target.recovery_region) if region]


def _by_label(deployment: Deployment, unlisted: list[Unlisted]) -> Iterator[Leftover]:
    """Resources with the deployment's labels, of types without a listing."""
    query = f"labels.managed-by:terrace labels.environment:{deployment.target.environment}"
    try:
        entries = deployment.pages(
            "cloudasset", "v1.searchAllResources", "results", scope=deployment.project, query=query
        )
    except CredentialsError:
        raise
    except TerraceError as error:
        unlisted.append(Unlisted("cloudasset", "global", str(error)))
        return
    covered = {(listing.service, listing.type) for listing in LISTINGS}
    for entry in entries:
        # //secretmanager.googleapis.com/projects/123/secrets/name
        host, _, name = str(entry["name"]).removeprefix("//").partition("/")
        service, type = host.partition(".")[0], name.rsplit("/", 2)[-2] if name.count("/") else ""
        exact = entry.get("labels", {}).get("environment", deployment.target.environment)
        if (service, type) not in covered and exact == deployment.target.environment:
            yield Leftover(service, type, name, str(entry.get("location", "")), "label")
