"""What still exists of a deployment: each service's own listing by name, then other resources with its tags.

The tagging API lists deleted resources for hours, so it is used only for types without a listing of their own.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from terrace.aws import names
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import TerraceError
from terrace.live import Inventory, Leftover, Unlisted, of_bootstrap
from terrace.live.aws.checks import Deployment, opened
from terrace.live.aws.foreign import KINDS
from terrace.live.aws.governance import tags
from terrace.live.aws.listings import LISTINGS
from terrace.live.aws.session import CredentialsError
from terrace.live.foreign import leftovers as foreign_leftovers


def leftovers(environment: Environment, target: Target) -> Inventory:
    """See terrace.live.leftovers."""
    deployment = opened(environment, target)
    found: dict[tuple[str, str, str, str], Leftover] = {}
    unlisted: list[Unlisted] = []
    regions = [region for region in (target.region, target.recovery_region) if region]
    foreign: set[str] = set()
    for region in regions:
        try:
            foreign |= _of_other_environments(deployment, region)
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted("resourcegroupstaggingapi", region, str(error)))
    for listing in LISTINGS:
        for region in regions if listing.both_regions else regions[:1]:
            try:
                for id, kept in listing.find(deployment, region):
                    if not _is_foreign(id, foreign):
                        place = region if listing.both_regions else ""
                        left = Leftover(listing.service, listing.type, id, region, "name", kept)
                        found[listing.service, listing.type, id, place] = left
            except CredentialsError:
                raise
            except TerraceError as error:
                unlisted.append(Unlisted(f"{listing.service} {listing.type}", region, str(error)))
    for kind in KINDS:
        try:
            for left in foreign_leftovers(deployment, kind, target.region):
                if not any(one.id == left.id for one in found.values()):
                    found[left.service, left.type, left.id, left.region] = left
        except CredentialsError:
            raise
        except TerraceError as error:
            unlisted.append(Unlisted(f"foreign {kind.service} {kind.type}", target.region, str(error)))
    for region in regions:
        for left in _by_tag(deployment, region, unlisted):
            if not any(left.id == id or left.id.endswith((f"/{id}", f":{id}")) for _, _, id, _ in found):
                found[left.service, left.type, left.id, left.region] = left
    every = sorted(_outliving(deployment, left) for left in found.values())
    return Inventory(
        remaining=tuple(left for left in every if not left.kept),
        kept=tuple(left for left in every if left.kept),
        unlisted=tuple(unlisted),
    )


def _outliving(deployment: Deployment, left: Leftover) -> Leftover:
    """A leftover, with the reason to keep it if it is in the bootstrap stack."""
    own = {names.role_name(deployment.target, purpose) for purpose in ("ci-plan", "ci-apply")}
    own |= {names.boundary_arn(deployment.target).rpartition("/")[2]}
    if left.service == "iam" and (left.id in own or left.type == "oidc-provider"):
        return replace(left, kept=of_bootstrap(deployment.environment.name))
    return left


def _tagged(deployment: Deployment, region: str) -> list[dict[str, Any]]:
    return deployment.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        region=region,
        TagFilters=[{"Key": "managed-by", "Values": ["terrace"]}],
    )


def _of_other_environments(deployment: Deployment, region: str) -> set[str]:
    """ARNs of other environments, whose names may have the same prefix (dev and dev-eu)."""
    return {
        entry["ResourceARN"]
        for entry in _tagged(deployment, region)
        if tags(entry.get("Tags", [])).get("environment") != deployment.target.environment
    }


def _is_foreign(id: str, foreign: set[str]) -> bool:
    return any(arn == id or arn.endswith((f"/{id}", f":{id}")) for arn in foreign)


def _by_tag(deployment: Deployment, region: str, unlisted: list[Unlisted]) -> Iterable[Leftover]:
    """Resources with the deployment's tags, of types without a listing."""
    try:
        entries = _tagged(deployment, region)
    except CredentialsError:
        raise
    except TerraceError:
        return  # already in `unlisted`
    covered = {(listing.service, listing.type) for listing in LISTINGS}
    for entry in entries:
        if tags(entry.get("Tags", [])).get("environment") == deployment.target.environment:
            _, _, service, _, _, resource = entry["ResourceARN"].split(":", 5)
            type = resource.replace(":", "/").split("/")[0]
            if (_SDK.get(service, service), type) not in covered:
                yield Leftover(service, type, entry["ResourceARN"], region, "tag")


_SDK = {"elasticloadbalancing": "elbv2"}  # services whose name in ARNs differs from boto3's
