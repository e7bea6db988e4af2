"""Tags and regions (GOV-1, GOV-2)."""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import condition, statements, values
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal
from terrace.assurance.view import at

_UNREGIONAL = (
    "budgets:",
    "ce:",
    "health:",
    "iam:",
    "organizations:",
    "route53:",
    "s3:Get",
    "s3:List",
    "sts:",
    "support:",
)
"""Services, or calls, without a region of their own; the refusal of other regions may leave them out."""


@check("GOV-1")
def all_tagged(stack: Subject) -> Iterator[Observation]:
    wanted = dict(stack.target.tags)
    for provider, block in stack.view.providers:
        has = at(block, "default_tags.tags", {})
        yield _tagged(f"provider {provider}{'.' + block['alias'] if 'alias' in block else ''}", has, wanted)
    for resource in stack.view:
        own = resource.get("tags")
        if isinstance(own, Mapping):  # what a resource says itself wins over the provider's defaults
            other = {key: own[key] for key in wanted if key in own and own[key] != wanted[key]}
            yield empty(str(resource), "tags of its own that say otherwise", sorted(other))
    # the provider's defaults do not reach what AWS makes by itself: EC2 User Guide, "Tag specifications"
    for template in stack.all("aws_launch_template"):
        marked = {
            str(block.get("resource_type")): block.get("tags", {}) for block in template.blocks("tag_specifications")
        }
        for kind in ("instance", "volume"):
            yield _tagged(f"{template} {kind}", marked.get(kind, {}), wanted)
    for plan in stack.all("aws_backup_plan"):
        for rule in plan.blocks("rule"):
            yield _tagged(f"{plan} recovery points", rule.get("recovery_point_tags") or {}, wanted)


def _tagged(resource: str, has: Mapping[str, Any], wanted: Mapping[str, str]) -> Observation:
    wrong = sorted(key for key, value in wanted.items() if has.get(key) != value)
    return Observation(resource, f"lacks {', '.join(wrong)}" if wrong else "has its tags", not wrong, ", ".join(wanted))


@check("GOV-2")
def own_regions(stack: Subject) -> Iterator[Observation]:
    regions = sorted(region for region in (stack.target.region, stack.target.recovery_region) if region)
    for provider, block in stack.view.providers:
        alias = block.get("alias", "home")
        yield Observation(f"provider {provider} {alias}", f"region = {block.get('region')}",
                          block.get("region") in regions, f"one of {', '.join(regions)}")  # fmt: skip
    for resource in stack.view:
        if region := resource.get("region"):
            yield Observation(str(resource), f"region = {region}", region in regions, f"one of {', '.join(regions)}")
        for zone in [resource.get("availability_zone")]:
            if zone is not None:
                home = any(str(zone).startswith(one) for one in regions)
                yield Observation(str(resource), f"availability_zone = {zone}", home, f"in {', '.join(regions)}")
    for copies in stack.all("aws_ecr_replication_configuration"):
        rules = at(copies.attributes, "replication_configuration.rule", [])
        places = [place.get("region") for rule in rules for place in rule.get("destination", [])]
        yield empty(str(copies), "other regions", [str(place) for place in places if place not in regions])
    for secret in stack.all("aws_secretsmanager_secret"):
        places = [copy.get("region") for copy in secret.blocks("replica")]
        yield empty(str(secret), "other regions", [str(place) for place in places if place not in regions])


@check("GOV-2")
def other_regions_refused(stack: Subject) -> Iterator[Observation]:
    regions = sorted(region for region in (stack.target.region, stack.target.recovery_region) if region)
    boundary = stack.one("aws_iam_policy", "governance/boundary")
    refusals = [
        statement
        for statement in statements(boundary.get("policy") or {})
        if statement.get("Effect") == "Deny"
        and sorted(condition(statement, "StringNotEquals", "aws:RequestedRegion")) == regions
        and values(statement.get("Resource")) == ["*"]
        and all(spared.startswith(_UNREGIONAL) for spared in values(statement.get("NotAction")))
    ]
    yield at_least(str(boundary), f"refusals of all but {', '.join(regions)}", len(refusals), 1)
    for role in stack.all("aws_iam_role"):
        bound = stack.view.target(role.get("permissions_boundary"))
        yield equal(str(role), "permissions_boundary", str(bound), str(boundary))
