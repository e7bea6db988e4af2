"""The words that every format uses for the same thing, and the limits of a report."""

from collections.abc import Mapping

from terrace.assurance.evaluation import Status
from terrace.assurance.evidence import Period
from terrace.assurance.report.model import Evidence, Kind, Report, RequirementOutcome
from terrace.words import counted

OUTCOMES: Mapping[RequirementOutcome, str] = {
    "broken": "Broken",
    "unproven": "Unproven",
    "waived": "Waived",
    "prepared": "Prepared",
    "by_owner": "By the owner",
    "excepted": "Excepted",
    "not_required": "Not required",
    "partial": "Evidenced in part",
    "evidenced": "Evidenced",
    "person": "From a person",
    "not_covered": "Not covered",
    "outside": "Outside a platform",
}
MEANINGS: Mapping[RequirementOutcome, str] = {
    "broken": "a guarantee that is its evidence is broken",
    "unproven": "a guarantee could not be checked, which is not a pass",
    "waived": "a guarantee is broken, and that is accepted until a date",
    "prepared": "a guarantee depends on a module that is not known to be installed in the cluster",
    "by_owner": "a guarantee depends on existing resources, which their owner can change",
    "excepted": "the cloud lacks something of a guarantee; the rest holds, and a compensation is named",
    "not_required": "the environment does not ask for some of the guarantees; the others hold",
    "partial": "all guarantees hold, and a person has to provide the rest",
    "evidenced": "all guarantees hold, and the requirement asks for nothing more",
    "person": "no guarantee is evidence of it; a person has to provide it",
    "not_covered": "a platform can contribute to it, and this one has no evidence",
    "outside": "a platform cannot contribute to it",
}
STATUSES: Mapping[Status, str] = {
    "broken": "Broken",
    "unproven": "Unproven",
    "waived": "Waived",
    "prepared": "Prepared",
    "by_owner": "By the owner",
    "excepted": "Excepted",
    "not_required": "Not required",
    "holds": "Holds",
}
SIGNS: Mapping[str, str] = {
    "broken": "✗",
    "unproven": "?",
    "waived": "W",
    "prepared": "○",
    "by_owner": "◇",
    "excepted": "E",
    "partial": "◐",
    "evidenced": "✓",
    "holds": "✓",
    "not_required": "-",
    "person": "P",
    "not_covered": "∅",
    "outside": "·",
}
KINDS: Mapping[Kind, str] = {
    "before_deployment": "automated, before deployment",
    "live": "automated, live by terrace verify",
    "manual": "manual, from a person",
}
IN_CLUSTER: Mapping[bool, str] = {True: "present, enforced by the cluster itself", False: "not present yet"}


def live(one: Evidence) -> str:
    """The live status of a guarantee, in words."""
    if one.live:
        return STATUSES[one.live.status]
    return "Not read for this report" if one.readable else "Cannot be read live"


def period_text(period: Period) -> str:
    """What the records of a kind show about their period, in a sentence."""
    failed = f"{len(period.exceptions)} failed (records {', '.join(map(str, period.exceptions))})"
    return (
        f"{period.kind}: {counted(period.runs, 'run')} from {period.first:%Y-%m-%d} to {period.last:%Y-%m-%d}, "
        f"{failed if period.exceptions else 'none failed'}, longest gap {period.longest_gap_hours} hours"
    )


def limits(report: Report) -> list[str]:
    """What this report shows, and what it does not show."""
    read = {(one.environment, one.cloud) for one in report.live}
    live = [str(stack) for stack in report.stacks if (stack.environment, stack.cloud) in read]
    unread = [str(stack) for stack in report.stacks if (stack.environment, stack.cloud) not in read]
    sentences = ["Evidence about configuration before deployment; not an attestation, and not an auditor's opinion."]
    if unread:
        sentences.append(
            f"No live deployment of {', '.join(unread)} was read: this shows what would be deployed, not what is."
        )
    if live:
        sentences.append(f"Live evidence of {', '.join(live)} was merged in, as `terrace verify` read it.")
    planned = [f"{one.environment}/{one.cloud}" for one in report.results if one.source == "plan"]
    if planned:
        sentences.append(f"A plan of {', '.join(planned)} was checked, with the provider's defaults in it.")
    return [
        *sentences,
        "Results are of one moment. Only the evidence over time shows whether a control worked over a period."
        if any(report.periods.values())
        else "It shows one moment. Only records of a period can show that a control worked over that period.",
        "Requirements are paraphrased, and this project decided which guarantees are evidence for them; each mapping "
        "has its reason beside it. The framework's own text is authoritative.",
        "“Evidenced in part” is the best outcome of a requirement that also asks for something from a person.",
        "Applications, data and what people do are not checked; what the cluster enforces by itself is named and not "
        "checked here.",
    ]
