"""The generic methods of every service: create, get, list, update, delete, and custom methods."""

import re
from typing import Any

from terrace.emulator.gcp import operations, policies, quirks
from terrace.emulator.gcp.call import Call, Refused, Response, Unsupported, last, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import SERVICE_FIELDS, STAMPS, fill, mask, merge
from terrace.emulator.gcp.quirks import present, required

CREATES = ("create", "insert", "post", "createAsync", "createPolicy")


def run(call: Call) -> Json | Response:
    """The response to a call that passed the general checks."""
    quirk = quirks.RESPONSES.get((call.service, call.kind))
    if quirk is not None and (response := quirk(call)) is not None:
        return response
    if operations.is_operation(call):
        return operations.read(call)
    if not call.is_known:
        raise Unsupported
    verb = call.method.verb
    if "IamP" in verb:
        return policies.run(call)
    if call.http == "GET" and re.match("[lL]ist|aggregatedList", verb):
        return read_list(call)
    if verb in ("get", "getPolicy"):
        return required(call, call.key)
    for known, standard in ((CREATES, create), (_UPDATES, update), (("delete",), delete)):
        if verb in known:
            return standard(call)
    if call.http == "POST":
        return act(call)
    raise Unsupported


_UPDATES = ("patch", "update", "updateAsync", "updatePolicy")


def read_list(call: Call) -> Json:
    """A page of a collection; `pageToken` is its offset."""
    if call.method.verb.startswith("aggregated"):
        return _aggregated(call)
    known = call.document.properties(call.method.response)
    arrays = (name for name, entry in known.items() if "$ref" in entry.get("items", ()) and name != "warnings")
    field = next(arrays, last(call.name))
    matching = [resource for _, resource in call.store.below(call.key) if _matches(resource, call.query)]
    size = next((int(call.query[name]) for name in ("pageSize", "maxResults") if call.query.get(name)), 0) or 500
    start = int(call.query.get("pageToken") or 0)
    page: Json = {field: matching[start : start + size]}
    if "kind" in known:
        page["kind"] = known["kind"].get("default", f"{call.service}#list")
    if start + size < len(matching):
        page["nextPageToken"] = str(start + size)
    return page


def _aggregated(call: Call) -> Json:
    project, collection = call.name.split("/aggregated/")
    scopes: dict[str, Json] = {}
    for key, resource in call.store.resources():
        pattern = rf"{call.service}/{re.escape(project)}/(global|(?:zones|regions)/[^/]+)/{collection}/[^/]+"
        if match := re.fullmatch(pattern, key):
            scopes.setdefault(match[1], {}).setdefault(collection, []).append(resource)
    return {"items": scopes}


def _matches(resource: Json, query: dict[str, str]) -> bool:
    """Evaluate a filter `field = "value"`; any other filter matches everything."""
    match = re.fullmatch(r'\(?(\w+)\s*(?:=|eq|:)\s*"?([^"()]+)"?\)?', query.get("filter", ""))
    return match is None or str(resource.get(match[1], "")) == match[2]


def create(call: Call, id: str = "") -> Json:
    """Create the resource in the body, as `id` or with the id from the query or the body."""
    by_query = False
    if not id and call.http == "PUT":
        call.name, _, id = call.name.rpartition("/")
    elif not id:
        id, by_query = call.identifier()
    key = f"{call.key}/{id}"
    if present(call, key) is not None:
        raise Refused(409, "ALREADY_EXISTS", f"The resource '{name_of(key)}' already exists")
    resource = call.sent
    if by_query or not resource.get("name"):
        resource["name"] = name_of(key) if call.method.full_names else id
    return commit(call, resource, key)


def update(call: Call) -> Json:
    """PATCH by the update mask or as a merge patch, PUT by replacing all fields except the service's own."""
    key, resource = call.key, present(call, call.key)
    if resource is None:
        if call.query.get("allowMissing") == "true" or call.query.get("upsert") == "true":
            call.name, _, id = call.name.rpartition("/")
            return create(call, id)
        raise missing(call.name)
    refuse_stale(call, resource)
    name = resource.get("name")
    paths = call.query.get("updateMask") or call.query.get("update_mask") or call.body.get("updateMask") or ""
    if paths and paths != "*":
        mask(resource, call.sent, paths.split(","))
    elif (call.http, call.service) in _GIVEN_FIELDS:
        resource |= call.sent
    elif call.http == "PATCH":
        merge(resource, call.sent)
    else:
        known = call.document.properties(call.schema)
        own = (each for each in resource if known.get(each, {}).get("readOnly") or each in SERVICE_FIELDS)
        resource = {each: resource[each] for each in own} | call.sent
    if name:
        resource["name"] = name
    return commit(call, resource, key)


# Replaces each given field as a whole and keeps the others: a notification channel's labels change with its type, and
# the provider sends the settings of an instance by PUT.
# Source: gcloud reference, "gcloud beta monitoring channels update", which without --fields replaces the channel
_GIVEN_FIELDS = frozenset({("PATCH", "monitoring"), ("PUT", "sqladmin")})


def commit(call: Call, resource: Json, key: str) -> Json:
    """Check and complete a resource, then store it: a refused request changes nothing."""
    collection = key.rsplit("/", 2)[-2]
    quirks.check_write(call, resource, collection)
    failing = call.cloud.faults.fail_operation
    if failing and failing in key and not call.cloud.failed and operations.returns_operation(call):
        call.cloud.failed = True
        return operations.respond(call, None, key, error=f"The operation on {name_of(key)} failed: an injected fault")
    fill(call, resource, key)
    for complete in quirks.COMPLETIONS.get((call.service, collection), ()):
        complete(call, resource, key)
    call.store.put(key, resource)
    return operations.respond(call, resource, key)


def delete(call: Call) -> Json:
    resource = required(call, call.key)
    quirks.check_delete(call, resource, call.key.rsplit("/", 2)[-2])
    call.store.remove(call.key)
    return operations.respond(call, None)


def act(call: Call) -> Json:
    """A custom method: `setX` merges its body into the resource, enable and disable set `disabled`."""
    verb = call.action or last(call.name)
    key = call.key if call.action else call.key.rpartition("/")[0]
    resource = required(call, key)
    if verb.startswith(("set", "update", "patch")):
        refuse_stale(call, resource)
        merge(resource, call.sent)
    elif verb in ("enable", "disable"):
        resource["disabled"] = verb == "disable"
    else:
        raise Unsupported
    return commit(call, resource, key)


def refuse_stale(call: Call, resource: Json) -> None:
    """Refuse an etag that is not the current one. Sources: AIP-154; Compute Engine API, "fingerprint"."""
    for name in STAMPS:
        sent: Any = call.sent.get(name) or (call.headers.get("if-match", "").strip('"') if name == "etag" else "")
        if sent and resource.get(name) and sent != resource[name]:
            if call.service in ("compute", "storage"):
                raise Refused(412, "FAILED_PRECONDITION", f"Invalid {name}: the resource was changed since it was read")
            raise Refused(409, "ABORTED", f"The {name} does not match: there were concurrent changes", "aborted")
