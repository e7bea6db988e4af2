"""`python -m benchmarks.synth_all`: all clouds at once against the slowest cloud alone.

Runs `terrace synth --cloud CLOUD` and `terrace synth --all` in fresh processes. Each time is the best of several
alternating runs, since other load on the machine slows some of them more than others.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from terrace.capabilities.cloud import CLOUDS

ROUNDS = 3
BUDGET = 2.2
"""The most that --all may take, as a multiple of the slowest cloud's time."""


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
    print(f"; budget {BUDGET}x: {'met' if ratio <= BUDGET else 'MISSED'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
