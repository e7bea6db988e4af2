"""The bodies of Key Vault's keys, secrets and certificates: versions, list entries, deleted items.

Source: the Key Vault REST API reference, KeyBundle, SecretBundle, CertificateBundle and their items.
"""

import base64
import os
import time
import uuid

from terrace.emulator.azure import certificates
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused
from terrace.emulator.azure.store import Body, Item

_SECONDS_A_DAY = 86400


def version(vault: Item, kind: str, name: str, sent: Body) -> Body:
    """A new version of `kind` (keys, secrets, certificates), as returned and stored. Raises Refused if invalid."""
    base, number, now = base_url(vault), uuid.uuid4().hex, int(time.time())
    times = {"enabled": True, "created": now, "updated": now, **_recovery(vault)}
    item_version: Body = {"attributes": times | (sent.get("attributes") or {}), "tags": sent.get("tags") or {}}
    if kind == "keys":
        _hardware_needs_premium(vault, sent)
        item_version["key"] = {"kid": f"{base}/keys/{name}/{number}", **_key(sent)}
    elif kind == "secrets":
        if not isinstance(sent.get("value"), str):
            raise Refused(400, "BadParameter", "Required property 'value' is not found in the body.")
        item_version |= {"id": f"{base}/secrets/{name}/{number}", "value": sent["value"]}
        if sent.get("contentType"):
            item_version["contentType"] = sent["contentType"]
    else:
        policy = {"id": f"{base}/certificates/{name}/policy", **sent.get("policy", {})}
        names = {word: f"{base}/{word}/{name}/{number}" for word in ("certificates", "keys", "secrets")}
        ids = {"id": names["certificates"], "kid": names["keys"], "sid": names["secrets"]}
        item_version |= ids | certificates.self_signed(policy) | {"policy": policy}
    return item_version


def change(item_version: Body, sent: Body) -> Body:
    """Apply a PATCH to a version."""
    item_version["attributes"] |= (sent.get("attributes") or {}) | {"updated": int(time.time())}
    item_version |= {word: sent[word] for word in ("tags", "contentType", "policy") if word in sent}
    if "key_ops" in sent:
        item_version["key"]["key_ops"] = sent["key_ops"]
    return item_version


def deleted(vault: Item, kind: str, item: Item) -> Body:
    """A deleted item: its latest version, and until when it can be recovered."""
    name, when = parse(item.id).name, item.body.get("deleted", int(time.time()))
    until = when + int(_recovery(vault)["recoverableDays"]) * _SECONDS_A_DAY
    dates = {"deletedDate": when, "scheduledPurgeDate": until}
    return {**item.body["versions"][-1], "recoveryId": f"{base_url(vault)}/deleted{kind}/{name}", **dates}


def listed(kind: str, item_version: Body, *, with_version: bool = False) -> Body:
    """An entry of a list, without its value, and without the version in its id unless versions are listed."""
    id = identifier(item_version) if with_version else identifier(item_version).rpartition("/")[0]
    words = ("attributes", "tags", "contentType", "recoveryId", "deletedDate", "scheduledPurgeDate", "x5t")
    return {"kid" if kind == "keys" else "id": id} | {
        word: item_version[word] for word in words if word in item_version
    }


def identifier(item_version: Body) -> str:
    """The address of a version."""
    return str(item_version.get("id") or item_version["key"]["kid"])


def base_url(vault: Item) -> str:
    return f"https://{parse(vault.id).name}.vault.azure.net"


def _recovery(vault: Item) -> Body:
    properties = vault.body["properties"]
    protected = properties.get("enablePurgeProtection")
    level = "CustomizedRecoverable" if protected else "CustomizedRecoverable+Purgeable"
    return {"recoveryLevel": level, "recoverableDays": properties.get("softDeleteRetentionInDays", 90)}


def _hardware_needs_premium(vault: Item, sent: Body) -> None:
    """Source: "About keys", key types and protection methods: HSM keys need a premium vault."""
    sku = str(vault.body["properties"]["sku"].get("name", "")).lower()
    if str(sent.get("kty", "")).endswith("-HSM") and sku != "premium":
        message = f"Key type {sent['kty']} is not supported by a vault of the SKU {sku}."
        raise Refused(400, "KeyTypeNotSupported", message)


def _key(sent: Body) -> Body:
    """A public key of the right format. No key pair is generated, so it cannot decrypt anything."""
    kind = str(sent.get("kty", ""))
    if kind.startswith("RSA"):
        size = int(sent.get("key_size") or len(_bytes(sent.get("n", ""))) * 8 or 2048)
        modulus = int.from_bytes(os.urandom(size // 8), "big") | 1 | 1 << (size - 1)
        public: Body = {"n": _text(modulus.to_bytes(size // 8, "big")), "e": "AQAB"}
    elif kind.startswith("EC"):
        public = {"crv": sent.get("crv", "P-256"), "x": _text(os.urandom(32)), "y": _text(os.urandom(32))}
    else:
        raise Refused(400, "BadParameter", f"Property 'kty' has invalid value '{kind}'.")
    return {"kty": kind, "key_ops": sent.get("key_ops") or ["encrypt", "decrypt", "wrapKey", "unwrapKey"], **public}


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
