"""The gate's findings as JUnit XML: a suite a stack, a case a check.

A blocking finding is a failure, or an error if it is unproven; a check whose findings all do not block is skipped.
"""

from collections.abc import Sequence
from xml.etree import ElementTree

from terrace.assurance.gate_result import Finding, GateResult

_ATTRIBUTES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def gate(results: Sequence[GateResult]) -> str:
    root = ElementTree.Element("testsuites", name="terrace gate")
    for result in results:
        by_id: dict[str, list[Finding]] = {outcome.id: [] for outcome in result.checks}
        for finding in result.findings:
            for id in finding.checks:
                by_id.setdefault(id, []).append(finding)
        kinds = {id: _kind(findings) for id, findings in by_id.items()}
        attributes = {"name": str(result), "tests": str(len(by_id))}
        for kind, name in _ATTRIBUTES.items():
            attributes[name] = str(list(kinds.values()).count(kind))
        suite = ElementTree.SubElement(root, "testsuite", attributes)
        for id, findings in by_id.items():
            case = ElementTree.SubElement(
                suite, "testcase", classname=f"terrace.{result.cloud}.{result.environment}", name=id
            )
            if kinds[id]:
                child = ElementTree.SubElement(case, kinds[id], message=findings[0].sentence)
                child.text = "\n".join(
                    f"{one.construct or one.resource or one.line}: {one.sentence}" for one in findings
                )
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _kind(findings: Sequence[Finding]) -> str:
    blocking = [finding for finding in findings if finding.blocks]
    if not findings:
        return ""
    if not blocking:
        return "skipped"
    return "error" if all(finding.status == "unproven" for finding in blocking) else "failure"
