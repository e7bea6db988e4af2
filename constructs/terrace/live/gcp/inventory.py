"""Whether Google Cloud has the resources of the expected inventory (GOV-4), by type."""

from collections.abc import Mapping

from terrace.capabilities.keys import PURPOSES
from terrace.gcp import names
from terrace.gcp.names import Place
from terrace.live.gcp import grants
from terrace.live.gcp.checks import Deployment
from terrace.live.inventory import Exists, last

_ADMITTED = ("ALWAYS_DENY", "REQUIRE_ATTESTATION")
_PLACES: Mapping[str, Place] = {"recovery": "recovery", "both": "both"}
"""The last words of keys' construct paths."""
_BASIC = ("roles/editor", "roles/owner")


def _admission(deployment: Deployment, path: str) -> bool:
    policy = deployment.call("binaryauthorization", "projects.getPolicy", name=f"{deployment.project}/policy")
    return policy.get("defaultAdmissionRule", {}).get("evaluationMode") in _ADMITTED


def _http(deployment: Deployment, path: str) -> bool:
    project, name = names.account(deployment.target), f"{deployment.prefix}-http"
    return bool(deployment.call("compute", "globalForwardingRules.get", project=project, forwardingRule=name))


def _metadata(deployment: Deployment, path: str) -> bool:
    found = deployment.call("compute", "projects.get", project=names.account(deployment.target))
    items = found.get("commonInstanceMetadata", {}).get("items", [])
    return last(path).removeprefix("metadata-") in {one.get("key") for one in items}


def _restore_plan(deployment: Deployment, path: str) -> bool:
    region = deployment.target.recovery_region or deployment.target.region
    name = f"{deployment.project}/locations/{region}/restorePlans/{deployment.prefix}"
    return bool(deployment.call("gkebackup", "projects.locations.restorePlans.get", name=name))


def _ceiling(deployment: Deployment, path: str) -> bool:
    at = f"policies/{names.attachment_point(deployment.target)}/denypolicies"
    name = f"{at}/{deployment.prefix}-{last(path)}"
    return bool(deployment.call("iam/v2", "policies.get", name=name).get("rules"))


def _key(deployment: Deployment, path: str) -> bool:
    purpose, _, word = last(path).rpartition("-")
    key = names.key(deployment.target, next(one for one in PURPOSES if one == purpose), _PLACES[word])
    name = "projects.locations.keyRings.cryptoKeys.get"
    return bool(deployment.call("cloudkms", name, name=key).get("primary", {}).get("state") == "ENABLED")


def _metric(deployment: Deployment, path: str) -> bool:
    found = deployment.pages("logging", "projects.metrics.list", "metrics", parent=deployment.project)
    name = f"{deployment.prefix}/{last(path).removesuffix('-count')}"
    return any(one.get("name") == name and not one.get("disabled") for one in found)


def _sink(deployment: Deployment, path: str) -> bool:
    """The project's default sink, which would keep records in a bucket of any region."""
    name = f"{deployment.project}/sinks/_Default"
    return bool(deployment.call("logging", "projects.sinks.get", sinkName=name).get("disabled"))


def _alarm(deployment: Deployment, path: str) -> bool:
    found = deployment.pages("monitoring", "projects.alertPolicies.list", "alertPolicies", name=deployment.project)
    name = f"{deployment.prefix}-{last(path)}"
    return any(one.get("displayName") == name and one.get("enabled", True) for one in found)


def _constraint(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.project}/policies/{last(path).replace('-', '.', 1)}"
    return bool(deployment.call("orgpolicy", "projects.policies.get", name=name).get("spec", {}).get("rules"))


def _default_accounts(deployment: Deployment, path: str) -> bool:
    """Whether the accounts that Google makes have lost the role that it gives them. The resource is an action at the
    apply; only its effect can be read."""
    number, project = names.number(deployment.target), names.account(deployment.target)
    own = (f"serviceAccount:{number}-compute@developer.gserviceaccount.com",
           f"serviceAccount:{project}@appspot.gserviceaccount.com")  # fmt: skip
    return not any(grant.member in own and grant.role in _BASIC for grant in grants.on_project(deployment))


def _inbox(deployment: Deployment, path: str) -> bool:
    name = f"{deployment.project}/subscriptions/{deployment.prefix}-{last(path).removesuffix('-inbox')}"
    return bool(deployment.call("pubsub", "projects.subscriptions.get", subscription=name))


TYPES: Mapping[str, Exists[Deployment]] = {
    "google_binary_authorization_policy": _admission,
    "google_compute_global_forwarding_rule": _http,
    "google_compute_project_metadata_item": _metadata,
    "google_gke_backup_restore_plan": _restore_plan,
    "google_iam_deny_policy": _ceiling,
    "google_kms_crypto_key": _key,
    "google_logging_metric": _metric,
    "google_logging_project_sink": _sink,
    "google_monitoring_alert_policy": _alarm,
    "google_org_policy_policy": _constraint,
    "google_project_default_service_accounts": _default_accounts,
    "google_pubsub_subscription": _inbox,
}
