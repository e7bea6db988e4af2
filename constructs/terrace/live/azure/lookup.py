"""Keys, logs, roles and pods, for the checks of several guarantees."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from terrace.assurance.evaluation import Observation, at_least, equal, includes
from terrace.azure import names
from terrace.azure.permissions import WRITE_BLOBS, Permissions
from terrace.capabilities.keys import Purpose
from terrace.live.azure.checks import Deployment, at, named, same
from terrace.live.azure.session import Absent


class Grant(NamedTuple):
    """An assigned role: its name, its scope and its condition (empty: none)."""

    role: str
    scope: str
    condition: str
    definition: str  # the role's id


def uses(
    deployment: Deployment, resource: str, name: str, url: object, purpose: Purpose, place: str = ""
) -> Observation:
    """Whether a key's URL, with or without a version, is the purpose's; `place` is recovery or geo."""
    expected = names.key_url(deployment.target, purpose, place)
    given = str(url or "")
    good = same(given, expected) or given.lower().startswith(f"{expected.lower()}/")
    return Observation(resource, f"{name} = {given or 'unset'}", good, expected)


def diagnostics(deployment: Deployment, id: str) -> list[dict[str, Any]]:
    """The diagnostic settings of a resource, or of a part of it (/blobServices/default). Raises Absent."""
    return deployment.pages(f"{id}/providers/Microsoft.Insights/diagnosticSettings")


def sent(settings: Iterable[dict[str, Any]]) -> list[str]:
    """The categories, and groups of categories, that settings send."""
    logs = [log for setting in settings for log in at(setting, "logs", [])]
    return [str(log.get("category") or log.get("categoryGroup")) for log in logs if log.get("enabled")]


def logged(deployment: Deployment, resource: str, id: str, categories: Iterable[str]) -> Observation:
    """Whether the workspace gets these categories of a resource's logs (allLogs is all of them)."""
    workspace = names.workspace_id(deployment.target)
    found = [one for one in diagnostics(deployment, id) if same(at(one, "workspaceId"), workspace)]
    categories_sent = sent(found)
    if "allLogs" in categories_sent:
        return Observation(resource, "logs: all", True)
    return includes(resource, "logs", categories_sent, categories)


def workspace_keeps(deployment: Deployment, days: int) -> Observation:
    """Whether the one workspace keeps its logs for these days."""
    id = names.workspace_id(deployment.target)
    found = deployment.get(id)
    return at_least(f"workspace {named(id)}", "retentionInDays", at(found, "retentionInDays"), days)


def principal(deployment: Deployment, identity: str) -> str:
    """The object id of an identity, by its id. Raises Absent."""
    return str(at(deployment.get(identity), "principalId"))


def assignments(deployment: Deployment) -> list[dict[str, Any]]:
    """Every role assignment in the subscription, on any scope."""
    return deployment.pages(
        f"{names.subscription(deployment.target)}/providers/Microsoft.Authorization/roleAssignments"
    )


def granted(deployment: Deployment, object_id: str) -> list[Grant]:
    """The roles of an identity, by its object id."""
    mine = [one for one in assignments(deployment) if same(at(one, "principalId"), object_id)]
    return [_grant(deployment, one) for one in mine]


def on(deployment: Deployment, scope: str, role: str) -> list[str]:
    """The object ids with a role on exactly this scope."""
    here = [one for one in assignments(deployment) if same(at(one, "scope"), scope)]
    return sorted(str(at(one, "principalId")) for one in here if _grant(deployment, one).role == role)


def _grant(deployment: Deployment, assignment: dict[str, Any]) -> Grant:
    definition = str(at(assignment, "roleDefinitionId"))
    return Grant(
        role=role_name(deployment, definition),
        scope=str(at(assignment, "scope")),
        condition=str(at(assignment, "condition", "")),
        definition=definition,
    )


def role_name(deployment: Deployment, definition: str) -> str:
    """A role's name by its id; the id itself for a deleted role."""
    try:
        return str(at(role(deployment, definition), "roleName"))
    except Absent:
        return definition


