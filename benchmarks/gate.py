"""`python -m benchmarks.gate`: the gate on all stacks against bare checkov, and how it grows with the resources.

Bare is one process of the checkov command, framework terraform_plan, over the same resources as plan files: the least
that a team would run instead. The gate evaluates the guarantees too. Its stacks are cached by an earlier run, and the
first line is the run that synthesizes them.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from terrace.assurance import stack_cache as stacks
from terrace.assurance.parity import ordered
from terrace.assurance.plan_shape import plan_of
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import names
from terrace.project.discovery import Project

ROUNDS = 3
COPIES = (1, 2, 4, 8)


def timed(command: Sequence[str], directory: Path) -> float:
    """Wall seconds of a fresh process."""
    started = time.perf_counter()
    subprocess.run(command, cwd=directory, check=False, capture_output=True)
    return time.perf_counter() - started


def copied(view: View, times: int) -> View:
    """A stack with each resource several times, for growth: references stay within a copy."""
    text = json.dumps(view.document["resource"])
    merged: dict[str, dict[str, object]] = {}
    names = sorted((one.name for one in view), key=len, reverse=True)
    for copy in range(times):
        own = text
        if copy:
            for name in names:
                own = own.replace(name, f"{name}-{copy}")
        for type, group in json.loads(own).items():
            merged.setdefault(type, {}).update(group)
    return View({"resource": merged})


def main() -> None:
    """Print the times, their ratio, and seconds by number of resources."""
    project = Project.find(Path.cwd())
    environments = ordered(project.root, names(project.root))
    gate = [sys.executable, "-m", "terrace.cli.main", "gate", "--all", "--output", "json"]
    first = timed(gate, project.root)
    with tempfile.TemporaryDirectory() as scratch:
        resources = 0
        for cloud in CLOUDS:
            for environment, text in stacks.stacks(project, environments, cloud).items():
                view = View(json.loads(text))
                resources += len(list(view))
                (Path(scratch) / f"{cloud}-{environment}.json").write_text(json.dumps(plan_of(view)))
        bare = [sys.executable, "-m", "checkov.main", "-d", ".", "--framework", "terraform_plan", "--skip-download"]
        best_gate = best_bare = float("inf")
        for _ in range(ROUNDS):
            best_bare = min(best_bare, timed([*bare, "-o", "json", "--compact"], Path(scratch)))
            best_gate = min(best_gate, timed(gate, project.root))
    print(f"{len(CLOUDS) * len(environments)} stacks, {resources} resources, best of {ROUNDS}")
    print(f"  gate, synthesizing    {first:6.2f} s")
    print(f"  bare checkov          {best_bare:6.2f} s")
    print(f"  gate                  {best_gate:6.2f} s   {best_gate / best_bare:.2f}x")

    from terrace.assurance import checkov_run

    view = View(json.loads(stacks.stacks(project, environments[:1], CLOUDS[0])[environments[0]]))
    checkov_run.run(view)
    print("growth, checks only")
    for times in COPIES:
        large = copied(view, times)
        started = time.perf_counter()
        checkov_run.run(large)
        seconds = time.perf_counter() - started
        print(f"  {len(list(large)):5d} resources  {seconds:6.2f} s   {1000 * seconds / len(list(large)):.2f} ms each")


if __name__ == "__main__":
    main()
