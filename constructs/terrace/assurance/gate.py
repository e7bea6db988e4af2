"""The gate: whether stacks or plans may be applied to their environments, and what blocks them.

One process evaluates the checks of the guarantees and checkov's on one view of a stack. The gate fails closed: what
could not be checked is a finding, and no waiver accepts it.
"""

import hashlib
import json
import multiprocessing
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from terrace.assurance import (
    access,
    aliases,
    plan_document,
    policy_files,
    severities,
    stack_cache,
    stack_evaluation,
    waivers,
)
from terrace.assurance import timeout as limit
from terrace.assurance.access import model
from terrace.assurance.checks import Subject
from terrace.assurance.findings import findings
from terrace.assurance.gate_result import Finding, GateResult, Waiver
from terrace.assurance.gate_verdict import AccessChange, Gate, GateVerdict
from terrace.assurance.severities import Severities
from terrace.assurance.stack_evaluation import StackEvaluation, failure
from terrace.assurance.view import View
from terrace.environment import Loaded, load, names, target
from terrace.errors import InvalidEnvironment, TerraceError, UsageError
from terrace.project import stack_ids
from terrace.project.discovery import Project
from terrace.project.stack_ids import Layer, stack_id

_WITH_FOUNDATION = "the gate evaluates a bootstrap together with its foundation"


@dataclass(frozen=True)
class Policies:
    """The policies of a project. `checks` are folders of checkov policies, `inputs` the files' SHA-256 sums.

    Waivers expire by `today`; None: no waiver expires, for a deployment in no real account. `notices` name deprecated
    ids and keys.
    """

    root: Path
    severities: Severities
    waivers: tuple[Waiver, ...]
    checks: tuple[Path, ...]
    inputs: Mapping[str, str]
    today: date | None
    notices: tuple[str, ...] = ()


def policies(root: Path, *, today: date | None = None, ends: bool = True) -> Policies:
    """The policies of a project over those of the kit. Raises InvalidPolicies.

    A rating or a profile of the project replaces the kit's; its waivers and its checks of checkov are added. `ends`
    off: expired waivers still count.
    """
    now = today or datetime.now(UTC).date()
    waiver_file = root / "policies" / waivers.FILE
    checks = policy_files.checkov_folders(root)
    files = [*policy_files.layers(root, severities.FILE), policy_files.kit_path(waivers.KIT_FILE), waiver_file]
    files += [file for folder in checks for file in policy_files.files(folder)]
    inputs = {policy_files.shown(path, root): _sha256(path.read_bytes()) for path in files if path.is_file()}
    rated = rated_by(root)
    accepted = waivers.load(
        waiver_file,
        environments=names(root),
        known=waivers.controls(rated),
        today=now,
        shown=f"policies/{waivers.FILE}",
    )
    accepted += kit_waivers()
    renamed = [
        aliases.notice(waiver.line, waiver.id, new) for waiver in accepted if (new := aliases.IDS.get(waiver.id))
    ]
    return Policies(root, rated, accepted, checks, inputs, now if ends else None, (*rated.notices, *renamed))


def kit_waivers() -> tuple[Waiver, ...]:
    """The kit's own waivers. Raises InvalidPolicies."""
    return waivers.of_kit(policy_files.kit_path(waivers.KIT_FILE), f"terrace/policies/{waivers.KIT_FILE}")


def rated_by(root: Path) -> Severities:
    """The ratings of a project over those of the kit. Raises InvalidPolicies."""
    return severities.load(policy_files.layers(root, severities.FILE), f"policies/{severities.FILE}")


def evaluate(
    loaded: Loaded,
    stack: str,
    rules: Policies,
    *,
    plan: Mapping[str, Any] | None = None,
    offline: bool = False,
    seconds: float = limit.SECONDS,
) -> GateResult:
    """Evaluate one stack, given as JSON text, or a plan of it in Terraform's JSON format. `seconds` limits a check."""
    evaluation = stack_evaluation.evaluate(loaded, stack, rules.checks, plan=plan, offline=offline, seconds=seconds)
    return _result(loaded, stack, rules, evaluation, plan)


