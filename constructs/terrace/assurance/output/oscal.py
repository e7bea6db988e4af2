"""A report as OSCAL: the assessment results of each framework, and the component definition of Terrace.

Each document is validated by compliance-trestle's models. Ids are derived from what they name, so the same report
produces the same bytes. Source: NIST, OSCAL 1.2, assessment-results and component-definition models.
"""

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from terrace.assurance.evaluation import Outcome, counted
from terrace.assurance.frameworks import Framework, Requirement
from terrace.assurance.gate_result import Finding
from terrace.assurance.report.labels import IN_CLUSTER, MEANINGS, OUTCOMES, STATUSES, limits
from terrace.assurance.report.model import FAILING, Evidence, Report, Stack
from terrace.capabilities.cloud import TITLES

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "terrace.assurance.report")
_NS = "https://terrace.invalid/ns/oscal"
"""The namespace of Terrace's own properties: OSCAL requires a name, not a page."""
_NOT_ASSESSED = ("person", "not_covered", "not_required", "outside")
_SHOWN = 5  # observations of a check that an OSCAL observation lists; the JSON report has them all


def assessment_results(report: Report, framework: Framework) -> str:
    """One framework: a result a stack, an observation a guarantee, a finding a requirement. Raises ValueError."""
    from trestle.oscal.assessment_results import AssessmentResults

    name = f"assessment-results/{framework.name}"
    plan = _id(report, name, "no plan")
    document = {
        "uuid": _id(report, name),
        "metadata": _metadata(report, f"{framework.title}: evidence about configuration"),
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(report, framework, stack) for stack in report.stacks],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "No assessment plan",
                    "description": "There is no separate assessment plan: the table of guarantees and the "
                    "framework's file, in the version of the commit above, define what is assessed.",
                }
            ]
        },
    }
    return _checked(AssessmentResults, "assessment-results", document)


def component_definition(report: Report) -> str:
    """Terrace's capabilities as components, with the requirements that each supports. Raises ValueError."""
    from trestle.oscal.component import ComponentDefinition

    capabilities = dict.fromkeys(guarantee.capability for guarantee in report.guarantees)
    document = {
        "uuid": _id(report, "component-definition"),
        "metadata": _metadata(report, "Terrace: what its capabilities do for requirements"),
        "components": [_component(report, capability) for capability in capabilities],
    }
    return _checked(ComponentDefinition, "component-definition", document)


def control_id(framework: Framework, requirement: Requirement) -> str:
    """A requirement's id as an OSCAL token; the original id is its label."""
    if framework.name.startswith("nist"):
        return requirement.id.lower()
    return f"{framework.name}-{re.sub(r'[^A-Za-z0-9.]+', '_', requirement.id).strip('_').lower()}"


def _metadata(report: Report, title: str) -> dict[str, Any]:
    source = report.provenance
    commit = [_prop("commit", source.commit)] if source.commit else []
    return {
        "title": title,
        "last-modified": source.created.isoformat(),
        "version": source.commit or "uncommitted",
        "oscal-version": _oscal_version(),
        "props": [
            *commit,
            _prop("uncommitted-changes", "yes" if source.modified else "no"),
            *(_prop("tool", f"{name} {one}") for name, one in report.tools.items()),
            *(_prop("sha256", one, remarks=name) for name, one in report.inputs.items()),
        ],
        "remarks": " ".join(limits(report)),
    }


