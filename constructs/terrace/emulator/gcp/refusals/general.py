"""Refusals of every service: another project, a disabled service, a missing or used resource.

They make a stack fail on its first apply or on its destroy.
"""

import re
from collections.abc import Iterator
from typing import Any

from terrace.emulator.gcp import quirks
from terrace.emulator.gcp.call import Call, Refused, invalid, missing, name_of
from terrace.emulator.gcp.policies import is_visible
from terrace.emulator.gcp.refusals import schema
from terrace.emulator.gcp.verbs import CREATES

ALWAYS_ON = frozenset({"serviceusage", "cloudresourcemanager", "oauth2", "openidconnect"})
"""The first two are enabled by a project's bootstrap; the others do not belong to a project."""

REFERABLE = frozenset(
    {
        *("networks", "subnetworks", "routers", "addresses", "healthChecks", "backendServices", "urlMaps", "topics"),
        *("targetHttpProxies", "targetHttpsProxies", "sslPolicies", "securityPolicies", "networkEndpointGroups"),
        *("vpnGateways", "externalVpnGateways", "cryptoKeys", "keyRings", "certificateMaps", "certificates"),
        *("dnsAuthorizations", "clusters", "backupVaults", "backupPlans", "notificationChannels", "repositories"),
        *("secrets", "serviceAccounts", "managedZones"),
    }
)
"""Collections whose members other resources refer to by `projects/...`."""

OTHER_BILLING_ACCOUNT = "000000-111111-333333"
"""A second account of the caller, to which an environment can move its budget."""

IN_USE = frozenset({"compute", "certificatemanager", "backupdr"})
"""Services that refuse to delete a resource that another resource refers to."""


def check(call: Call) -> None:
    """Raise the first refusal that does not depend on the kind of resource."""
    for refusal in (_project, _service, _schema, _parent, _references, _members, _in_use):
        for problem in refusal(call):
            raise problem


def _project(call: Call) -> Iterator[Refused]:
    """Only the emulated project is accessible. Source: Cloud APIs, "Errors", CONSUMER_INVALID."""
    for project in {call.project, call.headers.get("x-goog-user-project", "")} - {"", call.cloud.project}:
        if project != call.cloud.number:
            yield Refused(403, "PERMISSION_DENIED", f"Permission denied on resource project {project}.")
    account = re.match(r"billingAccounts/([^/]+)", call.name)
    if account and account[1] not in (call.cloud.billing_account, OTHER_BILLING_ACCOUNT):
        yield Refused(403, "PERMISSION_DENIED", "The caller does not have permission on the billing account.")


def _service(call: Call) -> Iterator[Refused]:
    """The service must be enabled in the resource's project and in the billing project of the call.

    Source: Service Usage, "Troubleshoot: SERVICE_DISABLED"; Cloud APIs, "System parameters", X-Goog-User-Project.
    """
    impersonates = call.service == "iamcredentials"  # its paths have `projects/-`; the account's email has the project
    if call.service in ALWAYS_ON or not (call.project or impersonates or "x-goog-user-project" in call.headers):
        return
    host = call.host.removeprefix("www.")
    key = f"serviceusage/projects/{call.cloud.project}/services/{host}"
    if (call.store.get(key) or {}).get("state") != "ENABLED":
        text = f"{host} has not been used in project {call.cloud.project} before or it is disabled."
        yield Refused(403, "PERMISSION_DENIED", text, "SERVICE_DISABLED")


def _schema(call: Call) -> Iterator[Refused]:
    yield from map(invalid, schema.violations(call))


def _parent(call: Call) -> Iterator[Refused]:
    """The parent of a new resource must exist, and that of listed keys. Sources: AIP-133, "Create"; AIP-132, "List"."""
    lists = call.service == "cloudkms" and call.method.verb == "list"
    if not call.is_known or not (lists or call.method.verb in CREATES):
        return
    parent = call.key.rpartition("/")[0]
    below = re.sub(r"^[^/]+/(projects/[^/]+(/(locations|regions|zones)/[^/]+|/global)?)?/?", "", parent)
    # pairs of a collection and an id; a single segment is a location such as `global`
    is_resource = "/" in below and below.count("/") % 2 and not parent.startswith(("iam/policies/", "billingbudgets/"))
    if is_resource and quirks.present(call, parent) is None:
        yield missing(name_of(parent))


