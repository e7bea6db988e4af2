"""The table that a demo without an emulation ends in."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.demo.rehearsal import Evidence


def report(evidence: "Evidence") -> None:
    """Step, what was seen, seconds; then what all this does not prove."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{evidence.environment} on {evidence.cloud}, rehearsed", title_justify="left")
    table.add_column("step")
    table.add_column("seen")
    table.add_column("seconds", justify="right")
    for step, seen, keys in rows(evidence):
        table.add_row(step, seen, f"{sum(evidence.seconds.get(key, 0.0) for key in keys):.1f}")
    table.add_section()
    table.add_row("in all", "", f"{sum(evidence.seconds.values()):.1f}")
    console = Console()
    console.print(table)
    did = "The real provider took the stack and planned it, and its mocks took an apply."
    if evidence.provider_missing:
        did = f"The provider cannot be had, so only the stack itself was judged: {evidence.provider_missing}"
    console.print(
        f"\nNothing was applied: nothing was emulated, and no account was asked.\n{did} It does not prove:\n"
        "  - that the cloud accepts it: names taken elsewhere, quotas, what only its API checks\n"
        "  - that a second plan is empty, that drift is seen, that a destroy leaves nothing",
        highlight=False,
        soft_wrap=True,
    )


def rows(evidence: "Evidence") -> list[tuple[str, str, tuple[str, ...]]]:
    """(step, what was seen, the keys of its seconds)."""
    judged = f"{evidence.count('proven')} guarantees hold"
    for status, words in (
        ("exception", "exceptions"),
        ("not_asked", "not asked for"),
        ("broken", "broken"),
        ("unproven", "not looked at"),
    ):
        if count := evidence.count(status):
            judged += f", {count} {words}"
    found = [
        ("validate", "every environment", ("validate",)),
        ("synthesize", f"{evidence.resources_synthesized} resources", ("synthesize", "terraform init")),
    ]
    if evidence.provider_missing:
        return [*found, ("judge the stack", judged, ("judge the stack",))]
    return [
        *found,
        ("provider validates", f"{evidence.diagnostics or 'no'} errors or warnings", ("terraform validate",)),
        ("plan offline", f"{evidence.resources_planned} resources to add", ("plan without an account",)),
        ("judge the plan", judged, ("judge the plan",)),
        ("apply to mocks", f"{evidence.resources_applied_to_mocks} made up and taken down", ("apply to mocks",)),
    ]
