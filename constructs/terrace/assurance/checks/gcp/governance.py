"""Labels and regions (GOV-1, GOV-2)."""

from collections.abc import Iterator, Mapping

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, check, empty, equal

_REGIONLESS = ("global", "eu", "europe", "us")
"""Google's own words for places that are no region: everywhere, and the multi-regions."""


@check("GOV-1")
def all_labelled(stack: Subject) -> Iterator[Observation]:
    wanted = dict(stack.target.tags)
    for provider, block in stack.view.providers:
        yield _labelled(f"provider {provider}", block.get("default_labels", {}), wanted)
    for resource in stack.view:
        own = resource.get("labels")
        if isinstance(own, Mapping) and resource.type != "google_monitoring_notification_channel":
            other = sorted(key for key in wanted if key in own and own[key] != wanted[key])
            yield empty(str(resource), "labels of its own that say otherwise", other)
    # the provider's defaults do not reach labels under other names: provider documentation, default_labels
    for type, name in (
        ("google_container_node_pool", "node_config.resource_labels"),
        ("google_sql_database_instance", "settings.user_labels"),
        ("google_container_cluster", "resource_labels"),
    ):
        for resource in stack.all(type):
            yield _labelled(str(resource), resource.get(name, {}), wanted)


def _labelled(resource: str, has: Mapping[str, object], wanted: Mapping[str, str]) -> Observation:
    wrong = sorted(key for key, value in wanted.items() if has.get(key) != value)
    return Observation(
        resource, f"lacks {', '.join(wrong)}" if wrong else "has its labels", not wrong, ", ".join(wanted)
    )


@check("GOV-2")
def own_regions(stack: Subject) -> Iterator[Observation]:
    regions = [region for region in (stack.target.region, stack.target.recovery_region) if region]
    for resource in stack.view:
        for name in ("region", "location"):
            place = resource.get(name)
            if place is None or not isinstance(place, str):
                continue
            written = place.lower()
            known = any(written == one or written.startswith(f"{one}-") for one in regions)
            multi = written in _REGIONLESS and (written == "global" or resource.path.startswith(("keys/", "lake/")))
            yield Observation(str(resource), f"{name} = {place}", known or multi, f"one of {', '.join(regions)}")
        for place in resource.get("custom_placement_config.data_locations", []):
            yield Observation(
                str(resource), f"data in {place}", place.lower() in regions, f"one of {', '.join(regions)}"
            )


@check("GOV-2")
def other_regions_refused(stack: Subject) -> Iterator[Observation]:
    policy = stack.one("google_org_policy_policy", "governance/gcp-resourceLocations")
    allowed = [
        place for rule in policy.blocks("spec.rules") for place in (rule.get("values") or {}).get("allowed_values", [])
    ]
    wanted = [f"in:{region}-locations" for region in (stack.target.region, stack.target.recovery_region) if region]
    strange = [
        place for place in allowed if place not in wanted and place not in ("in:eu-locations", "in:us-locations")
    ]
    yield empty(str(policy), "other places", strange)
    yield equal(str(policy), "names our regions", all(place in allowed for place in wanted), True)