def _references(call: Call) -> Iterator[Refused]:
    """Resources that a body refers to must exist. Source: Compute Engine API, "resourceNotFound"."""
    if call.http in ("POST", "PUT", "PATCH") and call.is_known:
        for name in sorted(references(call.body, call.cloud.project, call.cloud.number)):
            if name != call.name and not _exists(call, name):
                yield invalid(f"The referenced resource '{name}' was not found")


def _exists(call: Call, name: str) -> bool:
    services = {key.partition("/")[0] for key, _ in call.store.resources()}
    return any(quirks.present(call, f"{service}/{name}") for service in services)


def references(value: Any, project: str, number: str) -> set[str]:
    """The name of every resource of the project that a body refers to, by name or link."""
    if isinstance(value, dict):
        inner = (each for field, each in value.items() if field not in ("selfLink", "targetLink", "name"))
        return {name for each in inner for name in references(each, project, number)}
    if isinstance(value, list):
        return {name for each in value for name in references(each, project, number)}
    match = re.fullmatch(r"(?:(?:https?:)?//[^/]+/(?:\w+/)*?)?(projects/([^/]+)/(?:[^/]+/)*?(\w+)/[^/]+)", str(value))
    if isinstance(value, str) and match and match[2] in (project, number) and match[3] in REFERABLE:
        return {f"projects/{project}/{match[1].split('/', 2)[2]}"}
    return set()


def _members(call: Call) -> Iterator[Refused]:
    """Members must exist. Source: IAM, "Troubleshoot allow policies"; GKE, "Workload Identity Federation"."""
    if call.method.verb != "setIamPolicy":
        return
    bindings = call.body.get("policy", call.body).get("bindings", ())
    for member in sorted({member for binding in bindings for member in binding.get("members", ())}):
        kind, _, name = member.partition(":")
        account = re.fullmatch(r"([^@\[]+)@([^.]+)\.iam\.gserviceaccount\.com", name)
        pool = re.fullmatch(r"([^.]+)\.svc\.id\.goog\[.+", name)
        if kind not in MEMBERS and "://" not in member and member not in PUBLIC:
            yield invalid(f"Invalid member: {member}")
        elif account and account[2] == call.cloud.project:
            if not is_visible(call, f"iam/projects/{account[2]}/serviceAccounts/{name}"):
                yield invalid(f"Service account {name} does not exist.")
        elif pool and not _has_pool(call, f"{pool[1]}.svc.id.goog"):
            yield invalid(f"Identity Pool does not exist ({pool[1]}.svc.id.goog). Please check that you specified it.")


MEMBERS = frozenset(
    {
        *("user", "serviceAccount", "group", "domain", "deleted", "principal", "principalSet"),
        *("projectOwner", "projectEditor", "projectViewer"),
    }
)
PUBLIC = ("allUsers", "allAuthenticatedUsers")


def _has_pool(call: Call, pool: str) -> bool:
    clusters = (body for key, body in call.store.resources() if key.startswith("container/"))
    return any(body.get("workloadIdentityConfig", {}).get("workloadPool") == pool for body in clusters)


def _in_use(call: Call) -> Iterator[Refused]:
    """A resource in use cannot be deleted. Source: Compute Engine API, "resourceInUseByAnotherResource"."""
    if call.http != "DELETE" or call.service not in IN_USE:
        return
    for key, body in call.store.resources():
        if key.startswith(call.key) or "/operations/" in key:
            continue
        if call.name in references(body, call.cloud.project, call.cloud.number):
            text = f"The resource '{call.name}' is already being used by '{name_of(key)}'"
            yield Refused(400, "FAILED_PRECONDITION", text, "resourceInUseByAnotherResource")
