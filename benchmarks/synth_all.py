"""`python -m benchmarks.synth_all`: every environment on every cloud at once, against the slowest cloud's alone.

Each command as typed, in a fresh process: `terrace synth --cloud CLOUD`, `terrace synth --all`. They take turns, and
each is the best of several runs, because a machine's other work slows some of them more than others.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from terrace.capabilities.cloud import CLOUDS

ROUNDS = 3
BUDGET = 2.2
"""Times the slowest cloud's own that the project promises."""


def timed(*arguments: str) -> float:
    """Wall seconds of one `terrace synth`."""
    with tempfile.TemporaryDirectory() as scratch:
        command = (sys.executable, "-m", "terrace.cli.main", "synth", *arguments, "--out", str(Path(scratch, "out")))
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started


def main(rounds: int) -> None:
    """Print the times and their ratio."""
    alone = dict.fromkeys(CLOUDS, float("inf"))
    together = float("inf")
    for _ in range(rounds):
        for cloud in CLOUDS:
            alone[cloud] = min(alone[cloud], timed("--cloud", cloud))
        together = min(together, timed("--all"))
    slowest = max(alone.values())
    ratio = together / slowest
    print(f"all environments, best of {rounds}")
    for cloud, seconds in alone.items():
        print(f"  {cloud:<6} alone  {seconds:6.2f} s")
    print(f"  all at once   {together:6.2f} s   {ratio:.2f}x the slowest", end="")
    print(f"; {BUDGET}x promised: {'kept' if ratio <= BUDGET else 'MISSED'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
