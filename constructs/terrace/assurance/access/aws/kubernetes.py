"""Who may do what in the cluster: EKS's access entries and their policies."""

from collections.abc import Iterator
from typing import cast

from terrace.assurance.access.aws.objects import Objects
from terrace.assurance.access.aws.roles import ACCESS_POLICIES
from terrace.assurance.access.model import Grant, Unknown, Verb
from terrace.assurance.checks import Subject

_OWN_GROUPS = "terrace:"
"""Prefix of the groups that the workloads bind roles to; `system:masters` administers the cluster."""


def grants(stack: Subject, objects: Objects) -> Iterator[Grant | Unknown]:
    """The grants of access entries and of the policies that are associated with principals."""
    for entry in stack.view.all("aws_eks_access_entry"):
        name = _principal(stack, objects, entry.get("principal_arn"))
        if entry.get("type", "STANDARD") != "STANDARD":
            yield Grant(name, "operate", "kubernetes", (str(entry),))
        for group in entry.get("kubernetes_groups") or []:
            if group != f"{_OWN_GROUPS}{name.rpartition(' ')[2]}":
                verb: Verb = "administer" if group == "system:masters" else "operate"
                yield Grant(name, verb, "kubernetes", (str(entry),))
    for one in stack.view.all("aws_eks_access_policy_association"):
        name = _principal(stack, objects, one.get("principal_arn"))
        policy = str(one.get("policy_arn")).rpartition("/")[2]
        if policy not in ACCESS_POLICIES:
            yield Unknown(f"unknown access policy {policy} of {name}", str(one))
            continue
        narrow = one.get("access_scope.type") == "namespace"
        for namespace in one.get("access_scope.namespaces") or [""] if narrow else [""]:
            object = f"kubernetes/{namespace}" if namespace else "kubernetes"
            yield Grant(name, cast(Verb, ACCESS_POLICIES[policy]), object, (str(one),))


def _principal(stack: Subject, objects: Objects, value: object) -> str:
    """The principal that an attribute names; an association may refer to its entry."""
    entry = stack.view.target(value)
    if entry is not None and entry.type == "aws_eks_access_entry":
        value = entry.get("principal_arn")
    return objects.principal(objects.text(value))
