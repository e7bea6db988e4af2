"""Microsoft.DBforPostgreSQL: flexible servers."""

from typing import Any

from terrace.emulator.azure.kind import Kind, Resource
from terrace.emulator.azure.refusals import database as refused
from terrace.emulator.azure.refusals import keys
from terrace.emulator.azure.store import Body


def _server(resource: Resource) -> Body:
    name = resource.id.name
    return {"state": resource.get("state", "Ready"), "fullyQualifiedDomainName": f"{name}.postgres.database.azure.com"}


def _setting(resource: Resource) -> Body:
    """Every setting exists with the service's default before it is written; a destroy restores the default."""
    return {"properties": {"value": "off", "defaultValue": "off", "source": "system-default", "dataType": "Boolean"}}


def _members(resource: Resource) -> Body:
    """A virtual endpoint lists its own server before the named members."""
    server = resource.id.parent.rpartition("/")[2]
    return {"members": [server, *(name for name in resource.get("members", []) if name != server)]}


def _state(state: str) -> Any:
    def action(resource: Resource, body: Any) -> tuple[int, Any]:
        resource.body["properties"]["state"] = state
        return 202, None

    return action


def _accepted(**quirks: Any) -> Kind:
    """A type whose writes are asynchronous: 202."""
    return Kind(created=202, updated=202, operation=202, **quirks)


SERVER = "Microsoft.DBforPostgreSQL/flexibleServers"
KINDS = {
    SERVER: _accepted(
        computed=_server,
        write_only=("administratorLoginPassword",),
        required=(".location",),
        rules=(*refused.SERVER, keys.database),
        delete_rules=refused.SERVER_DELETE,
        actions={"start": _state("Ready"), "stop": _state("Stopped"), "restart": _state("Ready")},
    ),
    f"{SERVER}/configurations": _accepted(built_in=_setting, rules=refused.SETTING, stateless=True),
    f"{SERVER}/databases": _accepted(stateless=True),
    f"{SERVER}/administrators": _accepted(
        computed=lambda r: {"objectId": r.id.name}, rules=refused.ADMINISTRATOR, stateless=True
    ),
    f"{SERVER}/firewallRules": _accepted(rules=refused.FIREWALL_RULE, stateless=True),
    f"{SERVER}/virtualEndpoints": _accepted(computed=_members, rules=refused.VIRTUAL_ENDPOINT, stateless=True),
}
