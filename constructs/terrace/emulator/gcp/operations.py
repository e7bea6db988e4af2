"""Long-running operations: done when they are born, unless a fault asks for slow or failing ones.

Two kinds: `done` with a `response` or an `error` (AIP-151), and `status: DONE` of Compute, GKE, Cloud SQL and DNS.
"""

import re
import time
import uuid

from terrace.emulator.gcp.call import Call, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now, number

_REMEMBERED = 5000


def answers_operation(call: Call) -> bool:
    """Whether the call's method answers an operation instead of the resource."""
    return "operation" in call.method.response.lower()


def answer(call: Call, resource: Json | None, key: str = "", *, error: str = "") -> Json:
    """What a change is answered with: the resource itself, or an operation that ends with it, or with `error`."""
    if not answers_operation(call):
        return resource or {}
    known = call.document.properties(call.method.response)
    name = name_of(key) if key else call.name
    if not call.document.is_published or "done" in known:
        made = _modern(call, resource, name, error)
    elif "status" in known:
        made = _classic(call, resource, name, error, set(known))
    else:
        return resource or {}
    record = {"body": made, "until": time.time() + call.cloud.faults.operation_seconds}
    remembered = call.cloud.operations
    remembered[f"{call.service}/{made.get('_at') or made['name']}"] = record
    while len(remembered) > _REMEMBERED:
        del remembered[next(iter(remembered))]
    return _seen(record)


def read(call: Call) -> Json:
    """An operation that a client asks after."""
    record = call.cloud.operations.get(call.key.removesuffix("/wait"))
    if record is None:
        raise missing(call.name)
    return _seen(record)


def is_operation(call: Call) -> bool:
    """Whether the call asks after an operation."""
    asked = call.http == "GET" or call.name.endswith("/wait")
    return asked and bool(re.search(r"(^|/)operations/[^/]+(/wait)?$", call.name))


def _seen(record: Json) -> Json:
    body = {name: value for name, value in record["body"].items() if name != "_at"}
    if time.time() >= record["until"]:
        return body
    under_way = {"status": "RUNNING"} if "status" in body else {"done": False}
    over = ("response", "error", "endTime", "progress", "httpErrorStatusCode", "httpErrorMessage")
    return {name: value for name, value in body.items() if name not in over} | under_way


def _modern(call: Call, resource: Json | None, name: str, error: str) -> Json:
    end: Json = {"response": {"@type": f"type.googleapis.com/{call.schema}", **(resource or {})}}
    if error:
        end = {"error": {"code": 13, "message": error, "details": []}}
    return {"name": f"{_scope(call, name)}operations/op-{uuid.uuid4()}", "done": True, "metadata": {}, **end}


def _classic(call: Call, resource: Json | None, name: str, error: str, known: set[str]) -> Json:
    scope, id = _scope(call, name), f"operation-{uuid.uuid4()}"
    made: Json = {
        "kind": f"{call.service.removesuffix('admin')}#operation",
        "name": id,
        "id": number(id),
        "status": "DONE",
        "progress": 100,
        "operationType": call.method.verb,
        "targetLink": call.url(name),
        "targetId": (resource or {}).get("id", number(name)),
        "targetProject": call.project,
        "insertTime": now(),
        "startTime": now(),
        "endTime": now(),
        "selfLink": call.url(f"{scope}operations/{id}"),
    }
    for place in ("region", "zone"):
        if found := re.search(rf"projects/[^/]+/{place}s/[^/]+", name):
            made[place] = call.url(found[0])
    ref = call.document.properties(call.method.response).get("progress", {}).get("$ref")
    made = {field: value for field, value in made.items() if field in known and not (ref and field == "progress")}
    if error and call.service == "container":
        made["error"] = {"code": 13, "message": error}
    elif error:
        made["error"] = {"errors": [{"code": "INTERNAL_ERROR", "message": error}]}
        made["httpErrorStatusCode"], made["httpErrorMessage"] = 503, "SERVICE UNAVAILABLE"
    return made | {"_at": f"{scope}operations/{id}"}


def _scope(call: Call, name: str) -> str:
    """Below what a service keeps the operations on `name`: the place, all places, the resource itself, or nothing."""
    around = "".join(re.findall(r"^(projects/[^/]+/)?((?:locations|zones|regions)/[^/]+/|global/)?", name)[0])
    # Compute keeps those on the project itself with the global ones
    candidates = (around, f"{around}global/", f"{name}/", f"{name.rpartition('/')[0]}/", "")
    for scope in candidates:
        if not call.document.is_published:
            return scope
        found = call.document.method("GET", f"{call.prefix}{scope}operations/any")
        if found and found.id.lower().endswith("operations.get"):
            return scope
    return candidates[0]
