"""Labels and regions (GOV-1, GOV-2), and the structure and inventory of the stack (GOV-3, GOV-4)."""

import re
from collections.abc import Iterator, Mapping

from terrace.assurance.access import inventory, structure
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import unset
from terrace.assurance.evaluation import NotRequired, Observation, check, empty, equal
from terrace.assurance.view import Resource, at
from terrace.environment import regions
from terrace.gcp import names

_MULTI_REGIONS = {"eu": ("eu", "europe"), "us": ("us",)}
"""Jurisdiction to the multi-regions inside it: of Cloud Storage, and of Cloud KMS."""
_GLOBAL = (
    "google_certificate_manager_certificate", "google_certificate_manager_certificate_map",
    "google_certificate_manager_dns_authorization", "google_logging_saved_query",
    "google_scc_v2_project_notification_config",
)  # fmt: skip
"""Types without data of the platform that exist in the location `global`."""
_PLACES = re.compile(r"(?<!time_)(?:^|(?<=_))(region|location|zone)s?$")
"""Attributes with places. Blocks of these names, such as `zone_distribution_config`, have attributes of their own."""
_PLACE = re.compile(r"[a-z]+(-[a-z]+\d+(-[a-z])?)?")
"""A region (europe-west3), a zone (europe-west3-a), a multi-region (eu) or `global`."""


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
        spec = stack.environment
        without = spec.database is None if type == "google_sql_database_instance" else not spec.makes_cluster
        for resource in stack.all(type, or_none=without):
            yield _tagged(str(resource), resource.get(name, {}), expected)


def _tagged(resource: str, labels: Mapping[str, object], expected: Mapping[str, str]) -> Observation:
    missing = sorted(key for key, value in expected.items() if labels.get(key) != value)
    return Observation(
        resource, f"lacks {', '.join(missing)}" if missing else "has all labels", not missing, ", ".join(expected)
    )


@check("GOV-2")
def allowed_regions_only(stack: Subject) -> Iterator[Observation]:
    expected = f"a place in {', '.join(_regions(stack))}"
    project = names.account(stack.target)
    for provider, block in stack.view.providers:
        yield equal(f"provider {provider}", "region", block.get("region"), stack.target.region)
        yield equal(f"provider {provider}", "project", block.get("project"), project)
    for resource in stack.view:
        if _on_existing(stack, resource):
            continue
        for name, place in _places(resource.attributes):
            yield Observation(str(resource), f"{name} = {place}", _inside(stack, resource, place), expected)
        if (owner := resource.get("project")) is not None:
            yield equal(str(resource), "project", owner, project)
    for topic in stack.all("google_pubsub_topic"):
        stored = topic.get("message_storage_policy.allowed_persistence_regions")
        yield equal(str(topic), "allowed_persistence_regions", stored, [stack.target.region])


def _on_existing(stack: Subject, resource: Resource) -> bool:
    """Whether it is a right on the existing registry or log bucket, which may be of another project and place."""
    existing = stack.target.existing
    if resource.type == "google_artifact_registry_repository_iam_member":
        project, place, name = (str(resource.get(key)) for key in ("project", "location", "repository"))
        return f"projects/{project}/locations/{place}/repositories/{name.rpartition('/')[2]}" == existing.registry
    if resource.type == "google_project_iam_member" and existing.monitoring:
        _, project, bucket = existing.monitoring.id.split("/", 2)
        only = f'resource.name.endsWith("{bucket}")'
        return (resource.get("project"), resource.get("condition.expression")) == (project, only)
    return False


def _regions(stack: Subject) -> list[str]:
    return [region for region in (stack.target.region, stack.target.recovery_region) if region]


def _places(attributes: object, name: str = "") -> Iterator[tuple[str, str]]:
    """(attribute, place) of every place in a resource's attributes. A zone of DNS is none."""
    if isinstance(attributes, Mapping):
        for key, value in attributes.items():
            yield from _places(value, str(key))
    elif isinstance(attributes, list):
        for value in attributes:
            yield from _places(value, name)
    elif name == "managed_zone":
        return
    elif isinstance(attributes, str) and _PLACES.search(name) and _PLACE.fullmatch(attributes.lower()):
        yield name, attributes


def _inside(stack: Subject, resource: Resource, place: str) -> bool:
    """Whether a place is one of the environment's regions, or a multi-region that contains both for what spans them."""
    lowered = place.lower()
    if lowered == "global":
        return resource.type in _GLOBAL
    if any(lowered == one or lowered.startswith(f"{one}-") for one in _regions(stack)):
        return True
    spans = stack.target.recovery_region is not None and resource.path.startswith(("keys/", "lake/"))
    return spans and lowered in _MULTI_REGIONS.get(regions.jurisdiction("gcp", stack.target.region) or "", ())


@check("GOV-2")
def other_regions_denied(stack: Subject) -> Iterator[Observation]:
    if not stack.target.settings.owns_account:
        raise NotRequired("owns_account is false; another environment manages the project")
    policy = stack.one("google_org_policy_policy", "governance/gcp-resourceLocations")
    allowed = [location for rule in policy.blocks("spec.rules") for location in at(rule, "values.allowed_values", [])]
    expected = [f"in:{region}-locations" for region in _regions(stack)]
    if stack.target.recovery_region and (jurisdiction := regions.jurisdiction("gcp", stack.target.region)):
        expected.append(f"in:{jurisdiction}-locations")  # the buckets and keys that span both regions
    yield equal(str(policy), "allowed values", sorted(allowed), sorted(expected))
    yield from unset(policy, "spec.reset", "spec.inherit_from_parent")


@check("GOV-3")
def settings_fixed(stack: Subject) -> Iterator[Observation]:
    return structure.fixed(stack)


@check("GOV-4")
def inventory_complete(stack: Subject) -> Iterator[Observation]:
    return inventory.complete(stack)
