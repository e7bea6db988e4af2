"""Checks of labels, regions and the expected inventory (GOV-1, GOV-2, GOV-4)."""

from collections.abc import Iterator, Mapping
from typing import Any

from terrace.assurance.evaluation import Observation, check, empty, equal, includes
from terrace.gcp import names
from terrace.live.gcp import backup, cache, cluster, database, inventory, keys, lake, network, secrets, streams
from terrace.live.gcp.checks import Deployment, named
from terrace.live.inventory import complete


def _labelled(deployment: Deployment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The deployment's main resources and their labels. Raises Absent."""
    if deployment.environment.makes_cluster:
        found = cluster.cluster(deployment)
        yield f"cluster {deployment.prefix}", found.get("resourceLabels", {})
        for name, pool in cluster.pools(deployment):
            yield f"pool {name}", pool.get("config", {}).get("resourceLabels", {})
    for instance in database.instances(deployment):
        yield f"sql instance {instance['name']}", instance["settings"].get("userLabels", {})
    if deployment.environment.cache:
        yield f"cache {deployment.prefix}", cache.instance(deployment).get("labels", {})
    if deployment.environment.streams:
        yield f"streams {deployment.prefix}", streams.cluster(deployment).get("labels", {})
    for _, name, bucket in lake.buckets(deployment):
        yield f"bucket {name}", bucket.get("labels", {})
    for purpose in keys.own(deployment):
        yield f"key {purpose}", keys.key(deployment, purpose).get("labels", {})
    for id in (id for module in secrets.modules(deployment) for id in secrets.secret_ids(deployment, module)):
        yield f"secret {named(id)}", secrets.secret(deployment, id).get("labels", {})
    yield f"vault {deployment.prefix}", backup.vault(deployment).get("labels", {})
    for word in ("warning", "critical"):
        topic = deployment.call("pubsub", "projects.topics.get", topic=names.topic(deployment.target, word))
        yield f"topic {named(topic['name'])}", topic.get("labels", {})


@check("GOV-1")
def all_labelled(deployment: Deployment) -> Iterator[Observation]:
    expected = names.labels(deployment.target)
    for resource, has in _labelled(deployment):
        wrong = sorted(key for key, value in expected.items() if has.get(key) != value)
        fact = f"lacks {', '.join(wrong)}" if wrong else "has all labels"
        yield Observation(resource, fact, not wrong, ", ".join(expected))


@check("GOV-2")
def own_regions(deployment: Deployment) -> Iterator[Observation]:
    regions = [region for region in (deployment.target.region, deployment.target.recovery_region) if region]
    if names.settings(deployment.target).owns_account:
        yield from _others_refused(deployment, regions)
    for _, name, bucket in lake.buckets(deployment):
        places = bucket.get("customPlacementConfig", {}).get("dataLocations") or [bucket.get("location")]
        outside = [str(place) for place in places if str(place).lower() not in regions]
        yield empty(f"bucket {name}", "locations outside the environment's regions", outside)
    for instance in database.instances(deployment):
        yield _inside(f"sql instance {instance['name']}", instance.get("region"), regions)
    if deployment.environment.cluster:
        yield _inside(f"cluster {deployment.prefix}", cluster.cluster(deployment).get("location"), regions)
    for subnet in network.subnets(deployment):
        yield _inside(f"subnet {subnet['name']}", named(subnet.get("region")), regions)
    for word in ("warning", "critical"):
        topic = deployment.call("pubsub", "projects.topics.get", topic=names.topic(deployment.target, word))
        kept = topic.get("messageStoragePolicy", {}).get("allowedPersistenceRegions", [])
        yield equal(f"topic {named(topic['name'])}", "allowedPersistenceRegions", kept, [deployment.target.region])


def _inside(resource: str, place: object, regions: list[str]) -> Observation:
    """Whether it is a region of the deployment, or a zone of one."""
    good = any(str(place) == region or str(place).startswith(f"{region}-") for region in regions)
    return Observation(resource, f"is in {place}", good, ", ".join(regions))


def _others_refused(deployment: Deployment, regions: list[str]) -> Iterator[Observation]:
    constraint = "gcp.resourceLocations"
    name = f"{deployment.project}/policies/{constraint}"
    rules = deployment.call("orgpolicy", "projects.policies.get", name=name).get("spec", {}).get("rules", [])
    allowed = [str(place) for rule in rules for place in rule.get("values", {}).get("allowedValues", [])]
    expected = [f"in:{region}-locations" for region in regions]
    multi = ("in:eu-locations", "in:us-locations") if len(regions) > 1 else ()  # of buckets that span both
    yield includes(f"policy {constraint}", "allowed", allowed, expected)
    other = [place for place in allowed if place not in expected and place not in multi]
    yield empty(f"policy {constraint}", "unexpected allowed values", other)
    yield equal(f"policy {constraint}", "allows every value", any(rule.get("allowAll") for rule in rules), False)


@check("GOV-4")
def inventory_complete(deployment: Deployment) -> Iterator[Observation]:
    yield from complete(deployment, deployment.environment, deployment.target, inventory.TYPES)
