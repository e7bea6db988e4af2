"""Google Cloud: what predefined roles allow of objects and secrets, and conditions of bindings.

Sources: Google Cloud, "IAM roles and permissions index", in the state of November 2026; IAM documentation, "Attribute
reference for IAM Conditions".
"""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

BUCKET, OBJECT = "storage.googleapis.com/Bucket", "storage.googleapis.com/Object"
SECRET_VERSION = "secretmanager.googleapis.com/SecretVersion"
_LISTED = re.compile(r"""api\.getAttribute\((["'])storage\.googleapis\.com/objectListPrefix\1, *(?:""|'')\)""")
"""The prefix of a list of objects in conditions, empty for another request."""
_NAME = "resource.listed"
_PERMISSIONS: Mapping[str, str] = {
    "roles/owner": "*",
    "roles/editor": "secretmanager.versions.add",
    "roles/storage.admin": "storage.*",
    "roles/storage.objectAdmin": "storage.objects.*",
    "roles/storage.objectUser": (
        "storage.objects.create storage.objects.delete storage.objects.get storage.objects.list storage.objects.update"
    ),
    "roles/storage.objectCreator": "storage.objects.create",
    "roles/storage.objectViewer": "storage.objects.get storage.objects.list",
    "roles/storage.legacyBucketOwner": "storage.objects.create storage.objects.delete storage.objects.list",
    "roles/storage.legacyBucketReader": "storage.objects.list",
    "roles/storage.legacyBucketWriter": "storage.objects.create storage.objects.delete storage.objects.list",
    "roles/storage.legacyObjectOwner": "storage.objects.get storage.objects.update",
    "roles/storage.legacyObjectReader": "storage.objects.get",
    "roles/secretmanager.admin": "secretmanager.*",
    "roles/secretmanager.secretAccessor": "secretmanager.versions.access",
    "roles/secretmanager.secretVersionAdder": "secretmanager.versions.add",
    "roles/secretmanager.secretVersionManager": "secretmanager.versions.add",
}
"""Role to its permissions on objects and versions of secrets. A role that is not here has none of them."""


def allows(role: str, permission: str, custom: Collection[str] = ()) -> bool:
    """Whether a role has a permission on objects or versions of secrets. `custom` are those of a custom role."""
    return permission in custom or any(fnmatchcase(permission, one) for one in _PERMISSIONS.get(role, "").split())


def can_be_evaluated(condition: str, *, lists: bool = False) -> bool:
    """Whether a condition (CEL) compares nothing but attributes of the resource, with `lists` also the prefix of a
    list, and has no regular expressions."""
    return "matches(" not in condition and _compiled(_LISTED.sub(_NAME, condition) if lists else condition) is not None


def holds(condition: str, name: str, type: str, listed: str | None = None) -> bool | None:
    """Whether a condition holds for a resource, with the prefix of a list if one is given; None if it cannot be
    evaluated."""
    compiled = _compiled(condition if listed is None else _LISTED.sub(_NAME, condition))
    if compiled is None:
        return None
    resource = {"name": name, "type": type, "service": type.partition("/")[0], "listed": listed or ""}
    value = compiled.eval(data={"resource": resource}).plain_value()
    return value if isinstance(value, bool) else None


@cache
def _compiled(condition: str) -> Any:
    from cel_expr_python import cel

    try:
        return cel.NewEnv(variables={"resource": cel.Type.DYN}).compile(condition)
    except Exception:  # the library has no class of its own: a syntax error, or an attribute other than `resource`
        return None
