"""`python -m benchmarks.validate`: `terrace validate` of all environments, nothing on PATH, interpreter start included.

The floor is a process that only imports the libraries it stands on. What remains above it is Terrace's own: the models,
reading, merging, judging. Each is the best of several runs, the two taking turns.
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
"""Wall seconds that the project promises."""


class Took(NamedTuple):
    """Seconds of one process."""

    wall: float
    processor: float


def timed(*command: str) -> Took:
    """One run with an empty PATH. Raises CalledProcessError when it fails."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    variables = {name: os.environ[name] for name in ("HOME", "PYTHONPYCACHEPREFIX") if name in os.environ}
    subprocess.run(command, cwd=ROOT, env={**variables, "PATH": ""}, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Print both times and their ratio."""
    ours = (sys.executable, "-m", "terrace.cli.main", "validate")
    floor = (sys.executable, "-c", "import pydantic, ruamel.yaml, click")
    timed(*ours)  # writes bytecode
    runs = [(timed(*floor), timed(*ours)) for _ in range(ROUNDS)]
    raw, best = (Took(min(run[side].wall for run in runs), min(run[side].processor for run in runs)) for side in (0, 1))
    print(f"all environments, PATH empty, best of {ROUNDS}")
    print(f"  floor (import pydantic, ruamel.yaml, click)  {raw.wall:5.2f} s wall  {raw.processor:5.2f} s processor")
    print(f"  terrace validate                             {best.wall:5.2f} s wall  {best.processor:5.2f} s processor")
    print(f"  {best.wall / raw.wall:.1f}x the floor; {BUDGET} s promised: {'kept' if best.wall < BUDGET else 'MISSED'}")


if __name__ == "__main__":
    main()