def _result(
    loaded: Loaded, stack: str, rules: Policies, evaluation: StackEvaluation, plan: Mapping[str, Any] | None
) -> GateResult:
    inputs = {"stack": _sha256(stack.encode())}
    return result_of(loaded, rules, evaluation, inputs, "plan" if plan is not None else "stack")


def run(
    project: Project,
    environments: Sequence[str],
    clouds: Sequence[str] = (),
    plan: Path | None = None,
    *,
    today: date | None = None,
    seconds: float = limit.SECONDS,
) -> list[GateResult]:
    """Evaluate stacks, named by their ids, on each cloud (none named: the environment's own), or a plan of one stack.

    Clouds are synthesized and evaluated in parallel. A stack that does not synthesize is a result with that finding.
    Raises InvalidEnvironment, InvalidPolicies, UsageError.
    """
    rules = policies(project.root, today=today)
    ids = {id: stack_ids.parsed(id, names(project.root)) for id in environments}
    for name, layer in ids.values():
        if layer == "bootstrap":
            raise UsageError(_WITH_FOUNDATION, hint=f"name {name}")
    if plan and any(layer == "workloads" for _, layer in ids.values()):
        raise UsageError(
            "a plan of workloads contains values only; the gate checks what they render to", hint="omit --plan"
        )
    requested: list[tuple[str, str]] = [
        (loaded.environment.cloud, id)
        for id in environments
        for cloud in clouds or (None,)
        for loaded in [load(ids[id][0], project=project.root, cloud=cloud)]
    ]
    by_cloud: dict[str, list[str]] = {}
    for cloud, id in requested:
        if ids[id][1] == "foundation":
            by_cloud.setdefault(cloud, []).append(id)
    workers = max(1, min(os.cpu_count() or 1, len(requested)))
    pending: dict[tuple[str, str], Future[GateResult] | str] = {}
    with (
        ThreadPoolExecutor(workers) as threads,
        ProcessPoolExecutor(workers, mp_context=_context()) as processes,
    ):
        synthesized = {
            cloud: threads.submit(stack_cache.stacks, project, on_cloud, cloud) for cloud, on_cloud in by_cloud.items()
        }
        for cloud, id in dict.fromkeys(requested):
            if ids[id][1] == "workloads":
                workloads = (project.root, project.outputs, ids[id][0], cloud, rules, seconds)
                pending[cloud, id] = processes.submit(_evaluate_workloads_in_process, *workloads)
        for cloud, on_cloud in by_cloud.items():
            try:
                for environment, stack in synthesized[cloud].result().items():
                    job = (project.root, environment, cloud, stack, rules, plan, seconds)
                    pending[cloud, environment] = processes.submit(_evaluate_in_process, *job)
            except InvalidEnvironment:
                raise
            except TerraceError as error:
                pending |= {(cloud, environment): str(error) for environment in on_cloud}
        return [_completed(project.root, ids, key, pending[key], rules) for key in dict.fromkeys(requested)]


def run_files(
    project: Project,
    environment: str,
    files: Sequence[Path],
    cloud: str | None = None,
    plan: Path | None = None,
    *,
    today: date | None = None,
    seconds: float = limit.SECONDS,
) -> list[GateResult]:
    """Evaluate given stacks (`cdk.tf.json`) as an environment's, in parallel; `plan` is a plan of the only one.

    A file that cannot be read is a result with that finding. Raises InvalidEnvironment, InvalidPolicies, UsageError.
    """
    rules = policies(project.root, today=today)
    name, layer = stack_ids.parsed(environment, names(project.root))
    if layer == "workloads":
        raise UsageError("the gate evaluates what workloads render to, not their stack", hint="name the environment")
    if layer == "bootstrap":
        raise UsageError(_WITH_FOUNDATION, hint="name the environment")
    on = load(name, project=project.root, cloud=cloud).environment.cloud
    with ProcessPoolExecutor(max(1, min(os.cpu_count() or 1, len(files))), mp_context=_context()) as processes:
        pending = [
            processes.submit(_evaluate_file, project.root, name, on, file, rules, plan, seconds) for file in files
        ]
        results = [_completed(project.root, {name: (name, layer)}, (on, name), one, rules) for one in pending]
    return [replace(result, file=str(file)) for result, file in zip(results, files, strict=True)]


