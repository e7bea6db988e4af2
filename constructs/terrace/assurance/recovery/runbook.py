"""The runbook of a recovery plan: the steps that every cloud has, around those that bring the data back; as text."""

from collections.abc import Iterator

from terrace.assurance.checks import Subject
from terrace.assurance.recovery import Copy, RecoveryPlan, Step

_STATUS = {"met": "met", "not_met": "not met", "unknown": "unknown"}


def steps(subject: Subject, data: tuple[Step, ...]) -> tuple[Step, ...]:
    """All steps in order."""
    name, region = subject.environment.name, subject.environment.recovery_region
    new = f"{name[:9]}-dr"
    return (
        Step(
            "Decide, and stop what deploys",
            "Note the time: it is the start of the recovery time. No pipeline may apply to the lost region.",
            ("gh workflow disable apply.yml",),
        ),
        Step(
            f"Describe the new environment {new}",
            f"environments/{new}.yaml extends {name}.yaml and sets name: {new}, region: {region}, another "
            "recovery_region and another network.cidr. It has names of its own, so that nothing lost blocks it.",
            (f"terrace validate {new}", f"terrace cost {new}"),
        ),
        Step(
            "Make its state home and its foundation",
            f"The state of {name} is in the lost region; {new} has its own.",
            (f"terrace bootstrap {new}", f"terrace plan {new}", f"terrace apply {new}"),
        ),
        *data,
        Step(
            "Bring the images",
            "Where the registry is not replicated, build and push the images again.",
            (f"terrace modules images {new}",),
        ),
        Step(
            "Start the workloads",
            "They need the database's new address, which the foundation's outputs have once it is adopted.",
            (f"terrace plan {new}-workloads", f"terrace apply {new}-workloads"),
        ),
        Step(
            "Prove it, then switch the names",
            "Users are switched by the public DNS records of network.entry.domain.",
            (f"terrace verify {new}", f"terrace drift {new}"),
        ),
        Step(
            "Record the times",
            "A measured recovery replaces what this plan calls unknown.",
            (f"terrace evidence record {name} restore FILE",),
        ),
    )


def markdown(plan: RecoveryPlan) -> str:
    """The plan as a document."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: RecoveryPlan) -> Iterator[str]:
    yield f"# Recovery of {plan.environment} on {plan.cloud}"
    yield ""
    place = plan.recovery_region or "no region: the environment has no recovery_region"
    yield f"From a loss of {plan.region}, in {place}."
    yield ""
    yield "## Objectives"
    yield ""
    yield f"- RPO {plan.rpo}: {_STATUS[plan.rpo_status]}"
    measured = f"; a restore took {plan.measured[1]} on {plan.measured[0]}" if plan.measured else ""
    yield f"- RTO {plan.rto}: {_STATUS[plan.rto_status]}{measured}"
    if plan.unmeasured:
        yield f"- No time is known of: {', '.join(plan.unmeasured)}"
    yield ""
    yield "## What is where"
    yield ""
    yield "| component | copy | region | at most lost | not known | source | construct |"
    yield "|---|---|---|---|---|---|---|"
    for component in plan.components:
        for copy in component.copies:
            yield _row(copy)
        if not component.copies:
            yield f"| {component.name} | none | | everything | | | |"
    for copy in plan.others:
        yield f"| {copy.component} | {copy.method} | {copy.region} | | | {copy.source} | {copy.construct} |"
    for name in plan.missing:
        if name not in {component.name for component in plan.components}:
            yield f"| {name} | none in the recovery region | | | | | |"
    yield ""
    yield "## Runbook"
    for number, step in enumerate(plan.steps, 1):
        yield ""
        yield f"{number}. **{step.title}.** {step.why}"
        if step.commands:
            yield ""
            yield "   ```"
            yield from (f"   {command}" for command in step.commands)
            yield "   ```"


def _row(copy: Copy) -> str:
    loss = "unknown" if copy.loss is None else str(copy.loss)
    at_least = f", at least {copy.every}" if copy.loss is None and copy.every else ""
    return (
        f"| {copy.component} | {copy.method} | {copy.region} | {loss}{at_least} | {copy.unknown} | {copy.source} "
        f"| {copy.construct} |"
    )
