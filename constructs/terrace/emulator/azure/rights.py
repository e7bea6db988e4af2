"""The rights of a request: role assignments at or above the scope that it is about, with their conditions.

The application with the client secret is the account's administrator and is not evaluated. Assignments to groups give
nothing, as no member signs in here. Source: Azure documentation, "What is Azure role-based access control"; Azure
Storage REST API, "Authorize with Microsoft Entra ID"; Key Vault, "Azure RBAC for Key Vault data plane operations".
"""

import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from terrace.authorization.azure.conditions import ROLE, holds
from terrace.authorization.azure.roles import BUILT_IN, GUIDS, Role
from terrace.emulator.azure import CALLER_ID
from terrace.emulator.azure.call import Call
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, find
from terrace.emulator.azure.store import Item, Store
from terrace.emulator.decisions import Decisions

_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_CONTAINERS = f"{_ACCOUNTS}/blobServices/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_VAULTS = "Microsoft.KeyVault/vaults"
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_OF_SECRETS = {"GET": "getSecret/action", "PUT": "setSecret/action", "PATCH": "update/action", "DELETE": "delete"}
_OF_KEYS = {"GET": "read", "POST": "create/action", "PUT": "import/action", "PATCH": "update/action"}


class _Ask(NamedTuple):
    """An action, "data " before one of a data plane, on a scope, with the attributes that conditions compare."""

    action: str
    scope: str
    attributes: Mapping[str, str] = {}
    lists: bool = False