def of_plans(root: Path, loaded: Loaded, *, ends: bool = True) -> Gate:
    """The gate of a deployment's plans, for `Deployment.gate`. `ends`: see `policies`."""

    def gate(plan: Mapping[str, Any], stack: str) -> GateVerdict:
        rules = policies(root, ends=ends)
        evaluation = stack_evaluation.evaluate(
            loaded, stack, rules.checks, plan=plan, offline=False, seconds=limit.SECONDS
        )
        verdict = gated(_result(loaded, stack, rules, evaluation, plan))
        changed = access_changes(loaded, plan, evaluation.view) if evaluation.view else ()
        return replace(verdict, access=changed)

    return gate


def of_bootstrap_plans(project: Project, loaded: Loaded, *, ends: bool = True) -> Gate:
    """The gate of plans of a bootstrap, for `Deployment.gate`: it evaluates the foundation with what the plan makes."""
    environment = loaded.environment

    def gate(plan: Mapping[str, Any], stack: str) -> GateVerdict:
        rules = policies(project.root, ends=ends)
        foundation = stack_cache.stacks(project, [environment.name], environment.cloud)[environment.name]
        evaluation = stack_evaluation.evaluate(
            loaded, stack, rules.checks, plan=plan, foundation=foundation, seconds=limit.SECONDS
        )
        return gated(_result(loaded, stack, rules, evaluation, plan))

    return gate


def access_changes(loaded: Loaded, plan: Mapping[str, Any], after: View) -> tuple[AccessChange, ...]:
    """The paths and rights that a plan adds and removes; none if nothing exists yet. `after` is the plan's view."""
    before = plan_document.document_before(plan, after.document)
    if not before["resource"]:
        return ()
    environment, destination = loaded.environment, target(loaded.environment)
    try:
        old, new = (access.read(Subject(view, environment, destination)) for view in (View(before), after))
    except TerraceError as error:
        return (AccessChange("add", "unknown", "", str(error), ""),)
    removed, added = model.changes(old, new)
    return (*(_access_change("add", one) for one in added), *(_access_change("remove", one) for one in removed))


def _access_change(change: Literal["add", "remove"], edge: model.Path | model.Grant) -> AccessChange:
    if isinstance(edge, model.Path):
        return AccessChange(change, "path", edge.source, edge.traffic, edge.destination, edge.by)
    return AccessChange(change, "grant", edge.principal, edge.verb, edge.object, edge.by)


def gated(result: GateResult) -> GateVerdict:
    """The verdict of a result, to be saved beside its plan."""
    return GateVerdict(
        passes=result.passes,
        blocking=tuple(_in_short(finding) for finding in result.blocking),
        warnings=len(result.warnings),
        waived=result.count("waived"),
        resources=result.resources_looked_at,
    )


def _in_short(finding: Finding) -> str:
    location = finding.construct or finding.resource
    text = f"{finding.id} {location}: {finding.sentence}" if location else f"{finding.id}: {finding.sentence}"
    return f"{text} ({finding.line})" if finding.line else text


