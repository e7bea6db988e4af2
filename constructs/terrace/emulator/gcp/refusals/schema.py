"""Violations of a method's published schema: unknown fields, wrong types, invalid values, missing fields.

Source: the discovery document of the service; proto3 JSON mapping; "Required." in a field's description.
"""

import re
from collections.abc import Iterator
from typing import Any

from terrace.emulator.gcp.call import Call, camel
from terrace.emulator.gcp.documents import Document, Json

TOLERATED = frozenset({"initialNatIps", "deleteBgpAlwaysCompareMed"})
"""Fields that the provider sends and the service accepts, although no document has them."""

NULLABLE = frozenset({"md5AuthenticationKeys"})
"""Lists in which the provider sends null and the service accepts it. Source: terraform-provider-google 7.45, router
peers: its acceptance test updates a peer without a key, which sends one null key."""

SYSTEM = frozenset(
    {
        *("alt", "fields", "key", "prettyPrint", "quotaUser", "userIp", "userProject", "callback", "$.xgafv"),
        *("uploadType", "uploadProtocol", "accessToken", "oauthToken"),
    }
)
"""Parameters of every method. Source: Cloud APIs, "System parameters"."""

_FORMATS = {
    "google-duration": r"-?\d+(\.\d{1,9})?s",
    "google-datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "int32": r"-?\d+",
    "int64": r"-?\d+",
    "uint32": r"\d+",
    "uint64": r"\d+",
}


def violations(call: Call) -> Iterator[str]:
    """The violations in the query and the body of a call."""
    if call.is_known and call.document.is_published:
        yield from _unknown_parameters(call)
    if call.method.request and call.http in ("POST", "PUT", "PATCH"):
        yield from _invalid_fields(call.document, call.document.schema(call.method.request), call.body, "")
        yield from _missing_fields(call)


def _unknown_parameters(call: Call) -> Iterator[str]:
    known = call.method.parameters | call.document.properties(call.method.request).keys() | SYSTEM
    for name in call.query:
        # `options.requestedPolicyVersion` is a nested field of the request
        if not {camel(name), camel(name.partition(".")[0])} & known and call.method.verb != "read":
            yield f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'


def _invalid_fields(document: Document, schema: Json, value: Json, at: str) -> Iterator[str]:
    known = schema.get("properties")
    if not known or "additionalProperties" in schema:
        return
    for field, content in value.items():
        where = f"{at}.{field}".lstrip(".")
        if field not in known:
            if field not in TOLERATED:
                place = at or schema.get("id", "")
                yield f"Invalid JSON payload received. Unknown name \"{field}\" at '{place}': Cannot find field."
        elif content is not None:
            yield from _invalid_value(document, known[field], content, where)


def _invalid_value(document: Document, entry: Json, value: Any, where: str) -> Iterator[str]:
    kind = entry.get("type", "object")
    if kind == "array":
        if not isinstance(value, list):
            yield _text(where, "ARRAY", value)
            return
        for index, each in enumerate(value):
            if each is None and where in NULLABLE:
                continue
            yield from _invalid_value(document, entry["items"], each, f"{where}[{index}]")
    elif "$ref" in entry or "properties" in entry:
        if not isinstance(value, dict):
            yield _text(where, entry.get("$ref", "OBJECT"), value)
        else:
            yield from _invalid_fields(
                document, document.schema(entry["$ref"]) if "$ref" in entry else entry, value, where
            )
    elif value == "":
        return
    elif not _is_of(kind, entry.get("format", ""), value):
        yield _text(where, kind.upper(), value)
    elif value not in entry.get("enum", [value]):
        yield _text(where, "ENUM", value)
    elif (
        (pattern := entry.get("pattern"))
        and where.rpartition(".")[2] == "name"
        and not re.fullmatch(pattern, str(value))
    ):
        yield f"Invalid value for field 'resource.{where}': '{value}'. Must be a match of regex '{pattern}'"
    elif (pattern_of_format := _FORMATS.get(entry.get("format", ""))) and not re.fullmatch(
        pattern_of_format, str(value)
    ):
        yield _text(where, entry["format"].upper(), value)


def _is_of(kind: str, pattern_of_format: str, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "object":
        return isinstance(value, dict)
    if kind in ("integer", "number"):
        return not isinstance(value, (dict, list, bool))
    if kind == "string":
        # 64-bit numbers are strings in JSON; numbers are accepted too
        return isinstance(value, str) or (pattern_of_format.endswith("int64") and isinstance(value, int))
    return True


def _text(where: str, kind: str, value: Any) -> str:
    return f"Invalid value at '{where}' ({kind}), {value!r}"


def _missing_fields(call: Call) -> Iterator[str]:
    """The required fields that a new resource lacks."""
    from terrace.emulator.gcp.verbs import CREATES

    if call.method.verb not in CREATES:
        return
    for field, entry in call.document.properties(call.schema).items():
        is_required = entry.get("required") or call.method.id in entry.get("annotations", {}).get("required", ())
        may_be_zero = field == "name" or entry.get("type") in ("boolean", "integer", "number")
        if is_required and not may_be_zero and call.sent.get(field) in (None, "", [], {}):
            yield f"Missing required field '{field}' of {call.schema}"
