"""`terrace drift ENV --accept`: adopt drift in the environment's file, or accept it in policies/drift.yaml."""

from datetime import UTC, date, datetime
from typing import Any

import click

from terrace.assurance import drift_ignores
from terrace.cli.console import confirmed, info, warn, write, write_json, yaml_text
from terrace.cli.drift_find import Found
from terrace.cli.options import deployment_of, project_of
from terrace.deployment import drift_acceptance
from terrace.deployment.drift_acceptance import Acceptance, ignore_entry
from terrace.environment import Loaded
from terrace.errors import AnswerIsNo, UsageError
from terrace.words import counted

_LISTED = 10
_SHORTEST = 20  # characters of a reason in policies/drift.yaml


def accept_drift(ctx: click.Context, loaded: Loaded, found: Found, *, reason: str, yes: bool, as_json: bool) -> int:
    """Write what adopts the drift, after confirmation; returns the exit code: 1 if some of it remains drift."""
    if 0 < len(reason) < _SHORTEST:
        raise UsageError("--reason is too short", hint=f"write at least {_SHORTEST} characters")
    drifts = found.report.effective
    if not drifts:
        write_json({"accepted": None}) if as_json else write("no drift to accept")
        return 0
    project = project_of(ctx)
    acceptance = drift_acceptance.accept(deployment_of(ctx, loaded), loaded, drifts, on_trial=info)
    entries = _entries(acceptance, loaded, reason, datetime.now(UTC).date())
    if as_json:
        write_json(
            {"accepted": acceptance.as_data(), "entries": [{**one, "until": str(one["until"])} for one in entries]}
        )
    else:
        _print(acceptance, entries, with_reason=bool(reason))
    ignored = drift_ignores.with_entries(project.root, entries) if reason and entries else ""
    if not acceptance.adopted and not ignored:
        return 1
    if not confirmed("Write this?", yes=yes):
        raise AnswerIsNo("cancelled; nothing was written")
    if acceptance.adopted:
        if acceptance.file.read_text(encoding="utf-8") != acceptance.old:
            raise AnswerIsNo(
                "the file has changed meanwhile", where=project.display(acceptance.file), hint="run it again"
            )
        acceptance.file.write_text(acceptance.text, encoding="utf-8")
        info(f"written: {project.display(acceptance.file)}; `terrace plan {found.environment}` shows the rest")
    if ignored:
        path = project.root / "policies" / drift_ignores.FILE
        path.parent.mkdir(exist_ok=True)
        path.write_text(ignored, encoding="utf-8")
        info(f"written: {project.display(path)}")
    deleted = any(drift.kind == "deleted" for drift in drifts)
    return 1 if deleted or (acceptance.refused and not ignored) else 0


def _entries(acceptance: Acceptance, loaded: Loaded, reason: str, today: date) -> list[dict[str, Any]]:
    """An entry for each resource with attributes that no setting adopts; none accepts a deletion."""
    by_address: dict[str, list[str]] = {}
    for name in acceptance.refused:
        address, _, attribute = name.partition(" ")
        if attribute:
            by_address.setdefault(address, []).append(attribute)
    text = reason or "CHANGEME: why this difference is accepted"
    return [ignore_entry(one, paths, loaded.environment, text, today) for one, paths in by_address.items()]


def _print(acceptance: Acceptance, entries: list[dict[str, Any]], *, with_reason: bool) -> None:
    for adopted in acceptance.adopted:
        write(f"{adopted.setting}: {adopted.old} → {adopted.new} adopts {', '.join(adopted.attributes)}")
    if acceptance.diff:
        write("\n" + acceptance.diff, newline=False)
    if acceptance.also:
        write(f"\nWith it, the next apply also changes {counted(len(acceptance.also), 'attribute')}:")
        for one in acceptance.also[:_LISTED]:
            write(f"  {one}")
        if len(acceptance.also) > _LISTED:
            write(f"  and {len(acceptance.also) - _LISTED} more")
    for name, why in acceptance.refused.items():
        warn(f"not adopted: {name}: {why}")
    if entries:
        added = "is added to" if with_reason else "can be added to"
        write(f"\nThis {added} policies/{drift_ignores.FILE}" + ("" if with_reason else ", also with --reason") + ":\n")
        write(yaml_text([{"ignored": entries}]), newline=False)
