"""The gate's findings as SARIF 2.1.0, for GitHub code scanning.

A run a stack. The location of a result is the environment file's line where there is one, else the file of the
capability's construct.
Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub documentation, "SARIF support
for code scanning".
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from terrace.assurance.gate_result import Finding, GateResult

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_SCORES = {"low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
"""GitHub sorts by these; its bands are those of CVSS."""


def gate(results: Sequence[GateResult]) -> str:
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(result) for result in results]}
    return json.dumps(log, indent=2) + "\n"


def _run(result: GateResult) -> dict[str, Any]:
    rules = {finding.id: finding for finding in result.findings}
    order = {id: index for index, id in enumerate(rules)}
    unproven = [finding for finding in result.findings if finding.status == "unproven"]
    return {
        "tool": {
            "driver": {
                "name": "terrace gate",
                "version": result.tools.get("terrace", "0"),
                "rules": [_rule(finding) for finding in rules.values()],
            },
            "extensions": [
                {"name": name, "version": version} for name, version in result.tools.items() if name != "terrace"
            ],
        },
        "automationDetails": {"id": f"terrace-gate/{result.cloud}/{result.environment}/{result.file}"},
        "invocations": [
            {
                "executionSuccessful": not unproven,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": finding.sentence}, "descriptor": {"id": finding.id}}
                    for finding in unproven
                ],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.id]) for finding in result.findings],
        "properties": {
            "environment": result.environment,
            "cloud": result.cloud,
            "resourcesIn": result.resources_in,
            "resourcesLookedAt": result.resources_looked_at,
            "inputs": dict(sorted(result.inputs.items())),
        },
    }


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "shortDescription": {
            "text": finding.sentence if not finding.guarantee else f"{finding.guarantee}: {finding.id}"
        },
        "fullDescription": {"text": finding.rationale or finding.sentence},
        "help": {"text": finding.remediation or finding.sentence},
        "properties": {"security-severity": _SCORES[finding.severity], "tags": ["security", finding.capability]},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    level = "error" if finding.blocks else "note" if finding.status == "waived" else "warning"
    identity = "/".join((finding.cloud, finding.environment, finding.id, finding.construct or finding.resource))
    entry: dict[str, Any] = {
        "ruleId": finding.id,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": f"{finding.sentence}. {finding.rationale} {finding.remediation}".strip()},
        "locations": [_location(finding)],
        "partialFingerprints": {
            "terraceFinding/v1": hashlib.sha256(f"{identity} {finding.sentence}".encode()).hexdigest()
        },
        "properties": {
            "severity": finding.severity,
            "capability": finding.capability,
            "guarantee": finding.guarantee,
            "also": list(finding.also),
        },
    }
    if finding.waiver:
        justification = f"{finding.waiver.reason} Until {finding.waiver.until}; {finding.waiver.compensating_control}"
        entry["suppressions"] = [{"kind": "external", "justification": justification}]
    return entry


def _location(finding: Finding) -> dict[str, Any]:
    file, line, column = _file_and_position(finding)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": file, "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": line, "startColumn": column},
        }
    }
    names = [("resource", finding.construct), ("resource", finding.resource)]
    if logical := [{"fullyQualifiedName": name, "kind": kind} for kind, name in names if name]:
        location["logicalLocations"] = logical
    return location


def _file_and_position(finding: Finding) -> tuple[str, int, int]:
    """(file, line, column): the environment line, else the file of the capability's construct."""
    name, *numbers = finding.line.rsplit(":", 2)
    if len(numbers) == 2 and all(number.isdigit() for number in numbers):
        return name, int(numbers[0]), int(numbers[1])
    construct = Path("constructs") / "terrace" / finding.cloud / f"{finding.capability}.py"
    own = Path(__file__).resolve().parents[3]
    return (
        (construct if (own / construct).is_file() else Path("environments") / f"{finding.environment}.yaml").as_posix(),
        1,
        1,
    )
