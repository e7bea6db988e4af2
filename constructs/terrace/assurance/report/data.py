"""A report as JSON: for machines, and to be compared with another one."""

import json
from dataclasses import asdict
from typing import Any

from terrace.assurance.frameworks import Framework
from terrace.assurance.report.labels import limits
from terrace.assurance.report.model import Evidence, Report
from terrace.assurance.result import Finding

FORMAT = "terrace-report/1"


def text(report: Report) -> str:
    """The file's content."""
    return json.dumps(data(report), indent=2, ensure_ascii=False) + "\n"


def data(report: Report) -> dict[str, Any]:
    """Everything in the report; stacks are `environment/cloud`."""
    source = report.provenance
    return {
        "format": FORMAT,
        "created": source.created.isoformat(),
        "commit": source.commit,
        "modified": source.modified,
        "tools": report.tools,
        "inputs": dict(source.inputs),
        "limits": limits(report),
        "passed": report.passes,
        "stacks": {
            str(stack): {
                "tier": result.tier,
                "source": result.source,
                "resources": result.resources_in,
                "looked_at": result.resources_looked_at,
                "passed_gate": result.passes,
                "tools": dict(result.tools),
                "inputs": dict(result.inputs),
                "checks": len(result.checks),
            }
            for stack, result in zip(report.stacks, report.results, strict=True)
        },
        "frameworks": [_framework(framework, report) for framework in report.frameworks],
        "guarantees": {
            guarantee.id: {
                "capability": guarantee.capability,
                "sentence": guarantee.sentence,
                "shown": guarantee.shown,
                "in_cluster": {id: id in report.policies for id in guarantee.in_cluster},
                "stacks": {str(stack): _evidence(report.evidence[guarantee.id, stack]) for stack in report.stacks},
            }
            for guarantee in report.guarantees
        },
        "findings": [finding_data(finding) for finding in report.findings],
    }


def _framework(framework: Framework, report: Report) -> dict[str, Any]:
    return {
        **framework.model_dump(exclude={"requirements"}),
        "requirements": [
            {
                "id": row.id,
                "group": row.group,
                "line": row.line,
                "asks": row.asks,
                "answer": row.answer,
                "evidence": dict(row.evidence),
                "person": row.person,
                "not_covered": row.not_covered,
                "outside": row.outside,
                "stacks": {
                    str(stack): {
                        "outcome": answered.outcome,
                        "by": list(answered.by),
                        "waived": answered.waived,
                        "kinds": list(report.kinds(row, stack)),
                    }
                    for stack in report.stacks
                    for answered in [report.answered(row, stack)]
                },
            }
            for row in framework.requirements
        ],
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "held": evidence.held,
        "why": evidence.why,
        "checks": [asdict(check) for check in evidence.checks],
        "exception": asdict(evidence.exception) if evidence.exception else None,
        "live": evidence.live.model_dump() if evidence.live else None,
        "readable_live": evidence.readable,
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding of the gate, its waiver too."""
    waiver = finding.waiver
    plain = asdict(finding)
    if waiver:
        plain["waiver"]["expires"] = waiver.expires.isoformat()
    return plain
