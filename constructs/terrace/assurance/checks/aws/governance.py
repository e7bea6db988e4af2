"""Tags and regions (GOV-1, GOV-2), and the structure and inventory of the stack (GOV-3, GOV-4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance.access import inventory, structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws.lookup import condition, statements, values
from terrace.assurance.evaluation import Observation, at_least, check, empty, equal
from terrace.assurance.view import at
from terrace.aws import names

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
"""Global services and calls, which the denial of other regions may exempt."""


@check("GOV-1")
def all_tagged(stack: Subject) -> Iterator[Observation]:
    expected = dict(stack.target.tags)
    for provider, block in stack.view.providers:
        tags = at(block, "default_tags.tags", {})
        yield _tagged(f"provider {provider}{'.' + block['alias'] if 'alias' in block else ''}", tags, expected)
    for resource in stack.view:
        resource_tags = resource.get("tags")
        if isinstance(resource_tags, Mapping):  # a resource's own tags override the provider's default tags
            conflicts = {
                key: resource_tags[key]
                for key in expected
                if key in resource_tags and resource_tags[key] != expected[key]
            }
            yield empty(str(resource), "tags that override the default tags", sorted(conflicts))
    # the provider's default tags do not reach resources that AWS creates: EC2 User Guide, "Tag specifications"
    for template in stack.all("aws_launch_template", or_none=not stack.environment.makes_cluster):
        tag_specs = {
            str(block.get("resource_type")): block.get("tags", {}) for block in template.blocks("tag_specifications")
        }
        for kind in ("instance", "volume"):
            yield _tagged(f"{template} {kind}", tag_specs.get(kind, {}), expected)
    for plan in stack.all("aws_backup_plan"):
        for rule in plan.blocks("rule"):
            yield _tagged(f"{plan} recovery points", rule.get("recovery_point_tags") or {}, expected)


def _tagged(resource: str, tags: Mapping[str, Any], expected: Mapping[str, str]) -> Observation:
    missing = sorted(key for key, value in expected.items() if tags.get(key) != value)
    return Observation(
        resource, f"lacks {', '.join(missing)}" if missing else "has all tags", not missing, ", ".join(expected)
    )


@check("GOV-2")
def allowed_regions_only(stack: Subject) -> Iterator[Observation]:
    regions = sorted(region for region in (stack.target.region, stack.target.recovery_region) if region)
    for provider, block in stack.view.providers:
        alias = block.get("alias", "home")
        region = block.get("region")
        allowed = f"one of {', '.join(regions)}"
        yield Observation(f"provider {provider} {alias}", f"region = {region}", region in regions, allowed)
    for resource in stack.view:
        if region := resource.get("region"):
            yield Observation(str(resource), f"region = {region}", region in regions, f"one of {', '.join(regions)}")
        for zone in [resource.get("availability_zone")]:
            if zone is not None:
                ok = any(str(zone).startswith(one) for one in regions)
                yield Observation(str(resource), f"availability_zone = {zone}", ok, f"in {', '.join(regions)}")
    for replication in stack.all("aws_ecr_replication_configuration", or_none=True):
        rules = at(replication.attributes, "replication_configuration.rule", [])
        copy_regions = [destination.get("region") for rule in rules for destination in rule.get("destination", [])]
        yield empty(
            str(replication),
            "destinations outside the allowed regions",
            [str(destination) for destination in copy_regions if destination not in regions],
        )
    for secret in stack.all("aws_secretsmanager_secret", or_none=not stack.environment.foundation_modules):
        copy_regions = [copy.get("region") for copy in secret.blocks("replica")]
        yield empty(
            str(secret),
            "destinations outside the allowed regions",
            [str(destination) for destination in copy_regions if destination not in regions],
        )


@check("GOV-2")
def other_regions_denied(stack: Subject) -> Iterator[Observation]:
    regions = sorted(region for region in (stack.target.region, stack.target.recovery_region) if region)
    boundary = stack.one("aws_iam_policy", "governance/boundary")
    denials = [
        statement
        for statement in statements(boundary.get("policy") or {})
        if statement.get("Effect") == "Deny"
        and sorted(condition(statement, "StringNotEquals", "aws:RequestedRegion")) == regions
        and values(statement.get("Resource")) == ["*"]
        and all(action.startswith(_UNREGIONAL) for action in values(statement.get("NotAction")))
    ]
    yield at_least(str(boundary), f"statements that deny regions other than {', '.join(regions)}", len(denials), 1)
    for role in stack.all("aws_iam_role"):
        limit = role.get("permissions_boundary")
        named = boundary if limit == names.boundary_arn(stack.target) else None
        yield equal(str(role), "permissions_boundary", str(stack.view.target(limit) or named), str(boundary))


@check("GOV-3")
def settings_fixed(stack: Subject) -> Iterator[Observation]:
    return structure.fixed(stack)


@check("GOV-4")
def inventory_complete(stack: Subject) -> Iterator[Observation]:
    return inventory.complete(stack)
