"""Writing a project's stacks: what `python -m stacks [STACK...]` does, which is also what cdktf.json runs.

A stack is the foundation, named like its environment, the bootstrap, ENV-bootstrap, or the workloads, ENV-workloads;
without names, all are written. The bootstrap is written with its foundation.
TERRACE_CLOUD overrides the environment's cloud, TERRACE_STATE its state backend; TERRACE_UNPROTECT removes the
protection before `terrace destroy`; TERRACE_OFFLINE makes a plan without an account possible. TERRACE_CHART_DIR holds
charts, and TERRACE_OUTPUTS the outputs of foundations, by default those in .terrace/outputs.
"""

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from terrace import distribution
from terrace.capabilities.cloud import TITLES
from terrace.environment import load, names, target
from terrace.errors import TerraceError
from terrace.project import basis
from terrace.project.discovery import check_version
from terrace.project.stack_ids import of_project, parsed, stack_id
from terrace.variables import OFFLINE, OUT, OUTPUTS, UNPROTECT

_FILE = "cdk.tf.json"


def synthesize(
    stacks: list[str], *, package: str = "terrace.stacks", project: Path, out: str | None = None
) -> list[str]:
    """Write `stacks` (default: all) and return their ids.

    `package` has the classes: `foundation.Foundation` and `workloads.Workloads`, of this package or derived from them,
    and may have `bootstrap.Bootstrap`.
    """
    check_version(project)
    known = names(project)
    ids = stacks or of_project(project)
    wanted = [(id, *parsed(id, known)) for id in ids]
    loaded = {name: load(name, project=project).environment for name in dict.fromkeys(name for _, name, _ in wanted)}
    for cloud in dict.fromkeys(environment.cloud for environment in loaded.values()):
        distribution.require(cloud, f"writing stacks of {TITLES[cloud]}")
    from terrace import engine

    app = engine.app(out)  # before any other import of the CDK: it selects Node and the bindings to load
    accounts = {
        name: target(environment, protected=False if UNPROTECT.read() else None, offline=bool(OFFLINE.read()))
        for name, environment in loaded.items()
    }
    written, foundations = [], [name for _, name, layer in wanted if layer == "foundation"]
    own = package if find_spec(f"{package}.bootstrap") else __package__
    for name in dict.fromkeys(name for _, name, layer in wanted if layer != "workloads"):
        bootstrap = import_module(f"{own}.bootstrap").Bootstrap
        bootstrap(app, stack_id(name, "bootstrap"), loaded[name], accounts[name])
    for id, name, layer in wanted:
        if layer == "bootstrap":
            continue
        account = accounts[name]
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
    directory = Path(app.outdir) / "stacks"
    for stack in written:
        stack.place_charts(directory / stack.node.id)
    for name in foundations:
        basis.add(directory / name / _FILE, directory / stack_id(name, "bootstrap") / _FILE)
    return ids


def main(package: str) -> int:
    """Entry point of a project's package: prints errors without a traceback and returns the exit code."""
    try:
        synthesize(sys.argv[1:], package=package, project=Path.cwd(), out=OUT.read() or None)
    except TerraceError as error:
        print(f"error: {error}", *([f"\nhint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return error.exit_code
    return 0
