"""Labels and regions (GOV-1, GOV-2)."""

from collections.abc import Iterator, Mapping

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal

_REGIONLESS = ("global", "eu", "europe", "us")
"""Google's locations that are not a region: global and the multi-regions."""


@check("GOV-1")
def all_tagged(stack: Subject) -> Iterator[Observation]:
    expected = dict(stack.target.tags)
    for provider, block in stack.view.providers:
        yield _tagged(f"provider {provider}", block.get("default_labels", {}), expected)
    for resource in stack.view:
        resource_labels = resource.get("labels")
        if isinstance(resource_labels, Mapping) and resource.type != "google_monitoring_notification_channel":
            conflicts = sorted(
                key for key in expected if key in resource_labels and resource_labels[key] != expected[key]
            )
            yield empty(str(resource), "labels that override the default labels", conflicts)
    # the provider's default labels do not reach labels in other attributes: provider documentation, default_labels
    for type, name in (
        ("google_container_node_pool", "node_config.resource_labels"),
        ("google_sql_database_instance", "settings.user_labels"),
        ("google_container_cluster", "resource_labels"),
    ):
        for resource in stack.all(type):
            yield _tagged(str(resource), resource.get(name, {}), expected)


def _tagged(resource: str, labels: Mapping[str, object], expected: Mapping[str, str]) -> Observation:
    missing = sorted(key for key, value in expected.items() if labels.get(key) != value)
    return Observation(
        resource, f"lacks {', '.join(missing)}" if missing else "has all labels", not missing, ", ".join(expected)
    )


@check("GOV-2")
def allowed_regions_only(stack: Subject) -> Iterator[Observation]:
    regions = [region for region in (stack.target.region, stack.target.recovery_region) if region]
    for resource in stack.view:
        for name in ("region", "location"):
            location = resource.get(name)
            if location is None or not isinstance(location, str):
                continue
            lowered = location.lower()
            in_region = any(lowered == one or lowered.startswith(f"{one}-") for one in regions)
            multi_region = lowered in _REGIONLESS and (
                lowered == "global" or resource.path.startswith(("keys/", "lake/"))
            )
            yield Observation(
                str(resource), f"{name} = {location}", in_region or multi_region, f"one of {', '.join(regions)}"
            )
        for location in resource.get("custom_placement_config.data_locations", []):
            yield Observation(
                str(resource),
                f"data location = {location}",
                location.lower() in regions,
                f"one of {', '.join(regions)}",
            )


@check("GOV-2")
def other_regions_denied(stack: Subject) -> Iterator[Observation]:
    policy = stack.one("google_org_policy_policy", "governance/gcp-resourceLocations")
    allowed = [
        location
        for rule in policy.blocks("spec.rules")
        for location in (rule.get("values") or {}).get("allowed_values", [])
    ]
    expected = [f"in:{region}-locations" for region in (stack.target.region, stack.target.recovery_region) if region]
    unexpected = [
        location
        for location in allowed
        if location not in expected and location not in ("in:eu-locations", "in:us-locations")
    ]
    yield empty(str(policy), "unexpected allowed values", unexpected)
    yield equal(
        str(policy), "allows the environment's regions", all(location in allowed for location in expected), True
    )
