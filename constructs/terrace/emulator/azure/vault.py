"""The data plane of Key Vault: keys, secrets and certificates with versions, deleted and recovered.

A vault's contents are stored below it, so they are deleted and recovered with it, and roles can be assigned on them.
Source: the Key Vault REST API reference, version 7.6.
"""

import time

from terrace.emulator.azure import key_pairs, pages, vault_items
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Body, Item, Store

HOST = "vault.azure.net"
_PAGE = 25


class Vault:
    """Serves every vault; the host's first label names it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, call: Call) -> Response:
        with self._store.lock:
            vault = self._store.named("Microsoft.KeyVault/vaults", call.host.split(".")[0])
            if vault is None:  # on Azure the name does not resolve
                raise Refused(404, "VaultNotFound", f"There is no vault at {call.host}.")
            return _VaultCall(self._store, vault, call).respond()


class _VaultCall:
    """One call to one vault."""

    def __init__(self, store: Store, vault: Item, call: Call) -> None:
        self._store, self._vault, self._call = store, vault, call
        self._sent: Body = call.body if isinstance(call.body, dict) else {}

    def respond(self) -> Response:
        words = [word for word in self._call.path.split("/") if word]
        if not words:
            return Response(200, {})
        if words[:2] == ["certificates", "contacts"]:
            raise Refused(404, "ContactsNotFound", "Contacts not found")
        kind, name, rest = words[0].removeprefix("deleted"), "".join(words[1:2]), words[2:]
        if kind not in ("keys", "secrets", "certificates"):
            raise Unsupported
        if words[0].startswith("deleted"):
            return self._deleted(kind, name, rest) if name else self._list(kind, deleted=True)
        return self._live(kind, name, rest) if name else self._list(kind, deleted=False)

    def _live(self, kind: str, name: str, rest: list[str]) -> Response:
        method = self._call.method
        if (method, rest) == (("PUT", []) if kind == "secrets" else ("POST", ["create"])):
            return self._create(kind, name)
        item = self._find(kind, name)
        versions: list[Body] = item.body["versions"]
        match method, rest:
            case "DELETE", []:
                self._store.remove(item.id, recoverable=True)
                item.body["deleted"] = int(time.time())
                return Response(200, vault_items.deleted(self._vault, kind, item))
            case "GET" | "PUT" | "PATCH", ["rotationpolicy"] | ["policy"]:
                if method != "GET":
                    item.body["policy"] = {**item.body.get("policy", {}), **self._sent}
                path = f"{vault_items.base_url(self._vault)}/{kind}/{name}/{rest[0]}"
                return Response(
                    200, {"id": path, "lifetimeActions": [], "attributes": {}} | item.body.get("policy", {})
                )
            case "GET", ["versions"]:
                return self._page([vault_items.listed(kind, version, with_version=True) for version in versions])
            case "GET" | "DELETE", ["pending"]:
                return Response(200, self._pending(name))
            case "POST", [*number, "unwrapkey"]:
                kid = vault_items.identifier(self._version(kind, name, versions, number))
                plain = key_pairs.unwrap(item.body.get("private", {}).get(kid), self._sent)
                return Response(200, {"kid": kid, "value": plain})
            case "POST", ["rotate"]:
                versions.append(vault_items.version(self._vault, kind, name, versions[-1]["key"]))
                return Response(200, versions[-1])
            case "GET" | "PATCH", [] | [_]:
                version = self._version(kind, name, versions, rest)
                return Response(200, vault_items.change(version, self._sent) if method == "PATCH" else version)
        raise Unsupported

    def _find(self, kind: str, name: str) -> Item:
        item = self._store.get(f"{self._vault.id}/{kind}/{name}")
        if item is None and kind == "secrets":  # a certificate's secret has the certificate's name
            item = self._store.get(f"{self._vault.id}/certificates/{name}")
        if item is None:
            raise _not_found(kind, f"A {kind.removesuffix('s')} with (name/id) {name} was not found in this key vault.")
        if "versions" not in item.body:  # created through the Resource Manager
            self._first_version(item, kind, name)
        return item

    def _first_version(self, item: Item, kind: str, name: str) -> None:
        properties = item.body["properties"]
        private, public = key_pairs.new(int(properties.get("keySize", 2048)))
        first = vault_items.version(self._vault, kind, name, {"kty": properties.get("kty", "RSA"), **public})
        first["key"] |= public
        item.body |= {"versions": [first], "private": {vault_items.identifier(first): private}}

    def _version(self, kind: str, name: str, versions: list[Body], rest: list[str]) -> Body:
        matching = [v for v in versions if not rest or vault_items.identifier(v).endswith(f"/{rest[0]}")]
        if not matching:
            raise _not_found(kind, f"{name} has no version {rest[0]}.")
        return matching[-1]

    def _create(self, kind: str, name: str) -> Response:
        path = f"{self._vault.id}/{kind}/{name}"
        if path.lower() in self._store.deleted:
            message = f"{name} is currently in a deleted but recoverable state, and its name cannot be reused."
            raise Refused(409, "Conflict", f"{kind.removesuffix('s').title()} {message}")
        version = vault_items.version(self._vault, kind, name, self._sent)
        item = self._store.get(path)
        if item is None:
            item = Item(path, f"Microsoft.KeyVault/vaults/{kind}", {"properties": {}, "versions": []})
            self._store.write(item)
        item.body["versions"].append(version)
        if kind == "certificates":
            item.body["policy"] = version["policy"]
        return Response(202, self._pending(name)) if kind == "certificates" else Response(200, version)

    def _pending(self, name: str) -> Body:
        """A self-signed certificate is issued at once."""
        base = f"{vault_items.base_url(self._vault)}/certificates/{name}"
        return {"id": f"{base}/pending", "status": "completed", "target": base}

    def _deleted(self, kind: str, name: str, rest: list[str]) -> Response:
        item = self._store.deleted.get(f"{self._vault.id}/{kind}/{name}".lower())
        if item is None:
            raise _not_found(kind, f"There is no deleted {kind.removesuffix('s')} {name}.")
        match self._call.method, rest:
            case "GET", []:
                return Response(200, vault_items.deleted(self._vault, kind, item))
            case "POST", ["recover"]:
                self._store.recover(item.id)
                return Response(200, item.body["versions"][-1])
            case "DELETE", []:
                if self._vault.body["properties"].get("enablePurgeProtection"):
                    message = 'Operation "purge" is not allowed because purge protection is enabled for this vault.'
                    raise Refused(403, "Forbidden", message)
                self._store.purge(item.id)
                return Response(204)
        raise Unsupported

    def _list(self, kind: str, *, deleted: bool) -> Response:
        within = f"{self._vault.id}/{kind}/".lower()
        stored = self._store.deleted if deleted else self._store.items
        items = [item for key, item in stored.items() if key.startswith(within)]
        if deleted:
            return self._page([vault_items.listed(kind, vault_items.deleted(self._vault, kind, i)) for i in items])
        return self._page([vault_items.listed(kind, item.body["versions"][-1]) for item in items])

    def _page(self, entries: list[Body]) -> Response:
        return pages.page(entries, self._call, "maxresults", _PAGE)


def _not_found(kind: str, message: str) -> Refused:
    code = {"keys": "KeyNotFound", "secrets": "SecretNotFound"}.get(kind, "CertificateNotFound")
    return Refused(404, code, message)
