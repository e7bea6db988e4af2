"""A plan as text: counts by capability, then the resources that it replaces or destroys."""

from collections.abc import Collection, Sequence

from terrace.assurance.gate_verdict import AccessChange
from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import TITLES
from terrace.capabilities.effects import Risk, effect_of_replacement, exceeds
from terrace.cli.console import styled, table
from terrace.deployment.changes import Change, Summary, Verb
from terrace.environment import Environment
from terrace.words import counted

_VERBS: tuple[Verb, ...] = ("add", "change", "replace", "destroy", "import", "forget")
_MAX_ACCESS = 40
_MAX_RISKS = 10
_ALWAYS_SHOWN = _VERBS[:4]


def plan_text(summary: Summary, access: Sequence[AccessChange] = ()) -> str:
    """The changes of a plan by capability; data losses come last. `access` is what it changes of who reaches or may do
    what, see GateVerdict."""
    if summary.empty:
        return "No changes. The deployment matches the environment."
    # A resource may be adopted and changed at once; the "adopt" column counts it too.
    adopted = {
        name: sum(1 for change in summary.changes if change.imported and change.capability == name)
        for name in summary.capabilities
    }
    verbs = [verb for verb in _VERBS if summary.count(verb) or verb in _ALWAYS_SHOWN]
    if any(adopted.values()) and "import" not in verbs:
        verbs.append("import")

    def count(capability: str, verb: Verb) -> int:
        return adopted[capability] if verb == "import" else summary.count(verb, capability)

    rows: list[list[object]] = [[name, *(count(name, verb) for verb in verbs)] for name in sorted(summary.capabilities)]
    if len(rows) > 1:
        rows.append(["total", *(sum(count(name, verb) for name in summary.capabilities) for verb in verbs)])
    headers = ["capability", *("adopt" if verb == "import" else verb for verb in verbs)]
    parts = [table(headers, rows)] if rows else []
    if summary.outputs:
        parts.append("1 output changes." if summary.outputs == 1 else f"{summary.outputs} outputs change.")
    gone = [change for change in summary.changes if change.verb in ("replace", "destroy") and not change.loses_data]
    if harmless := [change for change in gone if change.effect != "downtime"]:
        parts.append("\n".join(_resource(change) for change in harmless))
    if access:
        rest = len(access) - _MAX_ACCESS
        more = [f"and {rest} more"] if rest > 0 else []
        parts.append("\n  ".join(["What anyone reaches or may do changes:", *map(str, access[:_MAX_ACCESS]), *more]))
    if summary.losses:
        lost = counted(len(summary.losses), "resource")
        heading = f"{lost} with data, or with a name that other resources use, will be replaced or destroyed:"
        lines = [styled(heading, fg="red", bold=True)]
        parts.append("\n".join([*lines, *(styled(_resource(change), fg="red") for change in summary.losses)]))
    if interrupted := [change for change in gone if change.effect == "downtime"]:
        heading = f"{counted(len(interrupted), 'resource')} will be unavailable while being replaced:"
        lines = [styled(heading, fg="red", bold=True)]
        for change in interrupted:
            known = effect_of_replacement(change.type)
            lines.append(styled(f"{_resource(change)}\n    {known.detail if known else ''}", fg="red"))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def ineffective_text(settings: Collection[str], environment: Environment) -> str:
    """The settings that change nothing on the environment's cloud."""
    return (
        f"Without effect on {TITLES[environment.cloud]}: {', '.join(settings)}. "
        f"`terrace env explain {environment.name} SETTING` prints why."
    )


def blockers_text(blockers: Sequence[Blocker]) -> str:
    """What blocks the removal of resources, with the remedies."""
    return "\n".join(["an apply of this plan would fail halfway:", *(f"  {blocker}" for blocker in blockers)])


def risk_text(summary: Summary, accepted: Risk) -> str:
    """The changes whose effect is worse than what is accepted."""
    worse = [change for change in summary.changes if exceeds(change.effect, accepted)]
    lines = [f"the plan's risk is {summary.risk}, above the accepted {accepted}:"]
    lines += [f"  {change.effect}: {change.verb} {change.address}" for change in worse[:_MAX_RISKS]]
    if len(worse) > _MAX_RISKS:
        lines.append(f"  and {len(worse) - _MAX_RISKS} more")
    return "\n".join(lines)


def _resource(change: Change) -> str:
    text = f"  {change.verb} {change.address}"
    if change.construct:
        text += f" ({change.construct})"
    if change.reasons:
        text += f", because of {', '.join(change.reasons)}"
    return text + (f"\n    set in {change.environment_line}" if change.environment_line else "")
