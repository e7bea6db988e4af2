"""Public names that have changed: the old name, which still works, to the new one.

Waivers, severity files, live evidence and reports may use the old names. The gate prints a deprecation notice for each
that it reads. Add a row when an id of a check or of the gate changes; never reuse an old name.
"""

from collections.abc import Mapping

IDS: Mapping[str, str] = {
    "gate.broken": "gate.internal-error",
    "gate.crashed-check": "gate.check-error",
    "gate.hanging-check": "gate.check-timeout",
    "gate.no-stack": "gate.synthesis-failed",
    "gate.not-looked-at": "gate.unchecked-resource",
    "gate.unknown-type": "gate.unchecked-type",
}
"""Ids of findings. Waivers and severities name them."""

KEYS: Mapping[str, str] = {"why": "rationale", "mend": "remediation"}
"""Keys of a rating in policies/severity.yaml."""

STATUSES: Mapping[str, str] = {
    "proven": "holds",
    "exception": "excepted",
    "not_asked": "not_required",
    "not_applicable": "not_required",
    "unknown": "unproven",
    "error": "unproven",
}
"""Statuses in reports and in the output of `terrace verify --json`."""


def current(id: str) -> str:
    """The current name of an id."""
    return IDS.get(id, id)


def notice(where: str, old: str, new: str) -> str:
    """The deprecation notice for an old name."""
    return f"{where}: {old} is deprecated; use {new}"
