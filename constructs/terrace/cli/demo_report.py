"""The table that a demo ends in, and what it does not prove."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from terrace.demo.run import Evidence


def report(lived: "Sequence[Evidence]") -> None:
    """One table; a pair of columns for each cloud. Below it, cloud by cloud, where the time went and what is left."""
    from rich.console import Console
    from rich.table import Table

    clouds = ", ".join(evidence.cloud for evidence in lived)
    table = Table(title=f"{lived[0].environment} on an emulated {clouds}", title_justify="left")
    table.add_column("step")
    for evidence in lived:
        table.add_column("seen" if len(lived) == 1 else evidence.cloud)
        table.add_column("seconds", justify="right")
    columns = [rows(evidence) for evidence in lived]
    for line in zip(*columns, strict=True):
        cells = []
        for (_, seen, keys), evidence in zip(line, lived, strict=True):
            cells += [seen, f"{sum(evidence.seconds.get(key, 0.0) for key in keys):.1f}"]
        table.add_row(line[0][0], *cells)
    table.add_section()
    sums = [cell for evidence in lived for cell in ("", f"{sum(evidence.seconds.values()):.1f}")]
    table.add_row("in all", *sums)
    console = Console()
    console.print(table)
    for evidence in lived:
        _tell(console, evidence, named=len(lived) > 1)


def _tell(console: "Console", evidence: "Evidence", *, named: bool) -> None:
    def say(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    if named:
        say(f"\n{evidence.cloud}")
    slow = ", ".join(f"{path} {seconds:.0f} s" for path, seconds in evidence.slowest.items())
    say(f"Most of the time is the provider's own waiting; longest: {slow}")
    for line in kept(evidence):
        say(f"Kept on purpose: {line}")
    for call in evidence.unsupported_calls:
        say(f"The emulator was asked for something it does not know: {call}")
    say("\nAn emulated apply proves that the stack satisfies the provider and hangs together. It does not prove:")
    for gap in evidence.not_emulated:
        say(f"  - {gap['what']}: {gap['reason']}")
    if evidence.still_running:
        where = f"--cloud {evidence.cloud} --directory {evidence.still_running}"
        say(
            f'\nStill running. To look at it:\n  eval "$(.venv/bin/terrace emulator env {where})"\n'
            f"  {evidence.look}        # or its SDKs: no endpoint, no flag\n"
            f"To end it:\n  .venv/bin/terrace emulator stop {where}"
        )


def kept(evidence: "Evidence") -> list[str]:
    """What a destroy leaves on purpose, alike things together: `3 secretsmanager secret: deleted, ...`."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for left in evidence.kept:
        alike.setdefault((left["service"], left["type"], left["kept"]), []).append(left["id"])
    return [
        f"{service} {kind} {ids[0]}: {why}" if len(ids) == 1 else f"{len(ids)} x {service} {kind}: {why}"
        for (service, kind, why), ids in alike.items()
    ]


def rows(evidence: "Evidence") -> list[tuple[str, str, tuple[str, ...]]]:
    """(step, what was seen, the keys of its seconds)."""
    noticed = f"{len(evidence.drift_detected)} of {len(evidence.drift_injected)} kinds seen"
    repaired = "all repaired" if evidence.drift_repaired else "not repaired"
    found = [
        ("validate", "every environment", ("validate",)),
        (
            "synthesize",
            f"{evidence.resources_applied} resources",
            ("start the emulator", "synthesize", "terraform init"),
        ),
        ("plan and apply", f"{evidence.resources_applied} resources applied", ("plan", "apply")),
        ("plan again", f"{evidence.second_plan_changes or 'no'} changes", ("plan again",)),
        ("verify live", f"{len(evidence.guarantees_verified)} guarantees hold", ("verify live",)),
        (
            "drift",
            f"{noticed}, {repaired}",
            ("make it drift", "notice the drift", "repair it", "plan after the repair"),
        ),
    ]
    if not evidence.still_running:
        found.append(("destroy", f"{len(evidence.leftovers)} left", ("destroy", "list what is left")))
    return found
