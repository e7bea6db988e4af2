"""Observation what an attribute means: Azure's stacks name most things by ids that are computed, not by references."""

from collections.abc import Iterable

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Absent, Observation, at_least, includes
from terrace.assurance.view import Resource
from terrace.azure import names
from terrace.capabilities.keys import Purpose


def meant(stack: Subject, type: str, value: object) -> Resource | None:
    """The resource of a type that a value means: a reference, or an id or name that ends in its name."""
    target = stack.view.target(value)
    if target is not None:
        return target if target.type == type else None
    if not isinstance(value, str):
        return None
    parts = value.rstrip("/").split("/")
    named = [one for one in stack.all(type) if one.get("name") == parts[-1]]
    return named[0] if len(named) == 1 else None


def meaning(stack: Subject, type: str, attribute: str, to: Resource) -> list[Resource]:
    """The resources of a type whose attribute means a resource."""
    return [one for one in stack.all(type) if meant(stack, to.type, one.get(attribute)) == to]


def uses(
    stack: Subject, resource: Resource, value: object, name: str, purpose: Purpose, place: str = ""
) -> Observation:
    """Whether a value is the purpose's key; `place` is recovery, or geo for the region that Azure pairs."""
    wanted = names.key_url(stack.target, purpose, place)
    key = stack.view.target(value)
    suffix = "-recovery" if place else ""
    good = key.path == f"keys/{purpose}{suffix}" if key else value == wanted
    return Observation(str(resource), f"{name} = {key or value or 'unset'}", good, f"keys/{purpose}{suffix}")


def logged(stack: Subject, resource: Resource, categories: Iterable[str], part: str = "") -> Observation:
    """Whether the workspace or an account gets these categories of a resource's logs (allLogs is all of them)."""
    sent = [
        str(log.get("category") or log.get("category_group"))
        for setting in diagnostics(stack, resource, part)
        for log in setting.blocks("enabled_log")
    ]
    if "allLogs" in sent:
        return Observation(str(resource), "logs: all", True)
    return includes(str(resource), "logs", sent, categories)


def diagnostics(stack: Subject, resource: Resource, part: str = "") -> list[Resource]:
    """The diagnostic settings of a resource, or of a part of it (/blobServices/default)."""
    written = f"{resource.type} {resource.path} id{part}"
    return [
        setting
        for setting in stack.all("azurerm_monitor_diagnostic_setting")
        if str(setting.get("target_resource_id")) == written
        or (not part and meant(stack, resource.type, setting.get("target_resource_id")) == resource)
    ]


def workspace_keeps(stack: Subject, days: int) -> Observation:
    """Whether the one workspace keeps its logs for these days."""
    found = stack.view.only("azurerm_log_analytics_workspace")
    return at_least(str(found), "retention_in_days", found.get("retention_in_days"), days)


def granted(stack: Subject, identity: Resource) -> list[tuple[str, str]]:
    """(role, scope) of each assignment to an identity."""
    found = stack.view.pointing("azurerm_role_assignment", "principal_id", identity)
    return [(str(one.get("role_definition_name")), str(one.get("scope"))) for one in found]


def pods(stack: Subject, identity: Resource) -> list[str]:
    """namespace/account of the pods that may act as an identity."""
    found = stack.view.pointing("azurerm_federated_identity_credential", "user_assigned_identity_id", identity)
    subjects = [str(one.get("subject")) for one in found]
    return [subject.removeprefix("system:serviceaccount:").replace(":", "/") for subject in subjects]


def subnet(stack: Subject, value: object) -> Resource:
    """The subnet that a value means. Raises Absent."""
    found = meant(stack, "azurerm_subnet", value)
    if found is None:
        raise Absent(f"{value or 'nothing'} is no azurerm_subnet of ours")
    return found
