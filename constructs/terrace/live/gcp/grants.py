"""IAM policies: the roles of members on the project and on single resources."""

from typing import Any, NamedTuple

from terrace.gcp import names
from terrace.live.gcp.checks import Deployment

_VERSION = 3  # older versions hide conditions. Source: IAM documentation, "Policy versions"
_PUBLIC = ("allUsers", "allAuthenticatedUsers")


class Grant(NamedTuple):
    """One member's role; `only` is its condition (CEL), empty for none."""

    role: str
    member: str
    only: str


def project_policy(deployment: Deployment) -> dict[str, Any]:
    """The project's policy: bindings and audit configuration."""
    body = {"options": {"requestedPolicyVersion": _VERSION}}
    return deployment.call("cloudresourcemanager", "projects.getIamPolicy", resource=deployment.project, body=body)


def on_project(deployment: Deployment) -> list[Grant]:
    return _grants(project_policy(deployment))


def on_bucket(deployment: Deployment, bucket: str) -> list[Grant]:
    """Raises Absent."""
    answer = deployment.call("storage", "buckets.getIamPolicy", bucket=bucket, optionsRequestedPolicyVersion=_VERSION)
    return _grants(answer)


def on(deployment: Deployment, service: str, collection: str, resource: str) -> list[Grant]:
    """On any other resource by its full name; `collection` as the discovery document calls it. Raises Absent."""
    answer = deployment.call(
        service, f"{collection}.getIamPolicy", resource=resource, options_requestedPolicyVersion=_VERSION
    )
    return _grants(answer)


def _grants(policy: dict[str, Any]) -> list[Grant]:
    return [
        Grant(str(binding["role"]), str(member), str(binding.get("condition", {}).get("expression", "")))
        for binding in policy.get("bindings", [])
        for member in binding.get("members", [])
    ]


def roles(found: list[Grant], member: str) -> list[str]:
    """The roles of one member."""
    return sorted(grant.role for grant in found if grant.member == member)


def public(found: list[Grant]) -> list[str]:
    """Public grants."""
    return [f"{grant.role} for {grant.member}" for grant in found if grant.member in _PUBLIC]


def pods(deployment: Deployment, purpose: str) -> list[str]:
    """namespace/account of the pods that may use the service account of a purpose. Raises Absent."""
    account = f"{deployment.project}/serviceAccounts/{names.role_email(deployment.target, purpose)}"
    deployment.call("iam", "projects.serviceAccounts.get", name=account)
    found = on(deployment, "iam", "projects.serviceAccounts", account)
    begin = f"serviceAccount:{names.account(deployment.target)}.svc.id.goog["
    return sorted(
        grant.member.removeprefix(begin).rstrip("]")
        for grant in found
        if grant.role == "roles/iam.workloadIdentityUser" and grant.member.startswith(begin)
    )
