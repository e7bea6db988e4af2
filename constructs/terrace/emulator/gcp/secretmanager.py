"""Secret Manager: names with the project's number, numbered versions with payloads."""

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now, stamp
from terrace.emulator.gcp.quirks import check_write, completes, required, responds

_STATES = {"enable": "ENABLED", "disable": "DISABLED", "destroy": "DESTROYED"}


@completes("secretmanager", "secrets")
def _secret(call: Call, secret: Json, key: str) -> None:
    secret["name"] = f"projects/{call.cloud.number}/{key.split('/', 3)[3]}"


@responds("secretmanager", "secrets.addVersion")
def _add(call: Call) -> Json:
    secret = required(call, call.key)
    number = len(call.store.below(f"{call.key}/versions")) + 1
    version = {"name": f"{secret['name']}/versions/{number}", "createTime": now(), "state": "ENABLED"}
    version["etag"] = stamp(version)
    check_write(call, version, "versions")
    call.store.put(f"{call.key}/versions/{number}", version)
    call.store.put(f"{call.key}/versions/{number}#payload", call.body.get("payload") or {})
    return version


@responds("secretmanager", "versions.get", "versions.access", "versions.enable", "versions.disable", "versions.destroy")
def _version(call: Call) -> Json:
    key = call.key
    if key.endswith("/latest"):
        # compared as numbers: the tenth comes after the ninth
        numbers = [int(name.rpartition("/")[2]) for name, _ in call.store.below(key.rpartition("/")[0])]
        key = f"{key.rpartition('/')[0]}/{max(numbers, default=0)}"
    version = required(call, key)
    verb = call.method.verb
    if verb == "access":
        if version["state"] != "ENABLED":
            text = f"Secret Version [{version['name']}] is in {version['state']} state."
            raise Refused(400, "FAILED_PRECONDITION", text)
        return {"name": version["name"], "payload": call.store.get(f"{key}#payload")}
    if verb in _STATES:
        version |= {"state": _STATES[verb], "etag": stamp(version)}
        if verb == "destroy":
            version["destroyTime"] = now()
            call.store.put(f"{key}#payload", {})
        call.store.put(key, version)
    return version
