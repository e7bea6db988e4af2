"""The rights of a request for an object or a secret: bindings on the bucket or the secret, and on the project.

A person may do everything. Other requests, deny policies and bindings of groups are not evaluated. Sources: Cloud
Storage documentation, "IAM permissions for JSON methods"; Secret Manager, "Access control with IAM".
"""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from terrace.authorization.gcp import BUCKET, OBJECT, SECRET_VERSION, allows, holds
from terrace.emulator.decisions import Decisions
from terrace.emulator.gcp import policies, uploads
from terrace.emulator.gcp.call import Call, Refused
from terrace.emulator.gcp.documents import Json

_OBJECTS = {
    "objects.get": "get", "objects.read": "get", "objects.patch": "update", "objects.update": "update",
    "objects.delete": "delete",
}  # fmt: skip
_VERSIONS = {"versions.access": "access", "secrets.addVersion": "add"}


class _Ask(NamedTuple):
    """A permission on a resource, as conditions name it, whose policy is that of `key`."""

    permission: str
    key: str
    resource: str
    type: str
    listed: str = ""


class Rights:
    """Evaluates the requests to a project."""

    def __init__(self) -> None:
        self.decisions = Decisions()

    def check(self, call: Call) -> None:
        """Raise a 403 if the caller may not make a request."""
        account = call.cloud.accounts.get(call.token, "")
        if not account:
            return
        for ask in _asks(call):
            by = _allowed_by(call, f"serviceAccount:{account}", ask)
            reason = by or "no binding allows the permission"
            self.decisions.add(account, ask.permission, ask.resource, bool(by), reason)
            if not by:
                text = f"{account} does not have {ask.permission} access to the Google Cloud resource {ask.resource}."
                raise Refused(403, "PERMISSION_DENIED", f"{text} Permission '{ask.permission}' denied on resource.")


def _asks(call: Call) -> Iterator[_Ask]:
    if call.service == "secretmanager" and call.kind in _VERSIONS:
        name = re.sub(r"/versions/[^/]+$", "", call.name)
        version = call.name if "/versions/" in call.name else f"{name}/versions/1"
        permission = f"secretmanager.versions.{_VERSIONS[call.kind]}"
        yield _Ask(permission, f"secretmanager/{name}", version, SECRET_VERSION)
    elif call.service == "storage" and call.kind in _OBJECTS:
        yield _on_object(*_named(call), _OBJECTS[call.kind])
    elif call.service == "storage":
        yield from _of_objects(call)


def _of_objects(call: Call) -> Iterator[_Ask]:
    """Lists, and what makes an object: creating one in the place of another deletes that one."""
    if call.kind == "objects.list":
        bucket = call.name.split("/")[1]
        name = f"projects/_/buckets/{bucket}"
        yield _Ask("storage.objects.list", f"storage/b/{bucket}", name, BUCKET, call.query.get("prefix", ""))
    elif call.kind == "objects.insert":
        yield from _made(call, call.name.split("/")[1], uploads.requested_name(call))
    elif call.kind in ("objects.copy", "objects.rewrite"):
        source, _, target = re.sub("/(rewrite|copy)To/", "\0", call.name).partition("\0")
        yield _on_object(*_split(source), "get")
        yield from _made(call, *_split(target))
    elif call.kind == "objects.compose":
        bucket, name = _split(call.name.removesuffix("/compose"))
        for each in call.body.get("sourceObjects", []):
            yield _on_object(bucket, str(each["name"]), "get")
        yield from _made(call, bucket, name)


def _made(call: Call, bucket: str, name: str) -> Iterator[_Ask]:
    yield _on_object(bucket, name, "create")
    if call.store.get(call.object_key(bucket, name)) is not None:
        yield _on_object(bucket, name, "delete")


def _named(call: Call) -> tuple[str, str]:
    """Bucket and name of the object of a request, also of `GET /BUCKET/OBJECT`."""
    if call.kind == "objects.read":
        bucket, _, name = call.path.partition("/")
        return bucket, unquote(name)
    return _split(call.name)


def _split(name: str) -> tuple[str, str]:
    """`b/BUCKET/o/OBJECT`, with an escaped name"""
    _, bucket, _, object = name.split("/", 3)
    return bucket, unquote(object)


def _on_object(bucket: str, name: str, verb: str) -> _Ask:
    return _Ask(f"storage.objects.{verb}", f"storage/b/{bucket}", f"projects/_/buckets/{bucket}/objects/{name}", OBJECT)


def _allowed_by(call: Call, member: str, ask: _Ask) -> str:
    """The binding that allows what is asked for; "" for none."""
    for where in (ask.key, f"cloudresourcemanager/projects/{call.cloud.project}"):
        for binding in policies.read(call, where).get("bindings", ()):
            role = str(binding.get("role"))
            if member not in binding.get("members", ()) or not allows(role, ask.permission, _custom(call, role)):
                continue
            condition: Json = binding.get("condition") or {}
            if not condition or holds(str(condition.get("expression")), ask.resource, ask.type, ask.listed):
                return f"{role} on {where.partition('/')[2]}"
    return ""


def _custom(call: Call, role: str) -> list[str]:
    """The permissions of a custom role."""
    found = call.store.get(f"iam/{role}") or {}
    return [] if found.get("deleted") else list(found.get("includedPermissions", ()))
