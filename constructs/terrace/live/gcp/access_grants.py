"""Live resources that grant rights on Google Cloud: policies of the project and its resources, jobs and sinks."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from terrace.capabilities.lake import BUCKETS
from terrace.gcp import names
from terrace.live.document import Document
from terrace.live.gcp.access_network import plain
from terrace.live.gcp.checks import Deployment, named

_VERSION = 3  # older versions hide conditions. Source: IAM documentation, "Policy versions"
_AGENT_ROLE = ".serviceAgent"


def read(deployment: Deployment, document: Document) -> None:
    """Add the policies, the custom roles, and what copies data or acts as an identity."""
    steps = (
        (_sinks, "logging"), (_roles, "iam"), (_project, "cloudresourcemanager"), (_accounts, "iam"),
        (_secrets, "secretmanager"), (_keys, "cloudkms"), (_topics, "pubsub"), (_zones, "dns"),
        (_repositories, "artifactregistry"), (_jobs, "cloudscheduler"), (_inspections, "dlp"),
        (_copies, "storagetransfer"),
    )  # fmt: skip
    for step, service in steps:
        with document.listing(service, ""):
            step(deployment, document)
    for bucket in (names.bucket(deployment.target, one) for one in BUCKETS):
        with document.listing(f"storage bucket {bucket}", ""):
            where = {"bucket": bucket, "optionsRequestedPolicyVersion": _VERSION}
            policy = deployment.call("storage", "buckets.getIamPolicy", **where)
            _add(deployment, document, "storage_bucket", {"bucket": bucket}, policy, bucket)


def _add(
    deployment: Deployment,
    document: Document,
    on: str,
    named_by: dict[str, Any],
    policy: dict[str, Any],
    title: str,
) -> None:
    """Add each member of each binding of a policy."""
    for binding in policy.get("bindings", []):
        condition = binding.get("condition", {}).get("expression")
        for member in binding.get("members", []):
            if _is_googles(deployment, member, binding["role"]) or _of_other_environment(deployment, member):
                continue
            attributes: dict[str, Any] = {**named_by, "role": binding["role"], "member": member}
            if condition:
                attributes["condition"] = {"expression": condition}
            path = f"{binding['role']} of {member} on {title}"
            document.add(f"google_{on}_iam_member", f"{title}_{binding['role']}", attributes, path=path)


def _is_googles(deployment: Deployment, member: str, role: str) -> bool:
    """Whether Google itself granted it: the role of a service to the service's own identity in the project. Source: IAM
    documentation, "Service agents"."""
    number = names.number(deployment.target)
    own = re.fullmatch(rf"serviceAccount:service-{number}@[a-z0-9-]+\.iam\.gserviceaccount\.com", member)
    return bool(own) and role.endswith(_AGENT_ROLE)


def _of_other_environment(deployment: Deployment, member: str) -> bool:
    """Whether a member is an identity of another environment in the project, which that one declares."""
    kind, _, address = member.partition(":")
    name, _, domain = address.partition("@")
    own = domain == f"{names.account(deployment.target)}.iam.gserviceaccount.com"
    return kind == "serviceAccount" and own and _is_of_other(deployment, name)


def _of_environment(deployment: Deployment, member: str) -> bool:
    """Whether a member is an identity of the environment."""
    address = member.partition(":")[2]
    name, _, domain = address.partition("@")
    own = domain == f"{names.account(deployment.target)}.iam.gserviceaccount.com" and _own(deployment, name)
    return own or address == names.nodes(deployment.target)


def _is_of_other(deployment: Deployment, name: str) -> bool:
    project = deployment.prefix.removesuffix(deployment.target.environment)
    return name.startswith(project) and not name.startswith(deployment.prefix)


def _project(deployment: Deployment, document: Document) -> None:
    body = {"options": {"requestedPolicyVersion": _VERSION}}
    where = {"resource": deployment.project, "body": body}
    policy = deployment.call("cloudresourcemanager", "projects.getIamPolicy", **where)
    project = names.account(deployment.target)
    _add(deployment, document, "project", {"project": project}, policy, f"project {project}")


def _policy(deployment: Deployment, service: str, collection: str, resource: str) -> dict[str, Any]:
    where = {"resource": resource, "options_requestedPolicyVersion": _VERSION}
    return deployment.call(service, f"{collection}.getIamPolicy", **where)


def _roles(deployment: Deployment, document: Document) -> None:
    where = {"parent": deployment.project, "view": "FULL"}
    for role in deployment.pages("iam", "projects.roles.list", "roles", **where):
        name = named(role["name"])
        attributes = {"role_id": name, "permissions": role.get("includedPermissions", [])}
        document.add("google_project_iam_custom_role", name, attributes)


def _accounts(deployment: Deployment, document: Document) -> None:
    collection = "projects.serviceAccounts"
    for account in deployment.pages("iam", f"{collection}.list", "accounts", name=deployment.project):
        address = account["email"]
        if _is_of_other(deployment, address):
            continue
        name = f"{deployment.project}/serviceAccounts/{address}"
        with document.listing(f"service account {address}", ""):
            policy = _policy(deployment, "iam", collection, name)
            _add(deployment, document, "service_account", {"service_account_id": name}, policy, address)


def _own(deployment: Deployment, name: str) -> bool:
    return name == deployment.prefix or name.startswith(f"{deployment.prefix}-")


def _each(
    deployment: Deployment,
    document: Document,
    service: str,
    collection: str,
    found: list[dict[str, Any]],
    on: str,
    named_by: Callable[[str], dict[str, Any]],
) -> None:
    """Add the policy of each resource of the environment, by its full name."""
    for one in found:
        name = one["name"]
        if _own(deployment, named(name)):
            with document.listing(f"{service} {named(name)}", ""):
                policy = _policy(deployment, service, collection, name)
                _add(deployment, document, on, named_by(name), policy, named(name))


def _secrets(deployment: Deployment, document: Document) -> None:
    service, collection = "secretmanager", "projects.secrets"
    found = deployment.pages(service, f"{collection}.list", "secrets", parent=deployment.project)
    number, id = (f"projects/{one(deployment.target)}/" for one in (names.number, names.account))
    found = [{**one, "name": one["name"].replace(number, id, 1)} for one in found]
    _each(deployment, document, service, collection, found, "secret_manager_secret", lambda name: {"secret_id": name})


def _keys(deployment: Deployment, document: Document) -> None:
    collection = "projects.locations.keyRings"
    for ring in _rings(deployment):
        with document.listing(f"key ring {ring}", ""):
            policy = _policy(deployment, "cloudkms", collection, ring)
            _add(deployment, document, "kms_key_ring", {"key_ring_id": ring}, policy, ring)
            for key in deployment.pages("cloudkms", f"{collection}.cryptoKeys.list", "cryptoKeys", parent=ring):
                name = key["name"]
                policy = _policy(deployment, "cloudkms", f"{collection}.cryptoKeys", name)
                title = "/".join(name.split("/")[3::2])
                _add(deployment, document, "kms_crypto_key", {"crypto_key_id": name}, policy, title)


def _rings(deployment: Deployment) -> Iterator[str]:
    target = deployment.target
    yield names.key_ring(target, "home")
    if target.recovery_region:
        yield names.key_ring(target, "recovery")
        yield names.key_ring(target, "both")


def _topics(deployment: Deployment, document: Document) -> None:
    for kind, word in (("topic", "topics"), ("subscription", "subscriptions")):
        collection = f"projects.{word}"
        found = deployment.pages("pubsub", f"{collection}.list", word, project=deployment.project)
        if kind == "subscription":
            for one in found:
                if _own(deployment, named(one.get("topic"))):
                    document.add("google_pubsub_subscription", named(one["name"]), plain(one))
        on = f"pubsub_{kind}"
        _each(deployment, document, "pubsub", collection, found, on, lambda name, kind=kind: {kind: name})  # type: ignore[misc]


def _zones(deployment: Deployment, document: Document) -> None:
    project = names.account(deployment.target)
    for zone in deployment.pages("dns", "managedZones.list", "managedZones", project=project):
        name = zone["name"]
        if _own(deployment, name):
            with document.listing(f"zone {name}", ""):
                resource = f"{deployment.project}/managedZones/{name}"
                policy = deployment.call("dns", "managedZones.getIamPolicy", resource=resource, body={})
                _add(deployment, document, "dns_managed_zone", {"managed_zone": name}, policy, f"zone {name}")


def _repositories(deployment: Deployment, document: Document) -> None:
    service, collection = "artifactregistry", "projects.locations.repositories"
    found = deployment.pages(service, f"{collection}.list", "repositories", parent=deployment.place)
    on = "artifact_registry_repository"
    _each(deployment, document, service, collection, found, on, lambda name: {"repository": name})
    if existing := deployment.target.existing.registry:  # of the owner's rights, those of the environment
        with document.listing(f"{service} {named(existing)}", ""):
            policy = _policy(deployment, service, collection, existing)
            for binding in policy.get("bindings", []):
                binding["members"] = [one for one in binding.get("members", []) if _of_environment(deployment, one)]
            _add(deployment, document, on, {"repository": existing}, policy, named(existing))


def _jobs(deployment: Deployment, document: Document) -> None:
    for job in deployment.pages("cloudscheduler", "projects.locations.jobs.list", "jobs", parent=deployment.place):
        if not _is_of_other(deployment, named(job["name"])):
            document.add("google_cloud_scheduler_job", named(job["name"]), plain(job))


def _inspections(deployment: Deployment, document: Document) -> None:
    listed = deployment.pages("dlp", "projects.locations.jobTriggers.list", "jobTriggers", parent=deployment.place)
    for job in listed:
        if not _is_of_other(deployment, named(job["name"])):
            document.add("google_data_loss_prevention_job_trigger", named(job["name"]), plain(job))


def _copies(deployment: Deployment, document: Document) -> None:
    """Add the transfers of which one end is a bucket of the environment."""
    expected = f'{{"projectId": "{names.account(deployment.target)}"}}'
    own = {names.bucket(deployment.target, one) for one in BUCKETS}
    for job in deployment.pages("storagetransfer", "transferJobs.list", "transferJobs", filter=expected):
        spec = job.get("transferSpec", {})
        ends = {spec.get(end, {}).get("bucketName") for end in ("gcsDataSource", "gcsDataSink")}
        if job.get("status") != "DELETED" and (ends & own or None in ends):
            document.add("google_storage_transfer_job", named(job["name"]), plain(job))


def _sinks(deployment: Deployment, document: Document) -> None:
    """Add the sinks. The service's own identity writes; a sink with another one does not make that the service's."""
    number = names.number(deployment.target)
    services = re.compile(rf"serviceAccount:(service-{number}|p{number}-\d+)@gcp-sa-logging\.iam\.gserviceaccount\.com")
    for sink in deployment.pages("logging", "projects.sinks.list", "sinks", parent=deployment.project):
        writer = str(sink.get("writerIdentity", ""))
        ids = {writer: "writer_identity"} if services.fullmatch(writer) else {}
        document.add("google_logging_project_sink", sink["name"], plain(sink), ids=ids)