class Rights:
    """Evaluates the requests to an account."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.decisions = Decisions()

    def check(self, call: Call) -> None:
        """Raise a 403 if the caller may not make a request."""
        if call.caller == CALLER_ID:
            return
        for ask in self._asks(call):
            by = self._allowed_by(call.caller, ask)
            reason = by or "no role assignment allows the action"
            self.decisions.add(call.caller, ask.action, ask.scope, bool(by), reason)
            if not by:
                raise _refusal(call, ask)

    def _asks(self, call: Call) -> Iterator[_Ask]:
        if call.host.endswith("blob.core.windows.net"):
            yield from _of_blobs(self._store, call)
        elif call.host.endswith("vault.azure.net"):
            yield from _of_vault(self._store, call)
        else:
            yield from _of_manager(call)

    def _allowed_by(self, caller: str, ask: _Ask) -> str:
        """The assignment that allows what is asked for; "" for none."""
        for item in self._store.of_type("Microsoft.Authorization/roleAssignments"):
            scope = item.id.lower().partition("/providers/microsoft.authorization/")[0]
            properties = item.body["properties"]
            if properties.get("principalId") != caller or time.time() < item.visible_from:
                continue
            if not f"{ask.scope.lower()}/".startswith(f"{scope}/"):
                continue
            name, role = self._role(str(properties.get("roleDefinitionId")))
            action = ask.action.removeprefix("data ")
            condition = str(properties.get("condition") or "")
            if role.allows(ask.action) and holds(condition, action, ask.attributes, lists=ask.lists):
                return f"{name} on {scope or '/'}"
        return ""

    def _role(self, id: str) -> tuple[str, Role]:
        name = GUIDS.get(id.rpartition("/")[2].lower(), "")
        if name:
            return name, BUILT_IN.get(name, Role(()))
        body = self._store.body(id)
        allowed: list[str] = []
        but: list[str] = []
        for block in find(body, "properties.permissions", []):
            for into, key, prefix in (
                (allowed, "actions", ""), (allowed, "dataActions", "data "),
                (but, "notActions", ""), (but, "notDataActions", "data "),
            ):  # fmt: skip
                into += [f"{prefix}{one}" for one in block.get(key) or []]
        return str(find(body, "properties.roleName", "")), Role(tuple(allowed), tuple(but))


def _of_manager(call: Call) -> Iterator[_Ask]:
    id = parse(call.path)
    if call.method == "POST":
        yield _Ask("/".join(filter(None, (id.type, id.tail, "action"))), id.owner)
        return
    attributes = {}
    if id.type == "Microsoft.Authorization/roleAssignments" and isinstance(call.body, dict):
        attributes[ROLE] = str(find(call.body, "properties.roleDefinitionId", ""))
    verb = _VERBS.get(call.method, "read")
    yield _Ask("/".join(filter(None, (id.type, id.tail, verb))), id.scope if id.tail else id.owner, attributes)


def _of_blobs(store: Store, call: Call) -> Iterator[_Ask]:
    account = store.named(_ACCOUNTS, call.host.split(".")[0])
    container, _, path = call.path.lstrip("/").partition("/")
    if account is None or call.query.get("comp") == "batch":  # each part of a batch is evaluated
        return
    if not container:
        yield _Ask(f"{_CONTAINERS}/read", account.id)
    elif path:
        verb = {"GET": "read", "HEAD": "read", "DELETE": "delete"}.get(call.method, "write")
        if call.method == "DELETE" and "versionid" in call.query:
            verb = "deleteBlobVersion/action"
        yield _on_blob(account, container, path, verb)
        if source := call.headers.get("x-ms-copy-source", ""):
            yield from _of_copied(store, source)
    elif call.query.get("comp") == "list":
        own = _attributes(account, container) | {f"@Request[{_BLOBS}:prefix]": call.query.get("prefix", "")}
        yield _Ask(f"data {_BLOBS}/read", _scope(account, container), own, lists=True)
    else:
        yield _Ask(f"{_CONTAINERS}/{_VERBS.get(call.method, 'write')}", _scope(account, container))


def _of_copied(store: Store, source: str) -> Iterator[_Ask]:
    url = urlsplit(source)
    account = store.named(_ACCOUNTS, url.netloc.split(".")[0])
    container, _, path = unquote(url.path).lstrip("/").partition("/")
    if account is not None and "sig" not in dict(parse_qsl(url.query)):
        yield _on_blob(account, container, path, "read")


def _on_blob(account: Item, container: str, path: str, verb: str) -> _Ask:
    own = _attributes(account, container) | {f"@Resource[{_BLOBS}:path]": path}
    return _Ask(f"data {_BLOBS}/{verb}", _scope(account, container), own)


def _attributes(account: Item, container: str) -> dict[str, str]:
    name = account.id.rpartition("/")[2]
    return {f"@Resource[{_ACCOUNTS}:name]": name, f"@Resource[{_CONTAINERS}:name]": container}


def _scope(account: Item, container: str) -> str:
    return f"{account.id}/blobServices/default/containers/{container}"


def _of_vault(store: Store, call: Call) -> Iterator[_Ask]:
    vault = store.named(_VAULTS, call.host.split(".")[0])
    words = [word for word in call.path.split("/") if word]
    if vault is None or not words:
        return
    kind, name = words[0].removeprefix("deleted"), "".join(words[1:2])
    scope = f"{vault.id}/{kind}/{name}" if name else vault.id
    yield _Ask(f"data {_VAULTS}/{_item_action(call, kind, words)}", scope)


def _item_action(call: Call, kind: str, words: list[str]) -> str:
    last = words[-1]
    if words[0].startswith("deleted"):
        verb = {"DELETE": "purge/action", "POST": "recover/action"}.get(call.method)
        return f"{kind}/{verb}" if verb else _read(kind)
    if kind == "secrets":
        reads_names = len(words) == 1 or last == "versions"
        return _read(kind) if reads_names else f"secrets/{_OF_SECRETS.get(call.method, 'update/action')}"
    if kind == "keys" and last == "rotationpolicy":
        return f"keyrotationpolicies/{_VERBS.get(call.method, 'write')}"
    if kind == "keys" and call.method == "POST" and len(words) > 2 and last != "create":
        return f"keys/{last.removesuffix('key')}/action"
    if call.method == "DELETE":
        return f"{kind}/delete"
    return f"{kind}/{_OF_KEYS.get(call.method, 'read')}"


def _read(kind: str) -> str:
    return "secrets/readMetadata/action" if kind == "secrets" else f"{kind}/read"


def _refusal(call: Call, ask: _Ask) -> Refused:
    action = ask.action.removeprefix("data ")
    if call.host.endswith("core.windows.net"):
        text = "This request is not authorized to perform this operation using this permission."
        return Refused(403, "AuthorizationPermissionMismatch", text)
    if call.host.endswith("vault.azure.net"):
        text = f"Caller is not authorized to perform action on resource. Action: '{action}' Resource: '{ask.scope}'"
        return Refused(403, "Forbidden", text)
    text = f"The client '{call.caller}' with object id '{call.caller}' does not have authorization to perform action"
    return Refused(403, "AuthorizationFailed", f"{text} '{action}' over scope '{ask.scope}' or the scope is invalid.")
