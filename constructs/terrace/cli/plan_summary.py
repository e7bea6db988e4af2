"""A plan as text: counts by capability, then each change with its old and new values and what it interrupts."""

from collections.abc import Collection, Mapping, Sequence

from terrace.assurance.gate_verdict import AccessChange
from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import TITLES
from terrace.capabilities.effects import EFFECTS, Effect, Risk, effect_of, effect_of_replacement, exceeds
from terrace.cli.console import shortened, styled, table
from terrace.deployment.changes import Change, Summary, Verb
from terrace.deployment.values import ValueChange
from terrace.environment import Environment
from terrace.words import counted

_VERBS: tuple[Verb, ...] = ("add", "change", "replace", "destroy", "import", "forget")
_MAX_ACCESS = 40
_MAX_RISKS = 10
_MAX_CHANGES = 40
_MAX_VALUES = 12
_LONGEST_VALUE = 80
_EFFECTS: Mapping[Effect, str] = {
    "none": "no interruption",
    "restart": "restart",
    "unknown": "effect not known",
    "downtime": "downtime",
    "data-loss": "data loss",
}
_ALWAYS_SHOWN = _VERBS[:4]


def plan_text(summary: Summary, access: Sequence[AccessChange] = (), *, details: bool = False) -> str:
    """The changes of a plan by capability, then each change in place, replacement and removal; what interrupts most
    comes last. `access` is what it changes of who reaches or may do what, see GateVerdict.

    `details` also lists what is added and adopted, and the values that the provider computes, and shortens nothing.
    """
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
    if details and (new := [change for change in summary.changes if change.verb in ("add", "import", "forget")]):
        parts.append("\n".join(_resource(change, details) for change in new))
    changed = [change for change in summary.changes if change.verb == "change"]
    if changed:
        changed.sort(key=lambda change: (EFFECTS.index(change.effect), change.address))
        shown = changed if details else changed[-_MAX_CHANGES:]
        rest = len(changed) - len(shown)
        more = [f"  {counted(rest, 'more change')} in place; --details lists all"] if rest else []
        parts.append("\n".join([*more, *(_resource(change, details) for change in shown)]))
    gone = [change for change in summary.changes if change.verb in ("replace", "destroy") and not change.loses_data]
    if harmless := [change for change in gone if change.effect != "downtime"]:
        parts.append("\n".join(_resource(change, details) for change in harmless))
    if access:
        rest = len(access) - _MAX_ACCESS
        more = [f"and {rest} more"] if rest > 0 else []
        parts.append("\n  ".join(["What anyone reaches or may do changes:", *map(str, access[:_MAX_ACCESS]), *more]))
    if summary.losses:
        lost = counted(len(summary.losses), "resource")
        heading = f"{lost} with data, or with a name that other resources use, will be replaced or destroyed:"
        lines = [styled(heading, fg="red", bold=True)]
        parts.append("\n".join([*lines, *(styled(_resource(change, details), fg="red") for change in summary.losses)]))
    if locked := summary.irreversible:
        heading = f"{counted(len(locked), 'change')} cannot be undone:"
        lines = [styled(heading, fg="red", bold=True)]
        for change in locked:
            lines += [styled(f"  {change.address}: {sentence}", fg="red") for sentence in change.irreversible]
        parts.append("\n".join(lines))
    if interrupted := [change for change in gone if change.effect == "downtime"]:
        heading = f"{counted(len(interrupted), 'resource')} will be unavailable while being replaced:"
        lines = [styled(heading, fg="red", bold=True)]
        for change in interrupted:
            known = effect_of_replacement(change.type, created_first=change.created_first)
            lines.append(styled(f"{_resource(change, details)}\n    {known.detail if known else ''}", fg="red"))
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


def _resource(change: Change, details: bool) -> str:
    text = f"  {change.verb} {change.address}"
    if change.construct:
        text += f" ({change.construct})"
    if change.reasons:
        text += f", because of {', '.join(change.reasons)}"
    lines = [text, *([f"set in {change.environment_line}"] if change.environment_line else [])]
    values = change.values if details else change.set_values
    shown = values if details else values[:_MAX_VALUES]
    lines += [_value(change, one, details) for one in shown]
    if len(values) > len(shown):
        lines.append(f"{counted(len(values) - len(shown), 'more value')}; --details lists all")
    elif change.verb == "change" and not values:
        lines.append("values that the provider computes; --details lists them")
    return "\n    ".join(lines)


def _value(change: Change, value: ValueChange, details: bool) -> str:
    """`size: "small" -> "large": downtime, the database is unavailable while its instance changes`."""

    def cut(text: str) -> str:
        return text if details else shortened(text, _LONGEST_VALUE)

    if value.before is None and value.after is not None:
        text = f"{value.path}: + {cut(value.after)}"
    elif value.before is not None and value.after is None:
        text = f"{value.path}: - {cut(value.before)}"
    else:
        text = f"{value.path}: {cut(value.before or '')} -> {cut(value.after or '')}"
    if change.verb != "change" or value not in change.set_values:
        return text
    known = effect_of(change.type, value.path)
    return f"{text} ({_EFFECTS[known.effect]}: {known.detail})" if known else f"{text} ({_EFFECTS['unknown']})"
