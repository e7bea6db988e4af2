"""`python -m tests.assurance.mutants.run [CLOUD...]`: try every mutant and print killed/total; 1 below 100 %."""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.target import Target
from terrace.environment import Environment, load, target
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.assurance.mutants import SHAPES, Mutant

ROOT = Path(__file__).resolve().parents[3]


def mutants(cloud: str) -> Sequence[Mutant]:
    """A cloud's mutants."""
    found: Sequence[Mutant] = implementation("tests.assurance.mutants", cloud).MUTANTS
    return found


@dataclass(frozen=True)
class Trial:
    """A mutant in a shape. `survives` is why it was not killed as expected, empty if it was; `checks` are those that it
    breaks.
    """

    mutant: Mutant
    shape: str
    survives: str
    checks: frozenset[str]


@lru_cache(maxsize=8)
def _parsed(written: str) -> Any:
    return json.loads(written)


@lru_cache
def _target(cloud: str, shape: str) -> tuple[Environment, Target]:
    environment = load(shape, project=ROOT, cloud=cloud).environment
    return environment, target(environment)


def attempt(mutant: Mutant, cloud: str, shape: str, written: str) -> Trial:
    """Try one mutant on a stack, given as JSON text."""
    document = json.loads(written)
    mutant.edit(document)
    if document == _parsed(written):
        return Trial(mutant, shape, "it changes nothing", frozenset())
    results = evaluate(Subject(View(document), *_target(cloud, shape)))
    broken = {result.guarantee.id: result.reason for result in results if result.status == "broken"}
    unproven = {result.guarantee.id: result.reason for result in results if result.status == "unproven"}
    reason = ""
    if unproven:
        reason = f"it leaves {unproven} unproven"
    elif set(broken) != set(mutant.breaks):
        more = {id: text for id, text in broken.items() if id not in mutant.breaks}
        reason = f"it breaks {', '.join(broken) or 'nothing'} {more or ''}"
    checks = (outcome.id for result in results for outcome in result.outcomes if outcome.status == "broken")
    return Trial(mutant, shape, reason, frozenset(checks))


def trials(cloud: str, stack: Callable[[str], str]) -> list[Trial]:
    """Every mutant of a cloud in every shape; `stack` gives a shape's JSON."""
    written = {shape: stack(shape) for shape in SHAPES}
    return [attempt(mutant, cloud, shape, written[shape]) for mutant in mutants(cloud) for shape in mutant.shapes]


def main(clouds: Sequence[str]) -> int:
    """Synthesize, try every mutant, print the result."""
    missed = 0
    for cloud in clouds or CLOUDS:
        with tempfile.TemporaryDirectory() as scratch:
            project = replace(Project(ROOT), synthesized_to=Path(scratch))
            synthesize(project, *SHAPES, cloud=cloud, state="local")
            results = trials(cloud, lambda shape: (project.stack(shape) / "cdk.tf.json").read_text())  # noqa: B023
        survivors = [trial for trial in results if trial.survives]
        for trial in survivors:
            print(f"{cloud} {trial.shape}: {trial.mutant}: {trial.survives}")
        killed = len(results) - len(survivors)
        print(f"{cloud}: {killed}/{len(results)} mutants killed ({100 * killed // max(len(results), 1)} %)")
        missed += len(survivors)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
