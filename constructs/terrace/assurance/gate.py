"""The policy gate: whether stacks may go to their environments, and everything that speaks against it.

One view of a stack, judged by the guarantees' checks and by checkov's in one process. It fails closed: what could not
be judged is a finding, and no waiver takes it away.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from terrace.assurance import severities, waivers
from terrace.assurance import stack_cache as stacks
from terrace.assurance import timeout as limit
from terrace.assurance.evaluation import Judged, evidence
from terrace.assurance.gate_verdict import Gate, GateVerdict
from terrace.assurance.guarantees import BY_ID
from terrace.assurance.result import SEVERITIES, CheckRun, Finding, GateResult, Severity, Waiver
from terrace.assurance.severities import InvalidPolicies, Severities
from terrace.environment import Loaded, load, names
from terrace.errors import InvalidEnvironment, TerraceError
from terrace.project.discovery import Project
from terrace.project.source_map import environment_line

__all__ = ["CheckRun", "Finding", "GateResult", "InvalidPolicies", "Severity", "Waiver", "judge", "policies", "run"]


@dataclass(frozen=True)
class Policies:
    """What the gate of a project judges by. `checks` are folders of checkov policies, `inputs` the files' SHA-256 sums.

    `today` is the day by which waivers end; None lets none end, for what is no account's deployment.
    """

    root: Path
    severities: Severities
    waivers: tuple[Waiver, ...]
    checks: tuple[Path, ...]
    inputs: Mapping[str, str]
    today: date | None


def policies(root: Path, *, today: date | None = None, ends: bool = True) -> Policies:
    """The policies of a project; what it does not have itself comes with Terrace. Raises InvalidPolicies.

    `ends` off: expired waivers still hold.
    """
    now = today or datetime.now(UTC).date()
    rated, waived, checks = place(root, severities.FILE), place(root, waivers.FILE), place(root, "checkov")
    inputs = {f"policies/{path.name}": _sha256(path.read_bytes()) for path in (rated, waived) if path.is_file()}
    inputs |= {f"policies/checkov/{path.name}": _sha256(path.read_bytes()) for path in _files(checks)}
    return Policies(
        root,
        severities.load(rated, f"policies/{severities.FILE}"),
        waivers.load(waived, environments=names(root), today=now, shown=f"policies/{waivers.FILE}"),
        (checks,) if checks.is_dir() else (),
        inputs,
        now if ends else None,
    )


def place(root: Path, name: str) -> Path:
    """Where a file of policies is: in the project, else, for all but waivers, beside Terrace's own."""
    here = Path(__file__).resolve()
    own = root / "policies" / name
    if name == waivers.FILE or own.exists():
        return own
    kit = [parent / "policies" / name for parent in (here.parents[3], here.parent)]
    return next((path for path in kit if path.exists()), own)


def judge(
    loaded: Loaded,
    written: str,
    rules: Policies,
    *,
    plan: Mapping[str, Any] | None = None,
    offline: bool = False,
    seconds: float = limit.SECONDS,
) -> GateResult:
    """One stack, given as JSON text, or a plan of it in Terraform's JSON format. `seconds` is what a check may take."""
    judged = evidence(loaded, written, rules.checks, plan=plan, offline=offline, seconds=seconds)
    return result_of(
        loaded, rules, judged, {"stack": _sha256(written.encode())}, "plan" if plan is not None else "stack"
    )


def run(
    project: Project,
    environments: Sequence[str],
    clouds: Sequence[str] = (),
    plan: Path | None = None,
    *,
    today: date | None = None,
    seconds: float = limit.SECONDS,
) -> list[GateResult]:
    """Judge each environment on each cloud (none named: its own), from the stack, or from a plan's JSON of one stack.

    Clouds are synthesized and judged side by side. A stack that does not synthesize is a result with that finding.
    Raises InvalidEnvironment, InvalidPolicies.
    """
    rules = policies(project.root, today=today)
    wanted: list[tuple[str, str]] = [
        (loaded.environment.cloud, environment)
        for environment in environments
        for cloud in clouds or (None,)
        for loaded in [load(environment, project=project.root, cloud=cloud)]
    ]
    by_cloud: dict[str, list[str]] = {}
    for cloud, environment in wanted:
        by_cloud.setdefault(cloud, []).append(environment)
    at_once = max(1, min(os.cpu_count() or 1, len(wanted)))
    found: dict[tuple[str, str], Future[GateResult] | str] = {}
    context = _context()
    with ThreadPoolExecutor(at_once) as threads, ProcessPoolExecutor(at_once, mp_context=context) as processes:
        written = {cloud: threads.submit(stacks.stacks, project, those, cloud) for cloud, those in by_cloud.items()}
        for cloud, those in by_cloud.items():
            try:
                for environment, text in written[cloud].result().items():
                    job = (project.root, environment, cloud, text, rules, plan, seconds)
                    found[cloud, environment] = processes.submit(_one, *job)
            except InvalidEnvironment:
                raise
            except TerraceError as error:
                found |= {(cloud, environment): str(error) for environment in those}
        return [_answer(project.root, key, found[key], rules) for key in dict.fromkeys(wanted)]


