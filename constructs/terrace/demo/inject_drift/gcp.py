"""Changes outside Terraform, for the demo and the tests."""

from terrace.calls import Absent
from terrace.capabilities.target import Target
from terrace.demo.inject_drift import Drift
from terrace.environment.schema import Environment
from terrace.gcp import names
from terrace.live.gcp import keys, lake, network
from terrace.live.gcp.checks import Deployment, opened

_OWNER = "another-team"


def inject_drift(environment: Environment, target: Target) -> list[Drift]:
    """See terrace.demo.inject_drift. Raises Absent for a resource that does not exist."""
    return changed(opened(environment, target))


def changed(deployment: Deployment) -> list[Drift]:
    """Make the changes."""
    drifts = [_relabel(deployment), _allow_public_access(deployment), _delete_rule(deployment)]
    return [*drifts, _forget_events(deployment)] if deployment.environment.streams else drifts


def _relabel(deployment: Deployment) -> Drift:
    name = names.key(deployment.target, "lake")
    labels = {**keys.key(deployment, "lake").get("labels", {}), "owner": _OWNER}
    method = "projects.locations.keyRings.cryptoKeys.patch"
    deployment.reader.change("cloudkms", method, name=name, updateMask="labels", body={"labels": labels})
    return Drift(
        kind="tag",
        description=f"label owner of key {name} changed to {_OWNER}",
        resource=name,
        type="google_kms_crypto_key",
        path="keys/",
        attribute="effective_labels.owner",
        action="update",
    )


def _allow_public_access(deployment: Deployment) -> Drift:
    bucket = names.bucket(deployment.target, "silver")
    access = lake.bucket(deployment, "silver").get("iamConfiguration", {})
    body = {"iamConfiguration": {**access, "publicAccessPrevention": "inherited"}}
    deployment.reader.change("storage", "buckets.patch", bucket=bucket, body=body)
    return Drift(
        kind="public_access",
        description=f"public access prevention of bucket {bucket} weakened: public grants are allowed",
        resource=bucket,
        type="google_storage_bucket",
        path="lake/",
        attribute="public_access_prevention",
        action="update",
    )


def _delete_rule(deployment: Deployment) -> Drift:
    network.vpc(deployment)
    rule = f"{deployment.prefix}-nodes-to-database-out"
    project = names.account(deployment.target)
    if rule not in [str(entry["name"]) for entry in network.firewalls(deployment)]:
        raise Absent(f"firewall {rule}")
    deployment.reader.change("compute", "firewalls.delete", project=project, firewall=rule)
    return Drift(
        kind="rule",
        description=f"firewall {rule} deleted: workloads no longer reach PostgreSQL",
        resource=rule,
        type="google_compute_firewall",
        path="network/",
        attribute="",
        action="create",
    )


def _forget_events(deployment: Deployment) -> Drift:
    topic = next(iter(deployment.environment.all_topics))
    name, configs = f"{names.streams_id(deployment.target)}/topics/{topic}", {"retention.ms": "3600000"}
    method = "projects.locations.clusters.topics.patch"
    deployment.reader.change("managedkafka", method, name=name, updateMask="configs", body={"configs": configs})
    return Drift(
        kind="streams",
        description=f"topic {topic} of the streams keeps events for an hour only",
        resource=name,
        type="google_managed_kafka_topic",
        path="streams/",
        attribute="configs",
        action="update",
    )
