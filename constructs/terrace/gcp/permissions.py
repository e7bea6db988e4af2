"""What applying takes on Google Cloud, as custom roles. No CDK here."""

import json
from collections.abc import Collection, Mapping

_ABOVE = ("billing.", "iam.denypolicies.", "orgpolicy.")
"""What is granted above the project: budgets on the billing account, policies on the organisation. Sources: Cloud
Billing, IAM deny policies and Organization Policy, each "Access control"."""

_ALWAYS = {
    "compute.globalOperations": "get",
    "compute.regionOperations": "get",
    "compute.zoneOperations": "get",
    "container.operations": "get",
    "resourcemanager.projects": "get",
    "serviceusage.services": "get use",
}
"""The end of what is under way, and the project itself."""
STATE = {"storage.objects": "create delete get list update"}
"""In the bucket of remote state, whatever is applied: the state and the lock beside it."""


def files(types: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """File name to content: custom roles of project and organisation, as `gcloud iam roles create --file` takes them.

    `types` is type of resource to Google's kind of resource to verbs.
    """
    parts = (_ALWAYS, STATE, *types.values())
    wanted = sorted({f"{kind}.{verb}" for part in parts for kind, verbs in part.items() for verb in verbs.split()})
    above = [permission for permission in wanted if permission.startswith(_ABOVE)]
    return {
        "project.json": _role("Terrace deploy", [permission for permission in wanted if permission not in above]),
        "organization.json": _role("Terrace deploy, above the project", above),
    }


def _role(title: str, permissions: Collection[str]) -> str:
    what = "Makes, changes and removes what Terrace's stacks have, and nothing else."
    role = {"title": title, "description": what, "stage": "GA", "includedPermissions": list(permissions)}
    return json.dumps(role, indent=2) + "\n"
