"""The permissions to apply on Google Cloud, as custom roles. Loads no CDK."""

import json
from collections.abc import Collection, Mapping

_ABOVE = ("billing.", "iam.denypolicies.", "orgpolicy.")
"""Granted above the project: budgets on the billing account, policies on the organisation. Sources: Cloud Billing, IAM
deny policies and Organization Policy, each "Access control"."""

_ALWAYS = {
    "compute.globalOperations": "get",
    "compute.regionOperations": "get",
    "compute.zoneOperations": "get",
    "container.operations": "get",
    "resourcemanager.projects": "get",
    "serviceusage.services": "get use",
}
"""To poll operations, and on the project itself."""

STATE = {"storage.objects": "create delete get list update"}
"""In the bucket of remote state: the state object and its lock."""


def files(types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """File name to content: custom roles of project and organisation, as `gcloud iam roles create --file` takes them.

    `types` maps a resource type to Google's kinds of resource and their verbs.
    """
    parts = (_ALWAYS, STATE, *types.values())
    permissions = sorted({f"{kind}.{verb}" for part in parts for kind, verbs in part.items() for verb in verbs.split()})
    above = [permission for permission in permissions if permission.startswith(_ABOVE)]
    return {
        "project.json": _role("Terrace deploy", [permission for permission in permissions if permission not in above]),
        "organization.json": _role("Terrace deploy, above the project", above),
    }


def _role(title: str, permissions: Collection[str]) -> str:
    description = "Creates, changes and deletes the resources of Terrace's stacks, and nothing else."
    role = {"title": title, "description": description, "stage": "GA", "includedPermissions": list(permissions)}
    return json.dumps(role, indent=2) + "\n"