def _result(report: Report, framework: Framework, stack: Stack) -> dict[str, Any]:
    key = (framework.name, str(stack))
    used = [one for one in report.guarantees if any(one.id in row.evidence for row in framework.requirements)]
    component = _id(report, "stack", str(stack))
    assessed = [row for row in framework.requirements if report.answered(row, stack).outcome not in _NOT_ASSESSED]
    tool = _id(report, "tool", *key)
    result: dict[str, Any] = {
        "uuid": _id(report, "result", *key),
        "title": f"{framework.short} on {stack}",
        "description": f"What the configuration of {stack.environment} on {TITLES[stack.cloud]} shows.",
        "start": report.provenance.created.isoformat(),
        "end": report.provenance.created.isoformat(),
        "local-definitions": {
            "components": [
                {
                    "uuid": component,
                    "type": "system",
                    "title": f"The foundation of {stack.environment} on {TITLES[stack.cloud]}",
                    "description": "Network, keys, cluster, database, cache, lake and their monitoring.",
                    "status": {"state": "under-development" if not _live(report, stack) else "operational"},
                },
                {
                    "uuid": tool,
                    "type": "software",
                    "title": f"Terrace {report.tools.get('terrace', '')}".strip(),
                    "description": "What made the observations.",
                    "status": {"state": "operational"},
                },
            ]
        },
        "reviewed-controls": {
            "description": framework.scope,
            "control-selections": [
                {
                    "description": "Requirements that only a person answers, that the environment does not ask for, or "
                    "that a platform cannot contribute to are in the report and not assessed here.",
                    "include-controls": [{"control-id": control_id(framework, row)} for row in assessed],
                }
            ],
        },
        "observations": [
            _observation(report, report.evidence[one.id, stack], _id(report, "observation", *key, one.id), component)
            for one in used
        ]
        + [_scans(report, stack, _id(report, "scans", *key), component)],
        "risks": [
            _risk(_id(report, "risk", *key, *_waiver_key(finding)), finding)
            for one in used
            for finding in report.evidence[one.id, stack].waived
        ],
        "findings": [_finding(report, framework, row, stack) for row in assessed],
    }
    origins = [{"actors": [{"type": "tool", "actor-uuid": tool}]}]
    for group in ("observations", "risks", "findings"):
        result[group] = [{**one, "origins": origins} for one in result[group]]
    return {name: value for name, value in result.items() if value}


def _live(report: Report, stack: Stack) -> bool:
    return any((one.environment, one.cloud) == (stack.environment, stack.cloud) for one in report.live)


def _observation(report: Report, one: Evidence, uuid: str, component: str) -> dict[str, Any]:
    evidence = [{"description": _outcome(report, one.stack, outcome)} for outcome in one.result.outcomes]
    if one.live:
        live = f"{STATUSES[one.live.status]}. {one.live.reason or one.live.evidence}"
        evidence.append({"description": f"Read live by terrace verify: {live}"})
    document: dict[str, Any] = {
        "uuid": uuid,
        "title": f"{one.guarantee.id} {one.guarantee.sentence}",
        "description": f"{STATUSES[one.status]}: {one.reason}",
        "props": [_prop("guarantee", one.guarantee.id), _prop("status", one.status)],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "subjects": [{"subject-uuid": component, "type": "component"}],
        "relevant-evidence": evidence,
        "collected": report.provenance.created.isoformat(),
    }
    if lack := one.result.exception:
        document["remarks"] = f"Exception: {lack.reason} Compensation: {lack.compensation} Source: {lack.source}"
    return {name: value for name, value in document.items() if value}


def _scans(report: Report, stack: Stack, uuid: str, component: str) -> dict[str, Any]:
    """The scans in the cluster, or why there are none."""
    scans = report.scans[stack]
    evidence = [
        {"description": f"{', '.join(one.modules)}: no report covers {image}"}
        for one in scans.modules
        for image in one.unscanned
    ]
    document: dict[str, Any] = {
        "uuid": uuid,
        "title": "Scans of the images and objects in the cluster",
        "description": str(scans),
        "props": [_prop("scans", scans.status)],
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": component, "type": "component"}],
        "relevant-evidence": evidence,
        "collected": report.provenance.created.isoformat(),
    }
    return {name: value for name, value in document.items() if value}


def _outcome(report: Report, stack: Stack, outcome: Outcome) -> str:
    """A check's status and its first observations."""
    reason = outcome.reason or counted(len(outcome.observations))
    lines = [f"{outcome.id}: {outcome.status.replace('_', ' ')}, {reason}"]
    for observation in outcome.observations[:_SHOWN]:
        address = report.address(stack, observation.resource)
        line = report.lines[stack, observation.resource]
        head = f"{observation.resource} ({address})" if address else observation.resource
        lines.append(f"- {head}: {observation.fact}" + (f", because of {line}" if line else ""))
    return "\n".join(lines)


def _risk(uuid: str, finding: Finding) -> dict[str, Any]:
    """A waived finding."""
    waiver = finding.waiver
    assert waiver
    return {
        "uuid": uuid,
        "title": f"{finding.id} on {finding.construct or finding.resource}",
        "description": finding.sentence,
        "statement": f"{waiver.reason} Compensating control: {waiver.compensating_control}",
        "props": [
            _prop("owner", waiver.owner),
            _prop("approved-by", waiver.approved_by),
            *([_prop("approved-on", waiver.approved_on.isoformat())] if waiver.approved_on else []),
            *([_prop("ticket", waiver.ticket)] if waiver.ticket else []),
            *([_prop("waiver", waiver.line)] if waiver.line else []),
        ],
        "status": "deviation-approved",
        **({"deadline": f"{waiver.expires.isoformat()}T00:00:00+00:00"} if waiver.expires else {}),
    }


