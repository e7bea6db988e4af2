"""`python -m stacks [ENV...]`: write each environment's stack to cdktf.out. This is also what cdktf.json runs.

TERRACE_CLOUD overrides the environment's cloud, TERRACE_STATE its state backend; TERRACE_UNPROTECT removes the
protection before `terrace destroy`; TERRACE_OFFLINE makes a plan without an account possible.
"""

import os
import sys
from pathlib import Path

from terrace.environment import load, names, target
from terrace.errors import TerraceError


def synthesize(environments: list[str], *, project: Path, out: str | None = None) -> list[str]:
    """Write the stacks of `environments` (default: all) and return their ids."""
    loaded = [load(name, project=project).environment for name in environments or names(project)]
    from terrace import engine

    app = engine.app(out)  # before any other import of the CDK: it selects Node and the bindings to load
    from stacks.foundation import Foundation

    for environment in loaded:
        Foundation(
            app,
            environment,
            target(
                environment,
                protected=False if os.environ.get("TERRACE_UNPROTECT") else None,
                offline=bool(os.environ.get("TERRACE_OFFLINE")),
            ),
        )
    app.synth()
    return [environment.name for environment in loaded]


def main() -> int:
    """Entry point: prints errors without a traceback and returns the exit code."""
    try:
        synthesize(sys.argv[1:], project=Path.cwd(), out=os.environ.get("TERRACE_OUT"))
    except TerraceError as error:
        print(f"error: {error}", *([f"\nhint: {error.hint}"] if error.hint else []), sep="\n", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
