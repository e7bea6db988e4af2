"""The policy exceptions that modules declare, as waivers of the checkov checks that require the same as a policy."""

from collections.abc import Collection, Iterator
from datetime import date

from terrace.assurance.gate_result import Waiver
from terrace.assurance.workloads_view import Workloads
from terrace.workloads.context import Object
from terrace.workloads.policy_evaluation import violations
from terrace.workloads.policy_scope import title_of

ALL_RIGHTS = "all-rights"
"""Stands for an exception from no-wildcard-permissions of a role that grants everything: then a check of a single right
says nothing new. A role with narrower wildcards has no such exception."""
_WILDCARDS = "no-wildcard-permissions"
_BINDINGS = ("RoleBinding", "ClusterRoleBinding")
_NAMESPACE = "meta.helm.sh/release-namespace"


def excepted(workloads: Workloads, titles: Collection[str]) -> dict[tuple[str, str], Waiver]:
    """What exceptions allow, by policy and object, of the objects with these titles.

    Only an object that its policy denies without the exception, and admits with it, is excepted. A binding has the
    exception of its role from ALL_RIGHTS, because checkov reports what a role grants on its bindings.
    """
    exceptions = workloads.kind("PolicyException")
    names = {ref["name"] for one in exceptions for ref in one["spec"]["policyRefs"]}
    policies = [
        one for one in workloads.policies if one["kind"] == "MutatingPolicy" or one["metadata"]["name"] in names
    ]
    failed = {title: one for one in workloads.objects if (title := title_of(one)) in titles}
    roles = dict(_roles(workloads, failed.values()))
    subjects = {**failed, **{title_of(role): role for role in roles.values()}}
    cluster = [*subjects.values(), *workloads.kind("Namespace")]
    denied = {(one.policy, one.object) for one in violations(cluster, policies) if one.object in subjects}
    denied -= {(one.policy, one.object) for one in violations(cluster, policies, exceptions, today=workloads.today)}
    found = {}
    for policy, title in sorted(denied):
        subject = subjects[title]
        if waiver := _waiver(workloads, policy, subject, exceptions):
            found[policy, title] = waiver
            if policy == _WILDCARDS and _grants_everything(subject):
                found[ALL_RIGHTS, title] = waiver
    for title, role in roles.items():
        if waiver := found.get((ALL_RIGHTS, title_of(role))):
            found[ALL_RIGHTS, title] = waiver
    return found


def _grants_everything(role: Object) -> bool:
    parts = ("apiGroups", "resources", "verbs")
    return any(all("*" in (rule.get(part) or ()) for part in parts) for rule in role.get("rules") or ())


def _roles(workloads: Workloads, objects: Collection[Object]) -> Iterator[tuple[str, Object]]:
    """The roles of bindings, by the binding's title."""
    for one in objects:
        if one["kind"] in _BINDINGS:
            ref = one["roleRef"]
            namespace = one["metadata"].get("namespace") if ref["kind"] == "Role" else None
            for role in workloads.kind(ref["kind"], namespace=namespace):
                if role["metadata"]["name"] == ref["name"]:
                    yield title_of(one), role


def _waiver(workloads: Workloads, policy: str, subject: Object, exceptions: list[Object]) -> Waiver | None:
    """The exception of the object's module from a policy, in the form of a waiver of the object."""
    metadata = subject["metadata"]
    namespace = metadata.get("namespace") or metadata.get("annotations", {}).get(_NAMESPACE)
    for one in exceptions:
        spec = one["spec"]
        if one["metadata"]["namespace"] != namespace or policy not in {ref["name"] for ref in spec["policyRefs"]}:
            continue
        labels = one["metadata"].get("labels", {})
        module = one["metadata"]["name"].removesuffix(f"-{policy}")
        return Waiver(
            id=policy,
            resource=title_of(subject),
            environments=(workloads.context.environment.name,),
            clouds=(workloads.context.environment.cloud,),
            reason=spec.get("properties", {}).get("reason", ""),
            owner=labels.get("owner", ""),
            approved_by=f"the review of modules/{module}/module.yaml",
            expires=date.fromisoformat(str(spec["expiresAt"])[:10]),
            compensating_control=f"The policy {policy} still applies to all other modules.",
            line=f"modules/{module}/module.yaml",
        )
    return None
