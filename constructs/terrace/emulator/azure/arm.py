"""Resource Manager: PUT, PATCH, GET, DELETE by id, collections in pages, POST actions. Independent of any service.

Source: the "Resource Provider Contract" (azure-resource-manager-rpc): statuses, operations, pages.
"""

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from terrace.emulator.azure import checks, pages
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.ids import ResourceId, guid, parse
from terrace.emulator.azure.kind import Kind, Refused, Resource, Unsupported, find, location
from terrace.emulator.azure.operations import Operation, Operations
from terrace.emulator.azure.store import Body, Item, Store, merge, without_nulls
from terrace.emulator.contract import Account, Faults

_OPERATIONS = "providers/Microsoft.Resources/operationStatuses"


Collection = Callable[[ResourceId, Store, Mapping[str, str]], list[Body]]
"""A computed list: id with its tail, store, query -> complete bodies."""


class Arm:
    """management.azure.com for one subscription."""

    def __init__(
        self,
        store: Store,
        kinds: Mapping[str, Kind],
        collections: Mapping[str, Collection],
        account: Account,
        faults: Faults,
    ) -> None:
        self.store = store
        self._kinds, self._collections, self._account = kinds, collections, account
        self._iam_delay = faults.iam_delay_seconds
        self.operations = Operations(faults)

    def __call__(self, call: Call) -> Response:
        id = parse(call.path)
        if "api-version" not in call.query:
            raise Refused(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        if id.subscription and id.subscription.lower() != self._account["subscription_id"].lower():
            raise Refused(404, "SubscriptionNotFound", f"The subscription '{id.subscription}' could not be found.")
        if _OPERATIONS.lower() in id.key:
            self.operations.wait(id.name)
            return Response(200, self.operations.status(id.name))
        with self.store.lock:
            self.operations.settle()
            if id.tail:
                return self._below(id, call)
            if call.method in ("GET", "HEAD"):
                return Response(200 if call.method == "GET" else 204, self.read(id))
            if call.method in ("PUT", "PATCH"):
                return self._write(id, call.body, patch=call.method == "PATCH")
            if call.method == "DELETE":
                return self._delete(id)
        raise Unsupported

    def kind(self, type: str) -> Kind:
        """The definition of a type. Raises Unsupported for an unknown one."""
        kind = self._kinds.get(type.lower())
        if kind is None:
            raise Unsupported
        return kind

    def resource(self, item: Item) -> Resource:
        return Resource(parse(item.id), item.body, self.store)

    def _built_in(self, id: ResourceId, kind: Kind) -> Body | None:
        return kind.built_in(Resource(id, {}, self.store)) if kind.built_in else None

    # reading

    def read(self, id: ResourceId) -> Body:
        kind, item = self.kind(id.type), self.store.get(id.path)
        if item is not None and time.time() >= item.visible_from:
            return self.view(item)
        built_in = self._built_in(id, kind) if item is None else None
        if built_in is None or not self.exists(id.parent):
            checks.group_exists(id, self.store)
            raise checks.not_found(id)
        return self.view(Item(id.path, id.type, built_in))

    def exists(self, id: str) -> bool:
        """Whether a resource has this id. An empty id exists; a part of a resource exists if the resource does."""
        parsed = parse(id)
        if not id or self.store.get(id):
            return True
        kind = self._kinds.get(parsed.type.lower())
        if kind is None or self._built_in(parsed, kind) is not None:
            return self.exists(parsed.parent) if parsed.parent or kind else False
        return False

    def view(self, item: Item) -> Body:
        """The body of a GET: what was sent, the values that the type computes, and the common fields of resources."""
        kind, resource = self.kind(item.type), self.resource(item)
        view: Body = merge({"properties": kind.defaults(resource)}, item.body)
        view = merge(view, {"properties": kind.computed(resource)})
        properties = view["properties"]
        for name in kind.write_only:
            properties.pop(name, None)
        for name in kind.inline:
            properties[name] = [self.view(child) for child in self.store.children(item.id, name)]
        for name, collection in kind.flat.items():
            children = map(self.view, self.store.children(item.id, collection))
            properties[name] = [{"name": child["name"], **child["properties"]} for child in children]
        if not kind.stateless:
            properties["provisioningState"] = self.operations.state(item.operation)
        if "location" in view:
            view["location"] = location(view["location"])
        if isinstance(view.get("identity"), dict):
            view["identity"] = self._identity(view["identity"], resource.id)
        view |= {"id": item.id, "name": resource.id.name, "type": resource.id.type, "etag": f'W/"{item.etag}"'}
        if kind.shape:
            kind.shape(view, resource)
        return view

    def _identity(self, identity: Body, id: ResourceId) -> Body:
        shown = {"type": identity.get("type", "None")}
        if "systemassigned" in shown["type"].lower().replace(" ", ""):
            shown |= {"principalId": guid(id.path, "identity"), "tenantId": self._account["tenant_id"]}
        if users := identity.get("userAssignedIdentities"):
            shown["userAssignedIdentities"] = {
                user: {"principalId": guid(user, "principal"), "clientId": guid(user, "client")} for user in users
            }
        return shown

    # writing

    def _write(self, id: ResourceId, sent: Any, *, patch: bool) -> Response:
        kind, item = self.kind(id.type), self.store.get(id.path)
        if not isinstance(sent, dict):
            raise Refused(
                400, "InvalidRequestContent", "The request content was invalid and could not be deserialized."
            )
        before = item.body if item else self._built_in(id, kind)
        if patch:
            if before is None:
                raise checks.not_found(id)
            body = merge(before, sent)
            if "tags" in sent:
                body["tags"] = without_nulls(sent["tags"] or {})
        else:
            body = without_nulls(sent)
        body.setdefault("properties", {})
        for path in kind.keeps:
            _keep(body["properties"], (before or {}).get("properties", {}), path)
        if kind.name:
            id = parse(f"{id.path.rpartition('/')[0]}/{kind.name(Resource(id, body, self.store))}")
            item = self.store.get(id.path)
        resource = Resource(id, body, self.store, before)
        for refusal in checks.of_write(resource, kind, self.exists):
            raise refusal
        if item is None and id.key in self.store.deleted and kind.recovers and kind.recovers(resource):
            self.store.recover(id.path)
            item = self.store.get(id.path)
        operation = self._begin("Updating" if item else "Creating", id, kind)
        self._put(id, body, kind, created=item is None, operation=operation)
        status = kind.updated if item else kind.created
        if operation and kind.operation and not patch:
            status = kind.operation
        stored = self.store.get(id.path)
        assert stored is not None
        return self._respond(status, self.view(stored), operation)

    def _begin(
        self, verb: str, id: ResourceId, kind: Kind, effect: Callable[[], None] | None = None
    ) -> Operation | None:
        if kind.operation:
            return self.operations.begin(verb, id.path, effect)
        if self.operations.fails(id.path):  # without an operation, the request itself fails
            raise Refused(409, "OperationFailed", f"The operation on '{id.path}' failed: an injected fault.")
        return None

    def _put(
        self,
        id: ResourceId,
        body: Body,
        kind: Kind,
        *,
        created: bool,
        operation: Operation | None = None,
        managed: bool = False,
    ) -> None:
        old = self.store.get(id.path)
        properties = body["properties"]
        inline = {name: properties.pop(name) for name in kind.inline if name in properties}
        flat = {
            collection: [
                {"name": entry["name"], "properties": {key: v for key, v in entry.items() if key != "name"}}
                for entry in properties.pop(name)
            ]
            for name, collection in kind.flat.items()
            if name in properties
        }
        item = Item(old.id if old else id.path, id.type, body, managed, operation=operation.id if operation else "")
        if old:
            item.created, item.visible_from = old.created, old.visible_from
        elif kind.delayed:
            item.visible_from = time.time() + self._iam_delay
        self.store.write(item)
        for name, entries in (inline | flat).items():
            names = {entry["name"].lower() for entry in entries}
            for child in self.store.children(id.path, name):
                if parse(child.id).name.lower() not in names and name in inline:
                    self.store.remove(child.id)
            for entry in entries:
                self._part(f"{id.path}/{name}/{entry['name']}", entry)
        if created and kind.creates:
            for path, complete in kind.creates(Resource(id, body, self.store)).items():
                self._part(path, complete, managed=True)

    def _part(self, path: str, complete: Body, *, managed: bool = False) -> None:
        id = parse(path)
        body = {name: value for name, value in complete.items() if name not in ("id", "name", "etag", "type")}
        body.setdefault("properties", {})
        self._put(id, body, self.kind(id.type), created=self.store.get(path) is None, managed=managed)

    def _delete(self, id: ResourceId) -> Response:
        kind, item = self.kind(id.type), self.store.get(id.path)
        for refusal in checks.of_delete(id, kind, self.store):
            raise refusal
        if item is None:
            return Response(204)
        operation = None
        if not kind.immediate_delete:
            operation = self._begin(
                "Deleting", id, kind, lambda: self.store.remove(id.path, recoverable=kind.soft_delete)
            )
        if operation is None:
            self.store.remove(id.path, recoverable=kind.soft_delete)
            return Response(kind.deleted)
        item.operation = operation.id
        return self._respond(202, None, operation)

    def _respond(self, status: int, body: Any, operation: Operation | None) -> Response:
        if operation is None and status != 202:
            return Response(status, body)
        subscription, number = self._account["subscription_id"], operation.id if operation else "done"
        url = f"https://management.azure.com/subscriptions/{subscription}/{_OPERATIONS}/{number}?api-version=2022-09-01"
        return Response(status, body, {"Azure-AsyncOperation": url, "Retry-After": "1" if operation else "0"})

    # collections and actions

    def _below(self, id: ResourceId, call: Call) -> Response:
        name = f"{'' if call.method == 'POST' else f'{call.method} '}{id.tail}".lower()
        kind = self._kinds.get(id.type.lower() if id.name else f"{id.type}/*".lower())
        if kind and name in kind.actions:
            if id.name and not self.exists(id.owner):
                raise checks.not_found(parse(id.owner))
            status, body = kind.actions[name](
                Resource(parse(id.owner), self.store.body(id.owner), self.store), call.body
            )
            return self._respond(status, body, None)
        if call.method != "GET":
            raise Unsupported
        type = f"{id.type}/{id.tail}"
        if collection := self._collections.get(type.lower()):
            return pages.page(collection(id, self.store, call.query), call)
        if "/providers/" not in id.path:  # resource groups are in no provider
            type = f"Microsoft.Resources/{id.tail}"
        self.kind(type)
        if id.name:
            if not self.exists(id.owner):
                raise checks.not_found(parse(id.owner))
            items: Iterable[Item] = self.store.children(id.owner, id.tail)
        else:
            if id.scope and not self.exists(id.scope):
                raise checks.not_found(parse(id.scope))
            items = self.store.of_type(type, id.scope)
        now = time.time()
        return pages.page([self.view(item) for item in items if now >= item.visible_from], call)


def _keep(properties: Body, before: Body, path: str) -> None:
    """Take a property over from before, unless it is given."""
    kept = find(before, path)
    if kept is None or find(properties, path) is not None:
        return
    *above, name = path.split(".")
    for step in above:
        properties = properties.setdefault(step, {})
    properties[name] = copy.deepcopy(kept)
