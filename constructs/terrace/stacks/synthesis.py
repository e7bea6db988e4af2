"""Writing a project's stacks: what `python -m stacks [STACK...]` does, which is also what cdktf.json runs.

A stack is the foundation, named like its environment, or the workloads, ENV-workloads; without names, all are written.
TERRACE_CLOUD overrides the environment's cloud, TERRACE_STATE its state backend; TERRACE_UNPROTECT removes the
protection before `terrace destroy`; TERRACE_OFFLINE makes a plan without an account possible. TERRACE_CHART_DIR holds
charts, and TERRACE_OUTPUTS the outputs of foundations, by default those in .terrace/outputs.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

from terrace import distribution
from terrace.capabilities.cloud import TITLES
from terrace.environment import load, names, target
from terrace.errors import TerraceError
from terrace.project.discovery import check_version
from terrace.project.stack_ids import every, parsed
from terrace.variables import OFFLINE, OUT, OUTPUTS, UNPROTECT


def synthesize(
    stacks: list[str], *, package: str = "terrace.stacks", project: Path, out: str | None = None
) -> list[str]:
    """Write `stacks` (default: all) and return their ids.

    `package` has the classes: `foundation.Foundation` and `workloads.Workloads`, of this package or derived from them.
    """
    check_version(project)
    known = names(project)
    ids = stacks or every(known)
    wanted = [(id, *parsed(id, known)) for id in ids]
    loaded = {name: load(name, project=project).environment for name in dict.fromkeys(name for _, name, _ in wanted)}
    for cloud in dict.fromkeys(environment.cloud for environment in loaded.values()):
        distribution.require(cloud, f"writing stacks of {TITLES[cloud]}")
    from terrace import engine

    app = engine.app(out)  # before any other import of the CDK: it selects Node and the bindings to load
    written = []
    for id, name, layer in wanted:
        account = target(
            loaded[name],
            protected=False if UNPROTECT.read() else None,
            offline=bool(OFFLINE.read()),
        )
        if layer == "foundation":
            import_module(f"{package}.foundation").Foundation(app, loaded[name], account)
            continue
        from terrace.workloads import charts
        from terrace.workloads.opening import opened

        outputs = Path(OUTPUTS.read() or project / ".terrace" / "outputs")
        context = opened(loaded[name], root=project, outputs=outputs, account=account)
        workloads = import_module(f"{package}.workloads").Workloads
        written.append(workloads(app, id, context, chart_directory=charts.directory(os.environ)))
    app.synth()
    for stack in written:
        stack.place_charts(Path(app.outdir) / "stacks" / stack.node.id)
    return ids


def main(package: str) -> int:
    """Entry point of a project's package: prints errors without a traceback and returns the exit code."""
    try:
        synthesize(sys.argv[1:], package=package, project=Path.cwd(), out=OUT.read() or None)
    except TerraceError as error:
        print(f"error: {error}", *([f"\nhint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return error.exit_code
    return 0