def role(deployment: Deployment, definition: str) -> dict[str, Any]:
    """A role by its id. Raises Absent.

    An assignment has every role's id in the subscription. Built-in roles can be read there, the deployment's own only
    in the group where they can be assigned.
    """
    guid = definition.rstrip("/").rpartition("/")[2]
    kind = "providers/Microsoft.Authorization/roleDefinitions"
    for group in deployment.groups:
        try:
            own = deployment.pages(f"{group}/{kind}")
        except Absent:
            continue
        for one in own:
            if same(one["name"], guid):
                return one
    return deployment.get(f"{names.subscription(deployment.target)}/{kind}/{guid}")


def permissions(role: dict[str, Any], kind: str) -> list[str]:
    """The `actions` or `dataActions` of a role."""
    return sorted({str(action) for block in at(role, "permissions", []) for action in block.get(kind) or []})


def writer_permissions(deployment: Deployment) -> Iterator[Observation]:
    """Whether the role for writing blobs allows that and nothing else, such as to delete the container."""
    yield from role_permissions(deployment, names.BLOB_WRITER, WRITE_BLOBS)


def role_permissions(deployment: Deployment, purpose: str, wanted: Permissions) -> Iterator[Observation]:
    """Whether a custom role allows what it is for and nothing else."""
    id = names.role_id(deployment.target, names.guid(deployment.target, purpose))
    found, resource = role(deployment, id), f"role {names.role(deployment.target, purpose)}"
    yield equal(resource, "actions", permissions(found, "actions"), sorted(wanted.actions))
    yield equal(resource, "dataActions", permissions(found, "dataActions"), sorted(wanted.data_actions))


def trusts(deployment: Deployment, identity: str) -> list[dict[str, Any]]:
    """The tokens that an identity accepts, by its id: issuer, subject, audiences. Raises Absent."""
    return deployment.pages(f"{identity}/federatedIdentityCredentials")


def pods(deployment: Deployment, identity: str) -> list[str]:
    """namespace/account of the cluster's pods that may use an identity. Raises Absent."""
    begin = "system:serviceaccount:"
    own = deployment.environment.cluster is not None
    issuer = at(deployment.get(names.cluster_id(deployment.target)), "oidcIssuerProfile.issuerURL") if own else None
    bound = []
    for trust in trusts(deployment, identity):
        subject = str(at(trust, "subject"))
        ours = same(at(trust, "issuer"), issuer) and subject.startswith(begin)
        bound.append(subject.removeprefix(begin).replace(":", "/") if ours else f"{at(trust, 'issuer')} {subject}")
    return sorted(bound)


def locks(deployment: Deployment, scope: str) -> Iterator[tuple[str, str]]:
    """Name and level of the locks on exactly this scope, without inherited ones."""
    for lock in deployment.pages(f"{scope}/providers/Microsoft.Authorization/locks"):
        if str(lock["id"]).lower().startswith(f"{scope.lower()}/providers/microsoft.authorization/"):
            yield str(lock["name"]), str(at(lock, "level"))


def alarm_queries(deployment: Deployment, *severities: str) -> list[str]:
    """The queries of enabled alarms that notify the group of one of these severities."""
    groups = {names.topic_id(deployment.target, severity).lower() for severity in severities}
    return [
        str(criterion.get("query"))
        for alarm in deployment.all("Microsoft.Insights/scheduledQueryRules")
        if at(alarm, "enabled", True) and groups & {str(one).lower() for one in at(alarm, "actions.actionGroups", [])}
        for criterion in at(alarm, "criteria.allOf", [])
    ]


def activity_alerts(deployment: Deployment) -> list[str]:
    """The categories and operations of enabled activity-log alerts that notify the group of critical alarms."""
    critical = names.topic_id(deployment.target, "critical")
    return [
        str(condition.get("equals"))
        for alarm in deployment.all("Microsoft.Insights/activityLogAlerts")
        if at(alarm, "enabled", True)
        and any(same(one.get("actionGroupId"), critical) for one in at(alarm, "actions.actionGroups", []))
        for condition in at(alarm, "condition.allOf", [])
    ]
