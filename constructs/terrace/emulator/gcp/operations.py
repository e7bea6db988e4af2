"""Long-running operations: done at once, unless an injected fault delays them or makes them fail.

Two formats: `done` with a `response` or an `error` (AIP-151), and `status: DONE` of Compute, GKE, Cloud SQL and DNS.
"""

import re
import time
import uuid

from terrace.emulator.gcp.call import Call, missing, name_of
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now, number

_MAXIMUM = 5000


def returns_operation(call: Call) -> bool:
    """Whether the call's method returns an operation instead of the resource."""
    return "operation" in call.method.response.lower()


def respond(call: Call, resource: Json | None, key: str = "", *, error: str = "") -> Json:
    """The response to a change: the resource, or an operation that ends with it or with `error`."""
    if not returns_operation(call):
        return resource or {}
    known = call.document.properties(call.method.response)
    name = name_of(key) if key else call.name
    if not call.document.is_published or "done" in known:
        operation = _modern(call, resource, name, error)
    elif "status" in known:
        operation = _classic(call, resource, name, error, set(known))
    else:
        return resource or {}
    record = {"body": operation, "until": time.time() + call.cloud.faults.operation_seconds}
    stored = call.cloud.operations
    stored[f"{call.service}/{operation.get('_at') or operation['name']}"] = record
    while len(stored) > _MAXIMUM:
        del stored[next(iter(stored))]
    return _current(record)


def read(call: Call) -> Json:
    """The operation that a client polls."""
    record = call.cloud.operations.get(call.key.removesuffix("/wait"))
    if record is None:
        raise missing(call.name)
    return _current(record)


def is_operation(call: Call) -> bool:
    """Whether the call polls an operation."""
    reads = call.http == "GET" or call.name.endswith("/wait")
    return reads and bool(re.search(r"(^|/)operations/[^/]+(/wait)?$", call.name))


def _current(record: Json) -> Json:
    body = {name: value for name, value in record["body"].items() if name != "_at"}
    if time.time() >= record["until"]:
        return body
    in_progress = {"status": "RUNNING"} if "status" in body else {"done": False}
    final = ("response", "error", "endTime", "progress", "httpErrorStatusCode", "httpErrorMessage")
    return {name: value for name, value in body.items() if name not in final} | in_progress


def _modern(call: Call, resource: Json | None, name: str, error: str) -> Json:
    end: Json = {"response": {"@type": f"type.googleapis.com/{call.schema}", **(resource or {})}}
    if error:
        end = {"error": {"code": 13, "message": error, "details": []}}
    return {"name": f"{_scope(call, name)}operations/op-{uuid.uuid4()}", "done": True, "metadata": {}, **end}


def _classic(call: Call, resource: Json | None, name: str, error: str, known: set[str]) -> Json:
    scope, id = _scope(call, name), f"operation-{uuid.uuid4()}"
    operation: Json = {
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
    for location in ("region", "zone"):
        if match := re.search(rf"projects/[^/]+/{location}s/[^/]+", name):
            operation[location] = call.url(match[0])
    ref = call.document.properties(call.method.response).get("progress", {}).get("$ref")
    operation = {key: value for key, value in operation.items() if key in known and not (ref and key == "progress")}
    if error and call.service == "container":
        operation["error"] = {"code": 13, "message": error}
    elif error:
        operation["error"] = {"errors": [{"code": "INTERNAL_ERROR", "message": error}]}
        operation["httpErrorStatusCode"], operation["httpErrorMessage"] = 503, "SERVICE UNAVAILABLE"
    return operation | {"_at": f"{scope}operations/{id}"}


def _scope(call: Call, name: str) -> str:
    """The parent of the operations on `name`: its location, the global location, the resource itself, or nothing."""
    location = "".join(re.findall(r"^(projects/[^/]+/)?((?:locations|zones|regions)/[^/]+/|global/)?", name)[0])
    # Compute has operations on the project itself among the global ones
    candidates = (location, f"{location}global/", f"{name}/", f"{name.rpartition('/')[0]}/", "")
    for scope in candidates:
        if not call.document.is_published:
            return scope
        method = call.document.method("GET", f"{call.prefix}{scope}operations/any")
        if method and method.id.lower().endswith("operations.get"):
            return scope
    return candidates[0]