def _waiver_key(finding: Finding) -> tuple[str, str, str, str]:
    return finding.guarantee, finding.id, finding.construct, finding.resource


def _finding(report: Report, framework: Framework, row: Requirement, stack: Stack) -> dict[str, Any]:
    """The objective is the configuration: satisfied if all guarantees hold. What a person provides is not assessed."""
    answered = report.answered(row, stack)
    satisfied = answered.outcome in ("evidenced", "partial")
    sentences = [f"{OUTCOMES[answered.outcome]}: {MEANINGS[answered.outcome]}."]
    sentences += [f"{id}: {reason}." for id, reason in row.evidence.items()]
    sentences += [f"A person has to provide: {row.person}."] * bool(row.person)
    sentences += [f"Not covered: {row.not_covered}."] * bool(row.not_covered)
    observations = [
        {"observation-uuid": _id(report, "observation", framework.name, str(stack), id)} for id in row.evidence
    ]
    risks = [
        {"risk-uuid": _id(report, "risk", framework.name, str(stack), *_waiver_key(finding))}
        for id in row.evidence
        for finding in report.evidence[id, stack].waived
    ]
    reason = "pass" if satisfied else "fail" if answered.outcome in FAILING else "other"
    document: dict[str, Any] = {
        "uuid": _id(report, "finding", framework.name, str(stack), row.id),
        "title": f"{row.id} {row.asks}",
        "description": " ".join(sentences),
        "props": [_prop("label", row.id), _prop("outcome", answered.outcome), _prop("mapping", row.line)],
        "target": {
            "type": "objective-id",
            "target-id": f"{control_id(framework, row)}_configuration",
            "status": {"state": "satisfied" if satisfied else "not-satisfied", "reason": reason},
        },
        "related-observations": observations,
        "related-risks": risks,
    }
    return {name: value for name, value in document.items() if value}


def _component(report: Report, capability: str) -> dict[str, Any]:
    guarantees = {one.id: one for one in report.guarantees if one.capability == capability}
    implementations = []
    for framework in report.frameworks:
        rows = [row for row in framework.requirements if guarantees.keys() & row.evidence.keys()]
        if rows:
            implementations.append(
                {
                    "uuid": _id(report, "implementation", capability, framework.name),
                    "source": framework.source,
                    "description": f"{framework.title}. {framework.text}.",
                    "implemented-requirements": [
                        {
                            "uuid": _id(report, "implements", capability, framework.name, row.id),
                            "control-id": control_id(framework, row),
                            "description": " ".join(
                                f"{id} ({guarantees[id].sentence}): {reason}."
                                for id, reason in row.evidence.items()
                                if id in guarantees
                            ),
                            "props": [_prop("label", row.id), _prop("mapping", row.line)],
                        }
                        for row in rows
                    ],
                }
            )
    return {
        "uuid": _id(report, "component", capability),
        "type": "service",
        "title": capability.capitalize(),
        "description": " ".join(f"{one.id}: {one.sentence}." for one in guarantees.values()),
        "props": [
            *(
                _prop("check", check, remarks=f"{one.id} on {TITLES[cloud]}")
                for one in guarantees.values()
                for cloud, checks in one.clouds.items()
                for check in checks
            ),
            *(
                _prop("in-cluster-policy", id, remarks=f"{one.id}: {IN_CLUSTER[id in report.policies]}")
                for one in guarantees.values()
                for id in one.in_cluster
            ),
        ],
        "control-implementations": implementations,
    }


def _prop(name: str, value: str, remarks: str = "") -> dict[str, str]:
    return {"name": name, "ns": _NS, "value": value} | ({"remarks": remarks} if remarks else {})


def _id(report: Report, *words: str) -> str:
    """A UUID derived from the report's inputs and the words."""
    source = report.provenance
    hashes: Iterable[tuple[str, Mapping[str, str]]] = (
        (str(stack), result.inputs) for stack, result in zip(report.stacks, report.results, strict=True)
    )
    stem = [source.created.isoformat(), source.commit, sorted(source.inputs.items())]
    return str(
        uuid.uuid5(_NAMESPACE, json.dumps([*stem, *((name, sorted(one.items())) for name, one in hashes), words]))
    )


def _checked(model: Any, name: str, document: Mapping[str, Any]) -> str:
    model.model_validate(document)
    return json.dumps({name: document}, indent=2, ensure_ascii=False) + "\n"


def _oscal_version() -> str:
    from trestle.oscal import OSCAL_VERSION

    return str(OSCAL_VERSION)
