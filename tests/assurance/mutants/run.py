"""Run the mutants and print killed/total: `python -m tests.assurance.mutants.run [--only DB-2] [CLOUD...]`.

Exit code 1 when a mutant survives, or when there is none to run.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS, implementation
from terrace.capabilities.target import Target
from terrace.environment import Environment, load, target
from terrace.project import basis
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.assurance.mutants import ENVIRONMENTS, Mutant

ROOT = Path(__file__).resolve().parents[3]


def mutants(cloud: str) -> Sequence[Mutant]:
    """The mutants of a cloud."""
    listed: Sequence[Mutant] = implementation("tests.assurance.mutants", cloud).MUTANTS
    return listed


@dataclass(frozen=True)
class Trial:
    """One mutant in one environment. `survives` is how the results differ from the expected ones, empty for a killed
    mutant; `checks` are the broken checks."""

    mutant: Mutant
    environment: str
    survives: str
    checks: frozenset[str]


@lru_cache(maxsize=8)
def _parsed(written: str) -> Any:
    return json.loads(written)


@lru_cache
def _loaded(cloud: str, environment: str) -> tuple[Environment, Target]:
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    return loaded, target(loaded)


def attempt(mutant: Mutant, cloud: str, environment: str, written: str) -> Trial:
    """Evaluate one mutant of a stack, given as JSON text."""
    document = json.loads(written)
    mutant.edit(document)
    if document == _parsed(written):
        return Trial(mutant, environment, "it changes nothing", frozenset())
    results = evaluate(Subject(View(document), *_loaded(cloud, environment)))
    broken = {result.guarantee.id: result.reason for result in results if result.status == "broken"}
    unproven = {result.guarantee.id: result.reason for result in results if result.status == "unproven"}
    survives = ""
    if unproven:
        survives = f"it leaves {unproven} unproven"
    elif set(broken) != set(mutant.breaks):
        unexpected = {id: reason for id, reason in broken.items() if id not in mutant.breaks}
        survives = f"it breaks {', '.join(broken) or 'nothing'} {unexpected or ''}"
    checks = (outcome.id for result in results for outcome in result.outcomes if outcome.status == "broken")
    return Trial(mutant, environment, survives, frozenset(checks))


def trials(cloud: str, stack: Callable[[str], str], only: str = "", *, once: bool = False) -> list[Trial]:
    """Evaluate the mutants of a cloud (of one guarantee: `only`); `stack` returns an environment's JSON. `once`: each
    in the last one of its environments.
    """
    written = {environment: stack(environment) for environment in ENVIRONMENTS}
    return [
        attempt(mutant, cloud, environment, written[environment])
        for mutant in mutants(cloud)
        for environment in mutant.environments[-1 if once else 0 :]
        if not only or only in mutant.breaks
    ]


def _written(project: Project, environment: str) -> str:
    """A foundation with what it rests on, as JSON text."""
    return json.dumps(basis.joined(json.loads((project.stack(environment) / "cdk.tf.json").read_text())))


def main(clouds: Sequence[str], only: str = "") -> int:
    """Synthesize the stacks, evaluate the mutants (of the guarantee `only`) and print the survivors."""
    survived = 0
    for cloud in clouds or CLOUDS:
        with tempfile.TemporaryDirectory() as scratch:
            project = replace(Project(ROOT), synthesized_to=Path(scratch))
            synthesize(project, *ENVIRONMENTS, cloud=cloud, state="local")
            results = trials(cloud, partial(_written, project), only)
        survivors = [trial for trial in results if trial.survives]
        for trial in survivors:
            print(f"{cloud} {trial.environment}: {trial.mutant}: {trial.survives}")
        killed = len(results) - len(survivors)
        print(f"{cloud}: {killed}/{len(results)} mutants killed ({100 * killed // max(len(results), 1)} %)")
        survived += len(survivors) if results else 1
    return 1 if survived else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", metavar="GUARANTEE")
    parser.add_argument("clouds", nargs="*", metavar="CLOUD")
    options = parser.parse_args()
    sys.exit(main(options.clouds, options.only))
