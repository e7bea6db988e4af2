"""What a SARIF 2.1.0 file of ours has to hold, as a JSON schema: the required properties, the words that are allowed,
and nothing beside what is named here. Written after the OASIS standard, whose own schema is not in the project.
"""

from typing import Any


def _object(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties and no other; those named in `required` are there."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": {"properties": {"type": "object"}, **properties},
        "additionalProperties": False,
    }


def _list(of: Any) -> dict[str, Any]:
    return {"type": "array", "items": of}


_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = _object("text", text=_TEXT)
_NUMBER = {"type": "integer", "minimum": 1}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_RULE = _object("id", id=_TEXT, shortDescription=_MESSAGE, fullDescription=_MESSAGE, help=_MESSAGE)
_COMPONENT = _object("name", name=_TEXT, version=_TEXT, rules=_list(_RULE))
_LOCATION = _object(
    "physicalLocation",
    physicalLocation=_object(
        "artifactLocation region",
        artifactLocation=_object("uri", uri={"type": "string", "pattern": r"^[^/\\ ][^\\ ]*$"}, uriBaseId=_TEXT),
        region=_object("startLine", startLine=_NUMBER, startColumn=_NUMBER),
    ),
    logicalLocations=_list(_object("fullyQualifiedName", fullyQualifiedName=_TEXT, kind=_TEXT)),
)
_RESULT = _object(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations={**_list(_LOCATION), "minItems": 1},
    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
    suppressions=_list(_object("kind", kind={"enum": ["inSource", "external"]}, justification=_TEXT)),
)
_NOTIFICATION = _object("message", level=_LEVEL, message=_MESSAGE, descriptor=_object("id", id=_TEXT))
_RUN = _object(
    "tool results",
    tool=_object("driver", driver=_COMPONENT, extensions=_list(_COMPONENT)),
    automationDetails=_object("id", id=_TEXT),
    invocations=_list(
        _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_NOTIFICATION),
        )
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_list(_RESULT),
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {"$schema": _TEXT, "version": {"const": "2.1.0"}, "runs": _list(_RUN)},
    "additionalProperties": False,
}
