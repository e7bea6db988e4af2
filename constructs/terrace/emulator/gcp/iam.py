"""IAM: accounts are named by their email; deleted roles and workload identity pools keep their ids."""

import re

from terrace.emulator.gcp import operations
from terrace.emulator.gcp.call import Call, last, missing
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import number
from terrace.emulator.gcp.policies import hide, is_visible
from terrace.emulator.gcp.quirks import built_in, required, responds
from terrace.emulator.gcp.verbs import create


def _account(project: str, email: str) -> Json:
    return {
        "name": f"projects/{project}/serviceAccounts/{email}",
        "email": email,
        "projectId": project,
        "uniqueId": number(email, digits=21),
        "oauth2ClientId": number(email, digits=21),
        "etag": "MDEwMjE5MjA=",
    }


@built_in("iam", r"projects/([^/]+)/serviceAccounts/(\d+-compute@developer\.gserviceaccount\.com)")
def _default(call: Call, named: re.Match[str]) -> Json:
    return _account(named[1], named[2]) | {"displayName": "Compute Engine default service account"}


@responds("iam", "serviceAccounts.create")
def _create(call: Call) -> Json:
    email = f"{call.body.get('accountId', '')}@{call.project}.iam.gserviceaccount.com"
    call.sent = _account(call.project, email) | call.sent
    account = create(call, email)
    hide(call, f"{call.key}/{email}")
    return account


@responds("iam", "serviceAccounts.get", "serviceAccounts.patch", "serviceAccounts.delete", "serviceAccounts.disable")
@responds("iam", "serviceAccounts.enable", "serviceAccounts.getIamPolicy", "serviceAccounts.setIamPolicy")
def _normalize_name(call: Call) -> None:
    """An account can be named by its number, and below `projects/-`, where its email names the project."""
    _, project, _, email, *rest = call.name.split("/")
    if "@" not in email:
        accounts = call.store.below(f"iam/projects/{project}/serviceAccounts")
        email = next((last(key) for key, account in accounts if account["uniqueId"] == email), email)
    if project == "-":
        project = email.partition("@")[2].split(".")[0]
    call.name = "/".join(["projects", project, "serviceAccounts", email, *rest])
    if call.method.verb == "get" and call.key in call.store and not is_visible(call, call.key):
        raise missing(call.name)


@responds("iam", "serviceAccounts.list")
def _list(call: Call) -> None:
    if f"serviceusage/projects/{call.project}/services/compute.googleapis.com" in call.store:
        required(call, f"{call.key}/{call.cloud.number}-compute@developer.gserviceaccount.com")


@responds("iam", "roles.delete", "roles.undelete")
def _role(call: Call) -> Json:
    """A deleted role can be restored for a week, and its id is reserved for 37 days. Source: IAM, "Delete a role"."""
    role = required(call, call.key)
    if call.method.verb == "delete":
        role["deleted"] = True
    else:
        role.pop("deleted", None)
    call.store.put(call.key, role)
    return role


@responds("iam", "workloadIdentityPools.delete", "workloadIdentityPools.undelete", "providers.delete")
@responds("iam", "providers.undelete")
def _pool(call: Call) -> Json:
    """The id of a deleted pool is reserved for 30 days. Source: IAM, "Manage workload identity pools and providers"."""
    pool = required(call, call.key)
    pool["state"] = "DELETED" if call.method.verb == "delete" else "ACTIVE"
    call.store.put(call.key, pool)
    return operations.respond(call, pool)


@responds("iam", "roles.list", "workloadIdentityPools.list", "providers.list")
def _without_deleted(call: Call) -> Json | None:
    if call.query.get("showDeleted") == "true":
        return None
    field = {"roles": "roles", "providers": "workloadIdentityPoolProviders"}.get(call.kind.split(".")[0])
    resources = [each for _, each in call.store.below(call.key)]
    resources = [each for each in resources if not each.get("deleted") and each.get("state") != "DELETED"]
    return {field or "workloadIdentityPools": resources}
