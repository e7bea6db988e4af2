"""What IAM refuses of accounts, roles, pools and policies."""

import re
from collections import Counter
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("iam", "serviceAccounts")
def account_id(account: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, serviceAccounts.create, accountId: 6 to 30 characters."""
    found = str(account.get("email", "")).partition("@")[0]
    if account.get("email", "").endswith(".iam.gserviceaccount.com") and not _is_id(found, 6, 30):
        yield f"Invalid service account ID '{found}': [a-z]([-a-z0-9]*[a-z0-9]), 6 to 30 characters."


def _is_id(text: str, least: int, most: int) -> bool:
    return least <= len(text) <= most and bool(re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", text))


@refuses("iam", "roles")
def role(found: Json, call: Call) -> Iterator[str | Refused]:
    """Source: IAM API, projects.roles.create: 3 to 64 of [a-zA-Z0-9_.]; permissions are service.kind.verb."""
    name = str(found.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", name):
        yield f"The role_id '{name}' must match [a-zA-Z0-9_.]{{3,64}}."
    for permission in found.get("includedPermissions", ()):
        if not re.fullmatch(r"[a-z][a-zA-Z0-9]*(\.[a-zA-Z0-9]+){2}", permission):
            yield f"Permission {permission} is not valid."


@refuses("iam", "workloadIdentityPools", "providers")
def pool_id(pool: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, workloadIdentityPools.create: 4 to 32 of [a-z0-9-], the prefix gcp- is Google's."""
    found = str(pool.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z0-9-]{4,32}", found) or found.startswith("gcp-"):
        yield f"The id '{found}' must be 4 to 32 of [a-z0-9-] and not start with gcp-."


@refuses("iam", "providers")
def provider(found: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Configure Workload Identity Federation": a subject, an issuer by HTTPS, and for
    GitHub, which everybody shares, a condition."""
    if "oidc" not in found:
        return
    mapping, issuer = found.get("attributeMapping") or {}, str((found.get("oidc") or {}).get("issuerUri", ""))
    if "google.subject" not in mapping:
        yield "The attribute mapping must have google.subject."
    if not issuer.startswith("https://"):
        yield f"The issuer URI must start with https://, not '{issuer}'."
    if issuer == "https://token.actions.githubusercontent.com" and not found.get("attributeCondition"):
        yield "The attribute condition must reference one of the provider's claims."


@refuses("*", "iamPolicies")
def policy_rules(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Policy": 1,500 members; conditions have a title and an expression; versions 3."""
    bindings = policy.get("bindings", ())
    if sum(len(binding.get("members", ())) for binding in bindings) > 1500:
        yield "The number of members in the policy exceeds the maximum of 1,500."
    for binding in bindings:
        condition = binding.get("condition")
        if condition and not (condition.get("title") and condition.get("expression")):
            yield "A condition must have a title and an expression."
        if condition and policy.get("version") != 3:
            yield "The policy version must be 3 where it has conditions."


@refuses("*", "iamPolicies")
def policy_roles(policy: Json, call: Call) -> Iterator[str | Refused]:
    """Source: IAM documentation, "Roles": predefined ones are roles/..., custom ones exist and are not deleted."""
    for binding in policy.get("bindings", ()):
        found = str(binding.get("role", ""))
        if re.fullmatch(r"(projects|organizations)/[^/]+/roles/[\w.]+", found):
            custom = call.store.get(f"iam/{found}")
            if found.startswith(f"projects/{call.cloud.project}/") and (custom is None or custom.get("deleted")):
                yield f"Role {found} does not exist."
        elif not re.fullmatch(r"roles/[a-zA-Z0-9_.]+", found):
            yield f"Role {found} is not supported for this resource."


@refuses("*", "iamPolicies")
def nobody_public(policy: Json, call: Call) -> Iterator[str]:
    """Source: Resource Manager documentation, "Allow policies": everybody cannot be a member of a project."""
    members = {member for binding in policy.get("bindings", ()) for member in binding.get("members", ())}
    if call.service == "cloudresourcemanager" and members & {"allUsers", "allAuthenticatedUsers"}:
        yield "Members allUsers and allAuthenticatedUsers are not supported for projects."


@refuses("*", "iamPolicies")
def audited(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, AuditConfig: one entry a service, each with kinds of logs."""
    configs = policy.get("auditConfigs", ())
    for service, count in Counter(config.get("service") for config in configs).items():
        if count > 1:
            yield f"There are several audit configs for the service {service}."
    if any(not config.get("auditLogConfigs") for config in configs):
        yield "An audit config must have at least one audit log config."


@refuses("iam", "denypolicies")
def denied(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Deny policies": permissions are service.googleapis.com/kind.verb, principals v2."""
    for rule in (each.get("denyRule") or {} for each in policy.get("rules", ())):
        for permission in (*rule.get("deniedPermissions", ()), *rule.get("exceptionPermissions", ())):
            if not re.fullmatch(r"[a-z]+\.googleapis\.com/[a-zA-Z]+\.[a-zA-Z*]+", permission):
                yield f"Invalid permission '{permission}' in a deny rule."
        for principal in (*rule.get("deniedPrincipals", ()), *rule.get("exceptionPrincipals", ())):
            if not re.match(r"(principal|principalSet|deleted:principal)://", principal):
                yield f"Invalid principal '{principal}' in a deny rule."
