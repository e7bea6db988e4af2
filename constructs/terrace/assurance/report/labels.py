"""The words that every format uses for the same thing, and what a report cannot say."""

from collections.abc import Mapping

from terrace.assurance.report.model import Evidence, Held, Kind, Outcome, Report

OUTCOMES: Mapping[Outcome, str] = {
    "broken": "Broken",
    "unproven": "Unproven",
    "waived": "Waived",
    "exception": "With an exception",
    "not_asked": "Not all asked for",
    "partial": "Evidenced in part",
    "evidenced": "Evidenced",
    "person": "From a person",
    "not_covered": "Not covered",
    "outside": "Outside a platform",
}
MEANINGS: Mapping[Outcome, str] = {
    "broken": "a guarantee that is its evidence does not hold",
    "unproven": "a guarantee could not be judged, which is not a pass",
    "waived": "a guarantee does not hold, and someone accepted that for a while",
    "exception": "the cloud lacks something of a guarantee; the rest is proven, and a compensation is named",
    "not_asked": "the environment does not ask for what a guarantee promises; what it asks for holds",
    "partial": "all guarantees hold, and a person has to provide the rest",
    "evidenced": "all guarantees hold, and the requirement asks for no more than they show",
    "person": "nothing here shows it; a person has to",
    "not_covered": "a platform could have to do with it, and this one shows nothing",
    "outside": "no platform has to do with it",
}
HELD: Mapping[Held, str] = {
    "broken": "Broken",
    "unproven": "Unproven",
    "waived": "Waived",
    "exception": "Exception",
    "proven": "Proven",
    "not_asked": "Not asked for",
}
SIGNS: Mapping[str, str] = {
    "broken": "✗",
    "unproven": "?",
    "waived": "W",
    "exception": "E",
    "partial": "◐",
    "evidenced": "✓",
    "proven": "✓",
    "holds": "✓",
    "not_asked": "-",
    "person": "P",
    "not_covered": "∅",
    "outside": "·",
}
KINDS: Mapping[Kind, str] = {
    "before_deployment": "automated, before deployment",
    "live": "automated, live by terrace verify",
    "manual": "manual, from a person",
}
CHECKS: Mapping[str, str] = {
    "holds": "Holds",
    "broken": "Broken",
    "not_asked": "Not asked for",
    "unproven": "Unproven",
}
LIVE: Mapping[str, str] = {
    "holds": "Holds",
    "broken": "Broken",
    "unknown": "Could not be read",
    "not_applicable": "Not asked for",
}
IN_CLUSTER: Mapping[bool, str] = {True: "there, judged by the cluster itself", False: "not there yet"}


def live(one: Evidence) -> str:
    """What is known of a guarantee from the deployment itself."""
    if one.live:
        return LIVE[one.live.status]
    return "Not read for this report" if one.readable else "Nothing reads it"


def limits(report: Report) -> list[str]:
    """What this report is, and what it is not, in plain words."""
    read = {(one.environment, one.cloud) for one in report.live}
    live = [str(stack) for stack in report.stacks if (stack.environment, stack.cloud) in read]
    unread = [str(stack) for stack in report.stacks if (stack.environment, stack.cloud) not in read]
    said = ["Evidence about configuration before deployment; not an attestation, and no auditor's opinion."]
    if unread:
        said.append(
            f"Of {', '.join(unread)} nothing was read live: it says what a deployment would be, not what is deployed."
        )
    if live:
        said.append(f"Of {', '.join(live)} live evidence was merged in, as it was when `terrace verify` read it.")
    planned = [f"{one.environment}/{one.cloud}" for one in report.results if one.source == "plan"]
    if planned:
        said.append(f"Of {', '.join(planned)} a plan was judged, with the provider's defaults in it.")
    return [
        *said,
        "It shows one moment. Whether a control worked over a period is for records of that period to show.",
        "Requirements are paraphrased, and which guarantees answer them is this project's judgement; each mapping has "
        "its reason beside it. The framework's own text decides.",
        "“Evidenced in part” is the best that a requirement can reach that also asks for something from a person.",
        "Applications, data and what people do are not looked at; what the cluster enforces by itself is named and not "
        "judged here.",
    ]
