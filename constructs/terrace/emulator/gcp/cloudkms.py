"""Cloud KMS: a key is created with a first version; keys and rings are permanent, versions can be destroyed."""

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import completes, required, responds


@completes("cloudkms", "cryptoKeys")
def _key(call: Call, key: Json, name: str) -> None:
    template = {"protectionLevel": "SOFTWARE", "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}
    key["versionTemplate"] = template | (key.get("versionTemplate") or {})
    key.setdefault("destroyScheduledDuration", "2592000s")
    first = f"{name}/cryptoKeyVersions/1"
    if first not in call.store and call.query.get("skipInitialVersionCreation") != "true":
        _version(call, key, name, 1)
        if key.get("purpose") == "ENCRYPT_DECRYPT":
            key["primary"] = call.store.get(first)


def _version(call: Call, key: Json, name: str, number: int) -> Json:
    version = {
        "name": f"{key['name']}/cryptoKeyVersions/{number}",
        "state": "ENABLED",
        "createTime": now(),
        "generateTime": now(),
        **key["versionTemplate"],
    }
    call.store.put(f"{name}/cryptoKeyVersions/{number}", version)
    return version


@responds("cloudkms", "cryptoKeyVersions.create")
def _next_version(call: Call) -> Json:
    name = call.key.rpartition("/")[0]
    return _version(call, required(call, name), name, len(call.store.below(call.key)) + 1)


@responds("cloudkms", "cryptoKeys.updatePrimaryVersion")
def _primary(call: Call) -> Json:
    key = required(call, call.key)
    key["primary"] = required(call, f"{call.key}/cryptoKeyVersions/{call.body['cryptoKeyVersionId']}")
    call.store.put(call.key, key)
    return key


@responds("cloudkms", "cryptoKeyVersions.destroy", "cryptoKeyVersions.restore")
def _destroy(call: Call) -> Json:
    version = required(call, call.key)
    scheduled = version["state"] == "DESTROY_SCHEDULED"
    if scheduled == (call.method.verb == "destroy"):
        raise Refused(400, "FAILED_PRECONDITION", f"{call.name} has state {version['state']}")
    if scheduled:
        version["state"] = "DISABLED"
        version.pop("destroyTime", None)
    else:
        version |= {"state": "DESTROY_SCHEDULED", "destroyTime": now(30 * 86400)}
    call.store.put(call.key, version)
    return version