def _context() -> multiprocessing.context.BaseContext:
    """Processes that have imported checkov: a server imports it once, while the stacks are synthesized."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["terrace.assurance.checkov_kubernetes", "terrace.assurance.gate"])
    forkserver.ensure_running()
    return context


def _evaluate_in_process(
    root: Path, environment: str, cloud: str, stack: str, rules: Policies, plan: Path | None, seconds: float
) -> GateResult:
    """Evaluate one stack in a worker process."""
    loaded = load(environment, project=root, cloud=cloud)
    if plan is None:
        return evaluate(loaded, stack, rules, seconds=seconds)
    content = plan.read_bytes()
    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")
    except ValueError as error:
        document = {"unreadable": str(error)}
    result = evaluate(loaded, stack, rules, plan=document, seconds=seconds)
    return replace(result, inputs={**result.inputs, "plan": _sha256(content)})


def _evaluate_file(
    root: Path, environment: str, cloud: str, file: Path, rules: Policies, plan: Path | None, seconds: float
) -> GateResult:
    """Evaluate a stack file in a worker process."""
    try:
        stack = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        loaded = load(environment, project=root, cloud=cloud)
        unreadable = failure("unreadable-stack", f"{file} cannot be read: {error}")
        return result_of(loaded, rules, StackEvaluation(errors=[unreadable]), {}, "stack")
    return _evaluate_in_process(root, environment, cloud, stack, rules, plan, seconds)


def _evaluate_workloads_in_process(
    root: Path, outputs: Path, environment: str, cloud: str, rules: Policies, seconds: float
) -> GateResult:
    """Evaluate the workloads of one environment in a worker process."""
    from terrace.assurance import workloads_gate

    loaded = load(environment, project=root, cloud=cloud)
    evaluation = workloads_gate.evaluate(loaded, root, outputs, today=rules.today, seconds=seconds)
    return result_of(loaded, rules, evaluation, {}, "stack")


def _completed(
    root: Path,
    ids: Mapping[str, tuple[str, Layer]],
    key: tuple[str, str],
    pending: "Future[GateResult] | str",
    rules: Policies,
) -> GateResult:
    """The result of a stack; if there is none, a result with the reason as its finding."""
    cloud, id = key
    environment, layer = ids[id]
    loaded = load(environment, project=root, cloud=cloud)
    if isinstance(pending, str):
        error = failure("synthesis-failed", f"the stack does not synthesize: {pending}")
    else:
        try:
            return pending.result()
        except Exception as raised:
            error = failure("internal-error", f"{type(raised).__name__}: {raised}")
    return result_of(loaded, rules, StackEvaluation(errors=[error], layer=layer), {}, "stack")


def result_of(
    loaded: Loaded, rules: Policies, evaluation: StackEvaluation, inputs: Mapping[str, str], source: str
) -> GateResult:
    """The gate's result of an evaluation, with waivers applied."""
    environment = loaded.environment
    unchecked = _unchecked_types(evaluation, rules.severities)
    evaluation.errors += [failure("unchecked-type", reason, address) for address, reason in unchecked.items()]
    return GateResult(
        environment=stack_id(environment.name, evaluation.layer),
        cloud=environment.cloud,
        tier=environment.tier,
        source="plan" if source == "plan" else "stack",
        findings=findings(loaded, evaluation, rules.severities, rules.waivers, rules.today),
        results=tuple(evaluation.results),
        resources_in=evaluation.resources_in,
        resources_looked_at=evaluation.reached - len(unchecked),
        outcomes=tuple(evaluation.outcomes),
        tools=evaluation.tools,
        inputs={**inputs, **rules.inputs, **_of_files(loaded, rules.root)},
        addresses={one.path: one.address for one in evaluation.view or () if one.path},
        notices=rules.notices,
    )


def _unchecked_types(evaluation: StackEvaluation, rated: Severities) -> dict[str, str]:
    """The resources of types that no check reads and that are not listed as `unchecked`: address to reason."""
    view = evaluation.view
    if view is None:
        return {}
    checked = evaluation.checked | {one.address for one in view if one.type in view.asked}
    return {
        one.address: f"no check reads a setting of {one.type}"
        for one in view
        if one.address not in checked and one.type not in rated.unchecked
    }


def _of_files(loaded: Loaded, root: Path) -> dict[str, str]:
    """The sums of the environment's files that still exist."""
    return {name: _sha256(path.read_bytes()) for name in loaded.files if (path := root / name).is_file()}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
