"""The gate's findings, the parity matrix and a report as JSON: for other programs, and to compare two reports."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from terrace.assurance.evaluation import Outcome
from terrace.assurance.frameworks import Framework
from terrace.assurance.gate_result import Finding, GateResult
from terrace.assurance.parity import Matrix
from terrace.assurance.report.labels import limits
from terrace.assurance.report.model import Evidence, Report

FORMAT = "terrace-report/2"


def gate(results: Sequence[GateResult]) -> str:
    """Everything but single observations."""
    return (
        json.dumps(
            {
                "passed": bool(results) and all(result.passes for result in results),
                "stacks": [_gate_result(result) for result in results],
            },
            indent=2,
        )
        + "\n"
    )


def _gate_result(result: GateResult) -> dict[str, Any]:
    return {
        "environment": result.environment,
        "cloud": result.cloud,
        **({"file": result.file} if result.file else {}),
        "tier": result.tier,
        "passed": result.passes,
        "exit_code": 0 if result.passes else 1,
        "source": result.source,
        "resources_in": result.resources_in,
        "resources_looked_at": result.resources_looked_at,
        "findings": [finding_data(finding) for finding in result.findings],
        "guarantees": {one.guarantee.id: one.status for one in result.results},
        "checks": [
            {
                "id": outcome.id,
                "passed": len(outcome.resources(ok=True)),
                "failed": len(outcome.resources(ok=False)),
                "inconclusive": len(outcome.inconclusive),
            }
            for outcome in result.checks
        ],
        "tools": dict(result.tools),
        "inputs": dict(sorted(result.inputs.items())),
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding, with its waiver."""
    data = asdict(finding)
    if finding.waiver:
        expires = finding.waiver.expires
        data["waiver"] |= {"expires": expires and expires.isoformat(), "until": finding.waiver.until}
    return data


def parity(matrix: Matrix) -> str:
    """A cell a guarantee and stack."""
    return (
        json.dumps(
            {
                "passed": matrix.passes,
                "counts": {cloud: dict(matrix.counts(cloud)) for cloud in matrix.clouds},
                "cells": [
                    {
                        "guarantee": result.guarantee.id,
                        "capability": result.guarantee.capability,
                        "sentence": result.guarantee.sentence,
                        "cloud": cloud,
                        "environment": environment,
                        "status": result.status,
                        "reason": result.reason,
                        "checks": {outcome.id: outcome.status for outcome in result.outcomes},
                        "exception": vars(result.exception) if result.exception else None,
                    }
                    for (cloud, environment), results in matrix.stacks.items()
                    for result in results
                ],
            },
            indent=2,
        )
        + "\n"
    )


def report(content: Report) -> str:
    """Everything in the report; stacks are `environment/cloud`."""
    source = content.provenance
    data = {
        "format": FORMAT,
        "created": source.created.isoformat(),
        "commit": source.commit,
        "modified": source.modified,
        "operator": source.operator,
        "run": source.run,
        "repository": source.repository,
        "parameters": list(source.parameters),
        "tools": content.tools,
        "inputs": dict(source.inputs),
        "limits": limits(content),
        "passed": content.passes,
        "stacks": {
            str(stack): {
                "tier": result.tier,
                "account": content.accounts.get(stack, ""),
                "source": result.source,
                "evidence_over_time": [one.model_dump(mode="json") for one in content.periods.get(stack, ())],
                "last_record": content.heads.get(stack, ""),
                "resources": result.resources_in,
                "looked_at": result.resources_looked_at,
                "passed_gate": result.passes,
                "tools": dict(result.tools),
                "inputs": dict(result.inputs),
                "checks": len(result.checks),
            }
            for stack, result in zip(content.stacks, content.results, strict=True)
        },
        "frameworks": [_framework(framework, content) for framework in content.frameworks],
        "guarantees": {
            guarantee.id: {
                "capability": guarantee.capability,
                "sentence": guarantee.sentence,
                "shown": guarantee.shown,
                "in_cluster": {id: id in content.policies for id in guarantee.in_cluster},
                "stacks": {
                    str(stack): _evidence(content.evidence[guarantee.id, stack], content) for stack in content.stacks
                },
            }
            for guarantee in content.guarantees
        },
        "findings": [finding_data(finding) for finding in content.findings],
        "scans": {str(stack): one.model_dump(mode="json") for stack, one in content.scans.items()},
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _framework(framework: Framework, content: Report) -> dict[str, Any]:
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
                        "kinds": list(content.kinds(row, stack)),
                    }
                    for stack in content.stacks
                    for answered in [content.answered(row, stack)]
                },
            }
            for row in framework.requirements
        ],
    }


def _evidence(one: Evidence, content: Report) -> dict[str, Any]:
    return {
        "status": one.status,
        "reason": one.reason,
        "checks": [_outcome(outcome, one, content) for outcome in one.result.outcomes],
        "exception": asdict(one.result.exception) if one.result.exception else None,
        "live": one.live.model_dump() if one.live else None,
        "readable_live": one.readable,
    }


def _outcome(outcome: Outcome, one: Evidence, content: Report) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "status": outcome.status,
        "reason": outcome.reason,
        "observations": [
            {
                **asdict(observation),
                "address": content.address(one.stack, observation.resource),
                "line": content.lines.get((one.stack, observation.resource), ""),
            }
            for observation in outcome.observations
        ],
    }
