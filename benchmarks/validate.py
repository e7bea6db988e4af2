"""`python -m benchmarks.validate`: time of `terrace validate` for all environments, with an empty PATH.

Compared with a process that only imports the libraries that it uses; the difference is Terrace's own time. Both include
the start of the interpreter, run alternately, and report the best of several runs.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
BUDGET = 0.5
"""Maximum wall seconds."""


class Seconds(NamedTuple):
    """The run time of a process."""

    wall: float
    processor: float


def timed(*command: str) -> Seconds:
    """One run with an empty PATH. Raises CalledProcessError if it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    variables = {name: os.environ[name] for name in ("HOME", "PYTHONPATH", "PYTHONPYCACHEPREFIX") if name in os.environ}
    subprocess.run(command, cwd=ROOT, env={**variables, "PATH": ""}, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Seconds(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Print both times and their ratio."""
    validate = (sys.executable, "-m", "terrace.cli.main", "validate")
    imports = (sys.executable, "-c", "import pydantic, ruamel.yaml, click")
    timed(*validate)  # writes bytecode
    runs = [(timed(*imports), timed(*validate)) for _ in range(ROUNDS)]
    baseline, best = (
        Seconds(min(run[side].wall for run in runs), min(run[side].processor for run in runs)) for side in (0, 1)
    )
    print(f"all environments, PATH empty, best of {ROUNDS}")
    print(f"  import pydantic, ruamel.yaml, click  {baseline.wall:5.2f} s wall  {baseline.processor:5.2f} s processor")
    print(f"  terrace validate                     {best.wall:5.2f} s wall  {best.processor:5.2f} s processor")
    result = "within" if best.wall < BUDGET else "OVER"
    print(f"  {best.wall / baseline.wall:.1f} times the imports; {result} the budget of {BUDGET} s")


if __name__ == "__main__":
    main()
