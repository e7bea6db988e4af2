"""Helpers of several Azure checks. Azure stacks refer to most resources by computed id, not by reference."""

from collections.abc import Iterable, Iterator, Mapping

from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Observation, at_least, empty, equal, includes, shown
from terrace.assurance.view import Resource, blocks
from terrace.azure import names
from terrace.calls import Absent
from terrace.capabilities.keys import Purpose
from terrace.environment.schema import Optional

PUBLISHED: Mapping[Optional, tuple[str, ...]] = {
    "cache": ("usedmemorypercentage", "evictedkeys"),
    "database": ("cpu_percent", "storage_percent", "active_connections", "is_db_alive"),
}
"""Metrics of the capabilities that an environment may leave out."""


def referenced(stack: Subject, type: str, value: object) -> Resource | None:
    """The resource of a type that a value refers to: by reference, or by an id or a name that ends in its name."""
    target = stack.view.target(value)
    if target is not None:
        return target if target.type == type else None
    if not isinstance(value, str):
        return None
    parts = value.rstrip("/").split("/")
    named = [one for one in stack.all(type) if one.get("name") == parts[-1]]
    return named[0] if len(named) == 1 else None


def referrers(stack: Subject, type: str, attribute: str, to: Resource) -> list[Resource]:
    """The resources of a type whose attribute refers to a resource."""
    return [one for one in stack.all(type) if referenced(stack, to.type, one.get(attribute)) == to]


def uses(
    stack: Subject, resource: Resource, value: object, name: str, purpose: Purpose, place: str = ""
) -> Observation:
    """Whether a value is the key of a purpose; `place` is recovery, or geo for the paired region."""
    expected = names.key_url(stack.target, purpose, place)
    key = stack.view.target(value)
    suffix = "-recovery" if place else ""
    ok = key.path == f"keys/{purpose}{suffix}" if key else value == expected
    return Observation(str(resource), f"{name} = {key or value or 'unset'}", ok, f"keys/{purpose}{suffix}")


def unset(resource: Resource, *names: str) -> Iterator[Observation]:
    """Attributes and blocks that have to be absent, empty or false; each would narrow or open what is there."""
    for name in names:
        value = resource.get(name)
        yield Observation(str(resource), f"{name} = {shown(value or None)}", not value, "unset")


_NARROWING = """
    caller level levels recommendation_category recommendation_impact recommendation_type resource_group
    resource_groups resource_id resource_ids resource_provider resource_providers resource_type status sub_status
    sub_statuses
"""
"""Conditions of an activity-log alert that no alarm of the kit needs."""


def unnarrowed(alarm: Resource) -> Observation:
    """Whether an activity-log alert has only the conditions that its check compares."""
    narrowed = [word for word in _NARROWING.split() if alarm.get(f"criteria.{word}")]
    return empty(str(alarm), "conditions that narrow it", narrowed)


def features(stack: Subject, name: str) -> list[dict[str, object]]:
    """The blocks of a name in the provider's `features`, which decide what a destroy does."""
    return [block for _, provider in stack.view.providers for block in blocks(provider, f"features.{name}")]


def lock(stack: Subject, one: Resource, protected: Resource) -> Iterator[Observation]:
    """Whether a lock prevents the deletion of a resource."""
    yield equal(str(one), "lock_level", one.get("lock_level"), "CanNotDelete")
    scope = referenced(stack, protected.type, one.get("scope"))
    yield equal(str(one), "scope", str(scope or one.get("scope")), str(protected))


def logged(stack: Subject, resource: Resource, categories: Iterable[str], part: str = "") -> Observation:
    """Whether these log categories of a resource are sent to a destination; allLogs includes every category."""
    sent = [
        str(log.get("category") or log.get("category_group"))
        for setting in diagnostics(stack, resource, part)
        for log in setting.blocks("enabled_log")
    ]
    if "allLogs" in sent:
        return Observation(str(resource), "log categories: all", True)
    return includes(str(resource), "log categories", sent, categories)


def diagnostics(stack: Subject, resource: Resource, part: str = "") -> list[Resource]:
    """The diagnostic settings of a resource, or of a part of it (/blobServices/default)."""
    written = f"{resource.type} {resource.path} id{part}"
    return [
        setting
        for setting in stack.all("azurerm_monitor_diagnostic_setting")
        if str(setting.get("target_resource_id")) == written
        or (not part and referenced(stack, resource.type, setting.get("target_resource_id")) == resource)
    ]


def workspace_retains(stack: Subject, days: int) -> Observation:
    """Whether the workspace keeps its logs for at least `days`."""
    workspace = stack.view.only("azurerm_log_analytics_workspace")
    return at_least(str(workspace), "retention_in_days", workspace.get("retention_in_days"), days)


def granted(stack: Subject, identity: Resource) -> list[tuple[str, str]]:
    """(role, scope) of each assignment to an identity: the name of a built-in role, the path of a custom one."""
    assignments = stack.view.pointing("azurerm_role_assignment", "principal_id", identity)
    return [(_role(stack, one), str(one.get("scope"))) for one in assignments]


def _role(stack: Subject, assignment: Resource) -> str:
    id = assignment.get("role_definition_id")
    custom = stack.view.target(id)
    return custom.path if custom is not None else str(assignment.get("role_definition_name", id))


def pods(stack: Subject, identity: Resource) -> list[str]:
    """namespace/account of the pods that may act as an identity."""
    credentials = stack.view.pointing("azurerm_federated_identity_credential", "user_assigned_identity_id", identity)
    subjects = [str(one.get("subject")) for one in credentials]
    return [subject.removeprefix("system:serviceaccount:").replace(":", "/") for subject in subjects]


def subnet(stack: Subject, value: object) -> Resource:
    """The subnet that a value refers to. Raises Absent."""
    resource = referenced(stack, "azurerm_subnet", value)
    if resource is None:
        raise Absent(f"{value or 'nothing'} is not an azurerm_subnet of the stack")
    return resource
