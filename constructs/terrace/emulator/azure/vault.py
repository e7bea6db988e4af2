"""The data plane of Key Vault: keys, secrets and certificates with versions, deleted and recovered.

What is in a vault lies in the store below the vault, so it goes and comes back with it, and rights can be given on it.
Source: the Key Vault REST API reference, version 7.6.
"""

import base64
import os
import time
import uuid
from typing import Any

from terrace.emulator.azure import certificates
from terrace.emulator.azure.arm import Answer, Call
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item, Store

HOST = "vault.azure.net"
_KINDS = ("keys", "secrets", "certificates")
_PAGE = 25
_SECONDS_A_DAY = 86400


class Vault:
    """Answers for every vault; which one it is, the host's first word says."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, call: Call) -> Answer:
        with self._store.lock:
            return _Vault(self._store, call).answer()


class _Vault:
    def __init__(self, store: Store, call: Call) -> None:
        self._store, self._call = store, call
        self._base = f"https://{call.host}"
        name = call.host.split(".")[0]
        vaults = store.of_type("Microsoft.KeyVault/vaults")
        self._vault = next((item for item in vaults if parse(item.id).name.lower() == name), None)

    def answer(self) -> Answer:
        if self._vault is None:  # on Azure the name does not resolve
            raise Refused(404, "VaultNotFound", f"There is no vault at {self._call.host}.")
        words = [word for word in self._call.path.split("/") if word]
        if not words:
            return Answer(200, {})
        kind, name, rest = words[0], words[1] if len(words) > 1 else "", words[2:]
        if words[:2] == ["certificates", "contacts"]:
            raise Refused(404, "ContactsNotFound", "Contacts not found")
        if kind.removeprefix("deleted") not in _KINDS:
            raise Unsupported
        if not name:
            return self._list(kind)
        if kind.startswith("deleted"):
            return self._deleted(kind.removeprefix("deleted"), name, rest)
        return self._live(kind, name, rest)

    # what is there

    def _live(self, kind: str, name: str, rest: list[str]) -> Answer:
        method, sent = self._call.method, self._call.body if isinstance(self._call.body, dict) else {}
        creates = (kind, method, rest) in (("keys", "POST", ["create"]), ("certificates", "POST", ["create"]))
        if creates or (kind == "secrets" and method == "PUT" and not rest):
            return self._create(kind, name, sent)
        item = self._item(kind, name)
        versions: list[Body] = item.body["versions"]
        if method == "DELETE" and not rest:
            self._store.remove(item.id, keep=True)
            item.body["deleted"] = int(time.time())
            return Answer(200, self._shown_deleted(kind, item))
        if rest in (["rotationpolicy"], ["policy"]):
            if method in ("PUT", "PATCH"):
                item.body["policy"] = {**item.body.get("policy", {}), **sent}
            default: Body = {"id": f"{self._base}/keys/{name}/rotationpolicy", "lifetimeActions": [], "attributes": {}}
            return Answer(200, default | item.body.get("policy", {}))
        if method == "GET" and rest == ["versions"]:
            return self._page([_listed(kind, version, keep=True) for version in versions])
        if method == "GET" and rest == ["pending"]:
            return Answer(200, {"id": f"{self._base}/certificates/{name}/pending", "status": "completed"})
        if method == "DELETE" and rest == ["pending"]:
            return Answer(200, {"status": "completed"})
        if method == "POST" and rest == ["rotate"]:
            versions.append(self._version(kind, name, versions[-1]["key"] | {"attributes": {}}))
            return Answer(200, versions[-1])
        version = self._version_of(kind, name, versions, rest)
        if method == "PATCH":
            version["attributes"] |= (sent.get("attributes") or {}) | {"updated": int(time.time())}
            version |= {word: sent[word] for word in ("tags", "contentType", "policy") if word in sent}
            if "key_ops" in sent:
                version["key"]["key_ops"] = sent["key_ops"]
        elif method != "GET":
            raise Unsupported
        return Answer(200, version)

    def _item(self, kind: str, name: str) -> Item:
        assert self._vault is not None
        item = self._store.get(f"{self._vault.id}/{kind}/{name}")
        if item is None and kind == "secrets":  # a certificate's secret and key have its name
            item = self._store.get(f"{self._vault.id}/certificates/{name}")
        if item is None:
            code = {"keys": "KeyNotFound", "secrets": "SecretNotFound"}.get(kind, "CertificateNotFound")
            raise Refused(
                404, code, f"A {kind.removesuffix('s')} with (name/id) {name} was not found in this key vault."
            )
        return item

    def _version_of(self, kind: str, name: str, versions: list[Body], rest: list[str]) -> Body:
        if not rest or not rest[0]:
            return versions[-1]
        for version in versions:
            if len(rest) == 1 and _id(version).endswith(f"/{rest[0]}"):
                return version
        if len(rest) > 1:
            raise Unsupported
        raise Refused(404, "KeyNotFound" if kind == "keys" else "SecretNotFound", f"{name}/{rest[0]} was not found.")

    def _create(self, kind: str, name: str, sent: Body) -> Answer:
        assert self._vault is not None
        path = f"{self._vault.id}/{kind}/{name}"
        if path.lower() in self._store.deleted:
            message = f"{name} is currently in a deleted but recoverable state, and its name cannot be reused."
            raise Refused(409, "Conflict", f"{kind.removesuffix('s').title()} {message}")
        version = self._version(kind, name, sent)
        item = self._store.get(path)
        if item is None:
            item = Item(path, f"Microsoft.KeyVault/vaults/{kind}", {"properties": {}, "versions": []})
            self._store.write(item)
        item.body["versions"].append(version)
        if kind == "certificates":
            item.body["policy"] = version["policy"]
            return Answer(202, {"id": f"{self._base}/certificates/{name}/pending", "status": "completed"})
        return Answer(200, version)

    def _version(self, kind: str, name: str, sent: Body) -> Body:
        number, now = uuid.uuid4().hex, int(time.time())
        times = {"enabled": True, "created": now, "updated": now, **self._recovery()}
        version: Body = {"attributes": times | (sent.get("attributes") or {}), "tags": sent.get("tags") or {}}
        if kind == "keys":
            version["key"] = {"kid": f"{self._base}/keys/{name}/{number}", **_key(sent)}
        elif kind == "secrets":
            if not isinstance(sent.get("value"), str):
                raise Refused(400, "BadParameter", "Required property 'value' is not found in the body.")
            version |= {"id": f"{self._base}/secrets/{name}/{number}", "value": sent["value"]}
            if sent.get("contentType"):
                version["contentType"] = sent["contentType"]
        else:
            policy = {"id": f"{self._base}/certificates/{name}/policy", **sent.get("policy", {})}
            names = {word: f"{self._base}/{word}/{name}/{number}" for word in ("certificates", "keys", "secrets")}
            ids = {"id": names["certificates"], "kid": names["keys"], "sid": names["secrets"]}
            version |= ids | certificates.self_signed(policy) | {"policy": policy}
        return version

    def _recovery(self) -> Body:
        assert self._vault is not None
        properties = self._vault.body["properties"]
        protected = properties.get("enablePurgeProtection")
        level = "CustomizedRecoverable" if protected else "CustomizedRecoverable+Purgeable"
        return {"recoveryLevel": level, "recoverableDays": properties.get("softDeleteRetentionInDays", 90)}

    # what was deleted

    def _deleted(self, kind: str, name: str, rest: list[str]) -> Answer:
        assert self._vault is not None
        item = self._store.deleted.get(f"{self._vault.id}/{kind}/{name}".lower())
        if item is None:
            code = {"keys": "KeyNotFound", "secrets": "SecretNotFound"}.get(kind, "CertificateNotFound")
            raise Refused(404, code, f"Deleted {kind.removesuffix('s')} not found: {name}")
        if self._call.method == "GET":
            return Answer(200, self._shown_deleted(kind, item))
        if self._call.method == "POST" and rest == ["recover"]:
            self._store.recover(item.id)
            return Answer(200, item.body["versions"][-1])
        if self._call.method == "DELETE":
            if self._vault.body["properties"].get("enablePurgeProtection"):
                message = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
                raise Refused(403, "Forbidden", message)
            self._store.purge(item.id)
            return Answer(204)
        raise Unsupported

    def _shown_deleted(self, kind: str, item: Item) -> Body:
        name, when = parse(item.id).name, item.body.get("deleted", int(time.time()))
        until = when + self._recovery()["recoverableDays"] * _SECONDS_A_DAY
        dates = {"deletedDate": when, "scheduledPurgeDate": until}
        return {**item.body["versions"][-1], "recoveryId": f"{self._base}/deleted{kind}/{name}", **dates}

    # lists

    def _list(self, kind: str) -> Answer:
        assert self._vault is not None
        within = f"{self._vault.id}/{kind.removeprefix('deleted')}/".lower()
        if kind.startswith("deleted"):
            kind = kind.removeprefix("deleted")
            items = [i for key, i in self._store.deleted.items() if key.startswith(within)]
            found = [_listed(kind, self._shown_deleted(kind, item)) for item in items]
        else:
            items = self._store.children(self._vault.id, kind)
            found = [_listed(kind, item.body["versions"][-1]) for item in items]
        return self._page(found)

    def _page(self, found: list[Body]) -> Answer:
        start = int(self._call.query.get("$skiptoken", 0))
        end = start + int(self._call.query.get("maxresults", _PAGE))
        more = f"{self._base}{self._call.path}?api-version={self._call.query.get('api-version', '')}"
        size = f"&maxresults={end - start}&$skiptoken={end}"
        return Answer(200, {"value": found[start:end], "nextLink": more + size if end < len(found) else None})


def _id(version: Body) -> str:
    return str(version.get("id") or version["key"]["kid"])


def _listed(kind: str, version: Body, *, keep: bool = False) -> Body:
    """An entry of a list: no value, and no version in the id unless versions are what is listed."""
    id = _id(version) if keep else _id(version).rpartition("/")[0]
    words = ("attributes", "tags", "contentType", "recoveryId", "deletedDate", "scheduledPurgeDate", "x5t")
    return {"kid" if kind == "keys" else "id": id} | {word: version[word] for word in words if word in version}


def _key(sent: Body) -> Body:
    """A public key of the right shape. Nothing was generated, so nothing can be decrypted."""
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


def _bytes(text: Any) -> bytes:
    return base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
