"""The table that a demo or a rehearsal ends with, and what it does not prove."""

from typing import TYPE_CHECKING

from terrace.cli.console import table, write
from terrace.demo import guarantee_counts
from terrace.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terrace.demo.rehearsal import Evidence as Rehearsed
    from terrace.demo.run import Evidence

Row = tuple[str, str, tuple[str, ...]]
"""A step, its result, and the keys of its seconds."""


def report(demos: "Sequence[Evidence]") -> None:
    """One table with two columns for each cloud; then, for each cloud, the slowest resources and the gaps."""
    clouds = ", ".join(evidence.cloud for evidence in demos)
    headers = ["step"]
    for evidence in demos:
        headers += ["result" if len(demos) == 1 else evidence.cloud, "seconds"]
    lines: list[list[object]] = []
    for steps in zip(*(rows(evidence) for evidence in demos), strict=True):
        line: list[object] = [steps[0][0]]
        for (_, result, keys), evidence in zip(steps, demos, strict=True):
            line += [result, _sum(evidence.seconds, keys)]
        lines.append(line)
    totals = [cell for evidence in demos for cell in ("", sum(evidence.seconds.values()))]
    write(f"{demos[0].environment} on an emulated {clouds}\n\n{table(headers, [*lines, ['total', *totals]])}")
    for evidence in demos:
        write("\n".join(_notes(evidence, named=len(demos) > 1)))


def report_rehearsal(evidence: "Rehearsed") -> None:
    """Steps, results and seconds; then what the rehearsal does not prove."""
    lines: list[list[object]] = [
        [step, result, _sum(evidence.seconds, keys)] for step, result, keys in rehearsal_rows(evidence)
    ]
    lines.append(["total", "", sum(evidence.seconds.values())])
    proof = "The real provider validated and planned the stack, and its mocks accepted an apply."
    if evidence.provider_missing:
        proof = f"The provider is not available, so only the stack was evaluated: {evidence.provider_missing}"
    write(
        f"{evidence.environment} on {evidence.cloud}, rehearsed\n\n{table(['step', 'result', 'seconds'], lines)}\n\n"
        f"Nothing was applied: no cloud was emulated, and no account was used.\n{proof} It does not prove:\n"
        "  - that the cloud accepts the stack: names already taken, quotas, checks that only its API makes\n"
        "  - that a second plan is empty, that drift is detected, that a destroy leaves nothing"
    )


def _notes(evidence: "Evidence", *, named: bool) -> list[str]:
    slow = ", ".join(f"{path} {seconds:.0f} s" for path, seconds in evidence.slowest.items())
    lines = ["", evidence.cloud] if named else [""]
    lines.append(f"Most of the time is the provider's own waiting; slowest resources: {slow}")
    lines += [f"Retained on purpose: {line}" for line in retained(evidence)]
    lines += [f"The emulator does not support a call that was made: {call}" for call in evidence.unsupported_calls]
    lines += [
        "",
        "An emulated apply proves that the provider accepts the stack and that its parts fit together. "
        "It does not prove:",
    ]
    lines += [f"  - {gap['what']}: {gap['reason']}" for gap in evidence.not_emulated]
    if evidence.emulator_directory:
        options = f"--cloud {evidence.cloud} --directory {evidence.emulator_directory}"
        lines += [
            "",
            "The emulator is still running. To use it:",
            f'  eval "$(.venv/bin/terrace emulator env {options})"',
            f"  {evidence.example_command}        # or the cloud's SDKs; no endpoint or flag is needed",
            "To stop it:",
            f"  .venv/bin/terrace emulator stop {options}",
        ]
    return lines


def retained(evidence: "Evidence") -> list[str]:
    """What a destroy leaves on purpose, grouped: `3 x secretsmanager secret: deleted, ...`."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for left in evidence.retained:
        groups.setdefault((left["service"], left["type"], left["kept"]), []).append(left["id"])
    return [
        f"{service} {kind} {ids[0]}: {why}" if len(ids) == 1 else f"{len(ids)} x {service} {kind}: {why}"
        for (service, kind, why), ids in groups.items()
    ]


def rows(evidence: "Evidence") -> list[Row]:
    """The table's rows for a demo."""
    detected = f"{len(evidence.drift_detected)} of {len(evidence.drift_injected)} kinds detected"
    repaired = "all repaired" if evidence.drift_repaired else "not repaired"
    table_rows: list[Row] = [
        ("validate", "every environment", ("validate",)),
        (
            "synthesize",
            counted(evidence.resources_applied, "resource"),
            ("start the emulator", "synthesize", "terraform init"),
        ),
        ("plan and apply", f"{counted(evidence.resources_applied, 'resource')} applied", ("plan", "apply")),
        ("plan again", counted(evidence.second_plan_changes, "change"), ("plan again",)),
        ("verify live", guarantee_counts(evidence.guarantees), ("verify live",)),
        (
            "drift",
            f"{detected}, {repaired}",
            ("inject drift", "detect drift", "repair drift", "plan after the repair"),
        ),
    ]
    if not evidence.emulator_directory:
        table_rows.append(("destroy", counted(len(evidence.leftovers), "leftover"), ("destroy", "list leftovers")))
    return table_rows


def rehearsal_rows(evidence: "Rehearsed") -> list[Row]:
    """The table's rows for a rehearsal."""
    guarantees = guarantee_counts(evidence.guarantees)
    table_rows: list[Row] = [
        ("validate", "every environment", ("validate",)),
        ("synthesize", counted(evidence.resources_synthesized, "resource"), ("synthesize", "terraform init")),
    ]
    if evidence.provider_missing:
        return [*table_rows, ("evaluate the stack", guarantees, ("evaluate the stack",))]
    return [
        *table_rows,
        ("provider validates", counted(evidence.diagnostics, "diagnostic"), ("terraform validate",)),
        ("plan offline", f"{counted(evidence.resources_planned, 'resource')} to add", ("plan without an account",)),
        ("evaluate the plan", guarantees, ("evaluate the plan",)),
        ("apply to mocks", f"{evidence.resources_applied_to_mocks} created and destroyed", ("apply to mocks",)),
    ]


def _sum(seconds: "Mapping[str, float]", keys: "Sequence[str]") -> float:
    return sum(seconds.get(key, 0.0) for key in keys)
