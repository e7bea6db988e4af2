"""Cloud KMS: a key is created with a first version; keys and rings are permanent, versions can be destroyed."""

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.fields import now
from terrace.emulator.gcp.quirks import completes, required, responds

_NONCE_BYTES = 12


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


@responds("cloudkms", "cryptoKeys.encrypt")
def _encrypt(call: Call) -> Json:
    key, nonce = required(call, call.key), os.urandom(_NONCE_BYTES)
    plain, bound = (_bytes(call, name) for name in ("plaintext", "additionalAuthenticatedData"))
    encrypted = nonce + _cipher(key).encrypt(nonce, plain, bound)
    return {"name": f"{key['name']}/cryptoKeyVersions/1", "ciphertext": base64.b64encode(encrypted).decode()}


@responds("cloudkms", "cryptoKeys.decrypt")
def _decrypt(call: Call) -> Json:
    key = required(call, call.key)
    encrypted, bound = (_bytes(call, name) for name in ("ciphertext", "additionalAuthenticatedData"))
    try:
        plain = _cipher(key).decrypt(encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise Refused(
            400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey."
        ) from None
    return {"plaintext": base64.b64encode(plain).decode()}


def _cipher(key: Json) -> AESGCM:
    """One for each key and emulator, which stays the same for all versions."""
    return AESGCM(hashlib.sha256(f"{key['name']} {key['createTime']}".encode()).digest())


def _bytes(call: Call, name: str) -> bytes:
    return base64.b64decode(call.body.get(name) or "")


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