def of_plans(root: Path, loaded: Loaded, *, ends: bool = True) -> Gate:
    """What judges the plans of a deployment, for `Deployment.gate`. `ends`: see `policies`."""

    def ask(plan: Mapping[str, Any], written: str) -> GateVerdict:
        return gated(judge(loaded, written, policies(root, ends=ends), plan=plan))

    return ask


def gated(result: GateResult) -> GateVerdict:
    """A result in short, to stand beside the plan that it is about."""
    return GateVerdict(
        passes=result.passes,
        blocking=tuple(_in_short(finding) for finding in result.blocking),
        warnings=sum(1 for finding in result.findings if finding.status == "broken" and not finding.blocks),
        waived=result.count("waived"),
        resources=result.resources_looked_at,
    )


def _in_short(finding: Finding) -> str:
    place = finding.construct or finding.resource
    text = f"{finding.id} {place}: {finding.sentence}" if place else f"{finding.id}: {finding.sentence}"
    return f"{text} ({finding.line})" if finding.line else text


def _context() -> multiprocessing.context.BaseContext:
    """Processes that have checkov already: a server imports it once, meanwhile the stacks are synthesized."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["terrace.assurance.checkov_run", "terrace.assurance.gate"])
    forkserver.ensure_running()
    return context


def _one(
    root: Path, environment: str, cloud: str, written: str, rules: Policies, plan: Path | None, seconds: float
) -> GateResult:
    """One stack, in a process of its own."""
    loaded = load(environment, project=root, cloud=cloud)
    if plan is None:
        return judge(loaded, written, rules, seconds=seconds)
    content = plan.read_bytes()
    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("it is no object")
    except ValueError as error:
        document = {"unreadable": str(error)}
    result = judge(loaded, written, rules, plan=document, seconds=seconds)
    return replace(result, inputs={**result.inputs, "plan": _sha256(content)})


def _answer(root: Path, key: tuple[str, str], found: "Future[GateResult] | str", rules: Policies) -> GateResult:
    """The result of a stack; one with the reason when there is none."""
    cloud, environment = key
    loaded = load(environment, project=root, cloud=cloud)
    if isinstance(found, str):
        return result_of(
            loaded, rules, Judged(errors=[("no-stack", "", f"the stack does not synthesize: {found}")]), {}, "stack"
        )
    try:
        return found.result()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return result_of(loaded, rules, Judged(errors=[("broken", "", reason)]), {}, "stack")


def result_of(loaded: Loaded, rules: Policies, judged: Judged, inputs: Mapping[str, str], source: str) -> GateResult:
    """Findings out of what was judged, with the waivers laid over them."""
    environment = loaded.environment
    unknown = _unknown(judged, rules.severities)
    judged.errors += [("unknown-type", address, reason) for address, reason in unknown.items()]
    raw = list(_findings(loaded, judged, rules.severities))
    ours = [one for one in rules.waivers if waivers.concerns(one, environment.name, environment.cloud)]
    used: set[Waiver] = set()
    findings = []
    for finding in raw:
        matching = [
            one
            for one in ours
            if finding.status == "broken"
            and waivers.covers(one, (finding.id, finding.guarantee), finding.resource, finding.construct)
        ]
        used.update(matching)
        valid = [one for one in matching if rules.today is None or not waivers.expired(one, rules.today)]
        findings.append(replace(finding, status="waived", waiver=valid[0], blocks=False) if valid else finding)
    if judged.view is not None:
        findings += _of_waivers(loaded, ours, used, rules)
    return GateResult(
        environment=environment.name,
        cloud=environment.cloud,
        tier=environment.tier,
        source="plan" if source == "plan" else "stack",
        findings=tuple(sorted(findings, key=_order)),
        proofs=tuple(judged.proofs),
        resources_in=judged.resources_in,
        resources_looked_at=judged.reached - len(unknown),
        checks=tuple(judged.checks),
        tools=judged.tools,
        inputs={**inputs, **rules.inputs, **_of_files(loaded, rules.root)},
        addresses={one.path: one.address for one in judged.view or () if one.path},
    )


def _unknown(judged: Judged, rated: Severities) -> dict[str, str]:
    """The resources of types that no check reads and nobody excuses: address to reason."""
    if judged.view is None:
        return {}
    seen = judged.seen | {one.address for one in judged.view if one.type in judged.view.asked}
    return {
        one.address: f"no check reads a setting of {one.type}"
        for one in judged.view
        if one.address not in seen and one.type not in rated.unchecked
    }


def _findings(loaded: Loaded, judged: Judged, rated: Severities) -> Iterator[Finding]:
    """What is broken, then what could not be judged."""
    environment = loaded.environment
    by_path = {one.path: one for one in judged.view or () if one.path}
    by_address = {one.address: one for one in judged.view or ()}
    for fact in judged.facts:
        found = by_address.get(fact.place) or by_path.get(fact.place)
        construct = found.path if found else ""
        rating = rated.of(fact.guarantee if fact.guarantee and fact.id not in rated.ratings else fact.id)
        guarantee = fact.guarantee or getattr(rating, "guarantee", "")
        capability = construct.partition("/")[0] or (BY_ID[guarantee].capability if guarantee in BY_ID else "other")
        yield Finding(
            id=fact.id,
            status="error" if fact.error else "broken",
            severity=rating.severity,
            sentence=fact.sentence,
            environment=environment.name,
            cloud=environment.cloud,
            guarantee=guarantee,
            resource=found.address if found else "" if fact.guarantee else fact.place,
            construct=construct,
            line=_line(loaded, rating.setting, construct or capability),
            capability=capability,
            why=rating.why,
            mend=rating.mend,
            blocks=fact.error or bool(fact.guarantee) or rated.fails(rating.severity, environment.tier),
        )
    for id, address, reason in judged.errors:
        found = by_address.get(address)
        rating = rated.of(f"gate.{id}")
        yield Finding(
            id=f"gate.{id}",
            status="error",
            severity=rating.severity,
            sentence=reason,
            environment=environment.name,
            cloud=environment.cloud,
            resource=address,
            construct=found.path if found else "",
            line=_line(loaded, "", found.path if found else ""),
            capability=found.path.partition("/")[0] if found else "other",
            why=rating.why,
            mend=rating.mend,
        )


def _of_waivers(loaded: Loaded, ours: Sequence[Waiver], used: set[Waiver], rules: Policies) -> Iterator[Finding]:
    """Waivers that are over, and those that nothing needs."""
    for one in ours:
        over = rules.today is not None and waivers.expired(one, rules.today)
        if not over and one in used:
            continue
        id = "gate.expired-waiver" if over else "gate.unused-waiver"
        rating = rules.severities.of(id)
        said = f"ended on {one.expires}" if over else "nothing needs it"
        yield Finding(
            id=id,
            status="error",
            severity=rating.severity,
            sentence=f"the waiver of {one.id} on {one.resource}, owned by {one.owner}: {said}",
            environment=loaded.environment.name,
            cloud=loaded.environment.cloud,
            line=one.line,
            why=rating.why,
            mend=rating.mend,
        )


def _line(loaded: Loaded, setting: str, construct: str) -> str:
    """The line of the setting if a file sets it, else of the capability's section."""
    if setting and (line := loaded.where(setting)):
        return line
    return environment_line(loaded, f"{loaded.environment.name}/{construct}/") or ""


def _order(finding: Finding) -> tuple[str, int, str, str, str]:
    worst_first = -SEVERITIES.index(finding.severity)
    return finding.capability, worst_first, finding.id, finding.construct, finding.sentence


def _of_files(loaded: Loaded, root: Path) -> dict[str, str]:
    """The sums of the environment's files, as far as they are still there."""
    return {name: _sha256(path.read_bytes()) for name in loaded.files if (path := root / name).is_file()}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix in (".yaml", ".yml", ".py"))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
