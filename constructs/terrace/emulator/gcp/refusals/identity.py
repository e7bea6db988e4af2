"""Refusals of IAM."""

import re
from collections import Counter
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("iam", "serviceAccounts")
def account_id(account: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, serviceAccounts.create, accountId: 6 to 30 characters."""
    id = str(account.get("email", "")).partition("@")[0]
    if account.get("email", "").endswith(".iam.gserviceaccount.com") and not _is_id(id, 6, 30):
        yield f"Invalid service account ID '{id}': [a-z]([-a-z0-9]*[a-z0-9]), 6 to 30 characters."


def _is_id(text: str, least: int, most: int) -> bool:
    return least <= len(text) <= most and bool(re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]", text))


@refuses("iam", "roles")
def role(resource: Json, call: Call) -> Iterator[str | Refused]:
    """Source: IAM API, projects.roles.create: 3 to 64 of [a-zA-Z0-9_.]; permissions are service.kind.verb."""
    name = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-zA-Z0-9_.]{3,64}", name):
        yield f"The role_id '{name}' must match [a-zA-Z0-9_.]{{3,64}}."
    for permission in resource.get("includedPermissions", ()):
        if not re.fullmatch(r"[a-z][a-zA-Z0-9]*(\.[a-zA-Z0-9]+){2}", permission):
            yield f"Permission {permission} is not valid."


@refuses("iam", "workloadIdentityPools", "providers")
def pool_id(pool: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, workloadIdentityPools.create: 4 to 32 of [a-z0-9-], the prefix gcp- is reserved."""
    id = str(pool.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z0-9-]{4,32}", id) or id.startswith("gcp-"):
        yield f"The id '{id}' must be 4 to 32 of [a-z0-9-] and not start with gcp-."


@refuses("iam", "providers")
def provider(resource: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Configure Workload Identity Federation": a subject, an HTTPS issuer, and a
    condition for GitHub, whose issuer is shared."""
    if "oidc" not in resource:
        return
    mapping, issuer = resource.get("attributeMapping") or {}, str((resource.get("oidc") or {}).get("issuerUri", ""))
    if "google.subject" not in mapping:
        yield "The attribute mapping must have google.subject."
    if not issuer.startswith("https://"):
        yield f"The issuer URI must start with https://, not '{issuer}'."
    if issuer == "https://token.actions.githubusercontent.com" and not resource.get("attributeCondition"):
        yield "The attribute condition must reference one of the provider's claims."


@refuses("*", "iamPolicies")
def policy_rules(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Policy": 1,500 members; conditions have title and expression and need version 3;
    "Quotas and limits": 20 conditions for a role and a member, 12 logical operators in a condition."""
    bindings = policy.get("bindings", ())
    if sum(len(binding.get("members", ())) for binding in bindings) > 1500:
        yield "The number of members in the policy exceeds the maximum of 1,500."
    for binding in bindings:
        condition = binding.get("condition")
        if condition and not (condition.get("title") and condition.get("expression")):
            yield "A condition must have a title and an expression."
        if condition and policy.get("version") != 3:
            yield "The policy version must be 3 where it has conditions."
        if condition and len(re.findall(r"&&|\|\||!(?!=)", condition.get("expression", ""))) > 12:
            yield "The condition has more than 12 logical operators."
    conditional = Counter(
        (one["role"], member) for one in bindings if one.get("condition") for member in one.get("members", ())
    )
    for (role, member), count in conditional.items():
        if count > 20:
            yield f"The policy has {count} conditions for {role} of {member}; 20 are supported."


@refuses("*", "iamPolicies")
def policy_roles(policy: Json, call: Call) -> Iterator[str | Refused]:
    """Source: IAM documentation, "Roles": predefined roles are roles/...; custom roles exist and are not deleted."""
    for binding in policy.get("bindings", ()):
        name = str(binding.get("role", ""))
        if re.fullmatch(r"(projects|organizations)/[^/]+/roles/[\w.]+", name):
            custom = call.store.get(f"iam/{name}")
            if name.startswith(f"projects/{call.cloud.project}/") and (custom is None or custom.get("deleted")):
                yield f"Role {name} does not exist."
        elif not re.fullmatch(r"roles/[a-zA-Z0-9_.]+", name):
            yield f"Role {name} is not supported for this resource."


@refuses("*", "iamPolicies")
def public_members(policy: Json, call: Call) -> Iterator[str]:
    """Source: Resource Manager documentation, "Allow policies": no public members on a project."""
    members = {member for binding in policy.get("bindings", ()) for member in binding.get("members", ())}
    if call.service == "cloudresourcemanager" and members & {"allUsers", "allAuthenticatedUsers"}:
        yield "Members allUsers and allAuthenticatedUsers are not supported for projects."


@refuses("*", "iamPolicies")
def audit_configs(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM API, AuditConfig: one entry for each service, each with log types."""
    configs = policy.get("auditConfigs", ())
    for service, count in Counter(config.get("service") for config in configs).items():
        if count > 1:
            yield f"There are several audit configs for the service {service}."
    if any(not config.get("auditLogConfigs") for config in configs):
        yield "An audit config must have at least one audit log config."


@refuses("iam", "denypolicies")
def deny_rules(policy: Json, call: Call) -> Iterator[str]:
    """Source: IAM documentation, "Deny policies": permissions are service.googleapis.com/kind.verb, principals v2."""
    for rule in (each.get("denyRule") or {} for each in policy.get("rules", ())):
        for permission in (*rule.get("deniedPermissions", ()), *rule.get("exceptionPermissions", ())):
            if not re.fullmatch(r"[a-z]+\.googleapis\.com/[a-zA-Z]+\.[a-zA-Z*]+", permission):
                yield f"Invalid permission '{permission}' in a deny rule."
        for principal in (*rule.get("deniedPrincipals", ()), *rule.get("exceptionPrincipals", ())):
            if not re.match(r"(principal|principalSet|deleted:principal)://", principal):
                yield f"Invalid principal '{principal}' in a deny rule."
