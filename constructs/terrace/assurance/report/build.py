"""Makes the report of a project: runs the gate, adds live evidence, writes every format."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from terrace import distribution
from terrace.assurance import evidence, frameworks, gate, guarantees, policy_files, workloads_gate
from terrace.assurance.evidence import Chain
from terrace.assurance.gate_result import GateResult
from terrace.assurance.output import csv_tables, json_data
from terrace.assurance.report import model
from terrace.assurance.report.live import read
from terrace.assurance.report.model import Report
from terrace.assurance.report.provenance import created, provenance
from terrace.environment import Loaded, load, target
from terrace.errors import AnswerIsNo, TerraceError, UsageError
from terrace.project.discovery import Project
from terrace.project.source_map import environment_line
from terrace.project.stack_ids import stack_id
from terrace.state import StateHome


def make(
    project: Project,
    framework_names: Sequence[str],
    environments: Sequence[str],
    clouds: Sequence[str] = (),
    live: Sequence[Path] = (),
    plan: Path | None = None,
    *,
    readable: Callable[[str], Collection[str]] = lambda cloud: (),
    parameters: Sequence[str] = (),
    home_of: Callable[[Loaded], StateHome] | None = None,
) -> Report:
    """The report of frameworks by name (none: all), on each environment and cloud (none: the environment's own).

    `plan` is a plan of the one stack, in Terraform's JSON format, to be checked instead of the stack. `readable`
    returns the guarantees that can be read live on a cloud. `home_of` returns where the evidence over time is; without
    it, the report shows none.
    Raises UsageError for an unknown framework, live evidence of another stack, or an invalid SOURCE_DATE_EPOCH;
    InvalidFrameworks, InvalidEnvironment, InvalidPolicies.
    """
    moment = created()
    folder = policy_files.policy_path(project.root, "frameworks")
    rows = [frameworks.load(name, folder) for name in dict.fromkeys(framework_names or frameworks.names(folder))]
    read_live = {path: read(path) for path in live}
    loaded: dict[tuple[str, str], Loaded] = {
        (found.environment.name, found.environment.cloud): found
        for environment in environments
        for cloud in clouds or (None,)
        for found in [load(environment, project=project.root, cloud=cloud)]
    }
    for path, one in read_live.items():
        if sum((other.environment, other.cloud) == (one.environment, one.cloud) for other in read_live.values()) > 1:
            raise UsageError(
                f"another file also has live evidence of {one.environment} on {one.cloud}", where=str(path)
            )
        if (one.environment, one.cloud) not in loaded:
            raise UsageError(
                f"{one.environment} on {one.cloud} is not part of this report",
                where=str(path),
                hint=f"the report covers {', '.join(f'{name} on {cloud}' for name, cloud in loaded)}",
            )
    results = gate.run(project, environments, clouds, plan, today=moment.date())
    workloads = [stack_id(environment, "workloads") for environment in environments]
    in_cluster = gate.run(project, workloads, clouds, today=moment.date())
    results = [_combined(*pair) for pair in zip(results, in_cluster, strict=True)]

    def line(environment: str, cloud: str, construct: str) -> str:
        return environment_line(loaded[environment, cloud], f"{environment}/{construct}/") or ""

    inputs = [
        *_policies([frameworks.file(framework.name, folder) for framework in rows]),
        *_policies(sorted(guarantees.directory().glob("*.yaml"))),
        *((f"live evidence of {one.environment} on {one.cloud}", path) for path, one in read_live.items()),
    ]
    named = {id for guarantee in guarantees.TABLE for id in guarantee.in_cluster}
    policies = {id: path for id, path in guarantees.cluster_policies(project.root).items() if id in named}
    inputs += _policies(sorted(set(policies.values())))
    source = provenance(project.root, inputs, parameters=parameters)
    by_cloud = {cloud: readable(cloud) for _, cloud in loaded}
    report = model.build(rows, results, source, line, list(read_live.values()), policies, by_cloud)
    over_time = {
        stack: _unbroken(Chain(home_of(loaded[stack.environment, stack.cloud]), stack.environment, stack.cloud))
        for stack in report.stacks
        if home_of
    }
    return replace(
        report,
        accounts={
            stack: target(loaded[stack.environment, stack.cloud].environment).settings.account
            for stack in report.stacks
        },
        periods={stack: tuple(evidence.periods(found.records, moment)) for stack, found in over_time.items()},
        heads={stack: found.head for stack, found in over_time.items()},
    )


def _unbroken(chain: Chain) -> evidence.Contents:
    """What a chain holds. Raises AnswerIsNo if it is broken: a report must not show what was changed."""
    contents = chain.read()
    if contents.problems:
        raise AnswerIsNo(
            f"the evidence over time is broken: {contents.problems[0]}",
            hint=f"`terrace evidence check {chain.environment}` lists all problems",
        )
    return contents


def files(report: Report) -> dict[str, str]:
    """The files of a report, by name. Raises TerraceError if a library that writes them is not installed."""
    try:
        from terrace.assurance.output import html, oscal

        definition = oscal.component_definition(report)
    except ModuleNotFoundError as error:
        raise TerraceError(
            f"a report needs {error.name}, which is not installed", hint=distribution.install("assurance")
        ) from error
    return {
        "index.html": html.report(report),
        "report.json": json_data.report(report),
        "requirements.csv": csv_tables.requirements(report),
        "evidence.csv": csv_tables.evidence(report),
        "about.csv": csv_tables.about(report),
        "scans.csv": csv_tables.scans(report),
        "oscal/component-definition.json": definition,
        **{
            f"oscal/{framework.name}.assessment-results.json": oscal.assessment_results(report, framework)
            for framework in report.frameworks
        },
    }


def write(report: Report, directory: Path) -> list[Path]:
    """Write the files, replacing those of an earlier report. Raises TerraceError if a file cannot be written."""
    paths = []
    for name, content in files(report).items():
        path = directory / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode())
        except OSError as error:
            raise TerraceError(f"cannot be written: {error.strerror}", where=str(path)) from error
        paths.append(path)
    return paths


def _combined(foundation: GateResult, workloads: GateResult) -> GateResult:
    """The results of an environment's two stacks as one."""
    return replace(
        foundation,
        results=tuple(workloads_gate.combined(foundation.results, workloads.results)),
        findings=(*foundation.findings, *workloads.findings),
        tools={**workloads.tools, **foundation.tools},
    )


def _policies(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    return [(f"policies/{path.parent.name}/{path.name}", path) for path in paths]
