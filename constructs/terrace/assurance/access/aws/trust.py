"""Who may act as a role: by its trust policy, pod identities, and identity providers."""

from collections.abc import Iterator

from terrace.assurance.access.aws import policies
from terrace.assurance.access.aws.callers import Caller, callers
from terrace.assurance.access.aws.identities import Identities, Identity
from terrace.assurance.access.aws.objects import Objects
from terrace.assurance.access.model import Grant, Unknown
from terrace.assurance.checks import Subject
from terrace.assurance.view import Resource
from terrace.authorization.aws import Context, Statement
from terrace.aws import names

_PODS = "pods.eks.amazonaws.com"
_ADDON_NAMESPACES = {"amazon-cloudwatch-observability": "amazon-cloudwatch"}  # the others: kube-system
_ASSUMES = {"sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml"}


def grants(stack: Subject, objects: Objects, identities: Identities) -> Iterator[Grant | Unknown]:
    """Who may act as each role of the stack."""
    for role in (one for one in identities.all if one.resource.type == "aws_iam_role"):
        read = list(policies.statements(role.resource.get("assume_role_policy"), str(role.resource), objects.text))
        trust = [one for one in read if isinstance(one, Statement)]
        yield from (one for one in read if isinstance(one, Unknown))
        object = f"identities/{role.name}"
        for name, by in _trusted(stack, objects, identities, role, trust):
            yield Grant(name, "assume", object, by)


def _trusted(
    stack: Subject, objects: Objects, identities: Identities, role: Identity, trust: list[Statement]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    own = (str(role.resource),)
    roles = {one.arn: one for one in identities.all}
    open_to_all = False
    for caller in callers(trust, objects):
        if caller.kind == "Federated":
            yield from _federated(stack, objects, trust, caller, own)
        elif caller.value == _PODS:
            yield from _pods(stack, trust, caller, objects, role)
        elif _lets(trust, caller, delegated=caller.value not in roles):
            open_to_all = open_to_all or caller.name == "anyone"
            if not open_to_all or caller.name == "anyone":
                yield caller.name, own
    for arn, other in roles.items():  # whom the trust leaves to the account's policies
        caller = Caller(other.name, "AWS", arn, {"aws:principalarn": arn, "aws:principalaccount": objects.account})
        if not open_to_all and _lets(trust, caller) and not _lets(trust, caller, delegated=False):
            found = policies.allowed("sts", role.arn, caller.context, by=other.statements)
            if by := next((by for action, by in found.items() if action in _ASSUMES), None):
                yield other.name, (*by, str(role.resource))


def _lets(trust: list[Statement], caller: Caller, context: Context | None = None, *, delegated: bool = True) -> bool:
    mine = [one for one in trust if one.is_for(caller.kind, caller.value, delegated=delegated or not one.allows)]
    found = policies.allowed("sts", "", caller.context if context is None else context, by=mine)
    return bool(_ASSUMES & set(found))


def _pods(
    stack: Subject, trust: list[Statement], caller: Caller, objects: Objects, role: Identity
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The service accounts that are bound to a role, if it trusts the cluster; other clusters if it trusts them too."""
    cluster = names.cluster_arn(stack.target)
    if caller.name.startswith("foreign"):
        if _lets(trust, caller):
            yield caller.name, (str(role.resource),)
        return
    if _lets(trust, caller, {**caller.context, "aws:sourcearn": f"{cluster}-other"}):
        yield "cloud pods.eks of any cluster", (str(role.resource),)
    if _lets(trust, caller, {**caller.context, "aws:sourcearn": cluster}):
        for pods, binding in _bound(stack, role.resource):
            yield f"pods {pods}", (str(role.resource), str(binding))


def _bound(stack: Subject, role: Resource) -> Iterator[tuple[str, Resource]]:
    for one in stack.view.all("aws_eks_pod_identity_association"):
        if _is(stack, one.get("role_arn"), role):
            pods = f"{one.get('namespace')}/{one.get('service_account')}"
            yield pods if _in_cluster(stack, one) else f"{pods} of cluster {one.get('cluster_name')}", one
    for addon in stack.view.all("aws_eks_addon"):
        for block in addon.blocks("pod_identity_association"):
            if _is(stack, block.get("role_arn"), role):
                namespace = _ADDON_NAMESPACES.get(str(addon.get("addon_name")), "kube-system")
                yield f"{namespace}/{block.get('service_account')}", addon


def _in_cluster(stack: Subject, association: Resource) -> bool:
    """Whether an association is of the environment's cluster."""
    name = association.get("cluster_name")
    cluster = stack.view.target(name)
    return name == names.cluster(stack.target) or (cluster is not None and cluster.type == "aws_eks_cluster")


def _is(stack: Subject, value: object, role: Resource) -> bool:
    target = stack.view.target(value)
    return target == role if target is not None else str(value).endswith(f":role/{role.get('name')}")


def _federated(
    stack: Subject, objects: Objects, trust: list[Statement], caller: Caller, by: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The workflows that may act as a role: each subject that a condition names, and any other one."""
    identity = stack.environment.identity
    host = identity.issuer_host
    if caller.value != f"arn:aws:iam::{objects.account}:oidc-provider/{host}":
        yield caller.name, by
        return
    key = f"{host}:sub"
    subjects = {
        value
        for one in trust
        for keys in one.condition.values()
        for name, values in keys.items()
        if name.lower() == key
        for value in values
    }
    context: Context = {f"{host}:aud": identity.audience(names.STS)}
    if _lets(trust, caller, {**context, key: "repo:anyone/anything:ref:refs/heads/main"}):
        yield "workflow *", by
        return
    for subject in sorted(subjects):
        if _lets(trust, caller, {**context, key: subject.replace("*", "x").replace("?", "x")}):
            yield f"workflow {subject}", by
