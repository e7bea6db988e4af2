"""The parity matrix: the result of every guarantee on each cloud and environment."""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from terrace.assurance import checks, workloads_gate
from terrace.assurance.evaluation import Result, Status
from terrace.assurance.guarantees import GUARANTEES, TABLE, Guarantee
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.target import Tier
from terrace.environment import load, target
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize_on_clouds


@dataclass(frozen=True)
class Matrix:
    """The results of each stack, by (cloud, environment)."""

    stacks: dict[tuple[str, str], list[Result]]

    @property
    def clouds(self) -> list[str]:
        """The clouds, in the order requested."""
        return list(dict.fromkeys(cloud for cloud, _ in self.stacks))

    @property
    def environments(self) -> list[str]:
        """The environments."""
        return list(dict.fromkeys(environment for _, environment in self.stacks))

    @property
    def guarantees(self) -> list[Guarantee]:
        """The rows."""
        return [result.guarantee for result in next(iter(self.stacks.values()), [])]

    def result(self, guarantee: str, cloud: str, environment: str) -> Result:
        """One cell."""
        return next(result for result in self.stacks[cloud, environment] if result.guarantee.id == guarantee)

    def counts(self, cloud: str) -> Counter[Status]:
        """The number of each status on a cloud, over its environments."""
        return Counter(result.status for (on, _), results in self.stacks.items() if on == cloud for result in results)

    @property
    def passes(self) -> bool:
        """Whether nothing is broken or unproven."""
        results = [result for row in self.stacks.values() for result in row]
        return bool(results) and all(result.passes for result in results)


def compute(project: Project, environments: Sequence[str], clouds: Sequence[str] = CLOUDS) -> Matrix:
    """Synthesize the environments on each cloud, one process a cloud and outside the project, and evaluate.

    If a cloud's stacks do not synthesize, all its guarantees are unproven, with the reason. Raises InvalidEnvironment.
    """
    with tempfile.TemporaryDirectory() as scratch:
        separate = replace(project, synthesized_to=Path(scratch))
        checked = [cloud for cloud in clouds if has_checks(cloud)]
        runs = {run.cloud: run for run in synthesize_on_clouds(separate, environments, checked, state="local")}
        stacks: dict[tuple[str, str], list[Result]] = {}
        for cloud in clouds:
            for environment in environments:
                if cloud not in runs:
                    stacks[cloud, environment] = unproven("no check on this cloud")
                elif failure := runs[cloud].failure:
                    stacks[cloud, environment] = unproven(f"the stack does not synthesize: {failure}")
                else:
                    stack = (runs[cloud].stacks[environment] / "cdk.tf.json").read_text()
                    stacks[cloud, environment] = complete(project, cloud, environment, stack)
    return Matrix(stacks)


def ordered(root: Path, environments: Sequence[str]) -> list[str]:
    """Environments from dev to prod."""
    tiers = get_args(Tier)
    return sorted(environments, key=lambda name: (tiers.index(load(name, project=root).environment.tier), name))


def complete(project: Project, cloud: str, environment: str, stack: str) -> list[Result]:
    """Every guarantee of an environment: on its synthesized foundation, given as JSON text, and on its workloads."""
    loaded = load(environment, project=project.root, cloud=cloud)
    foundation = results(project.root, cloud, environment, stack)
    return workloads_gate.combined(foundation, workloads_gate.results(loaded, project.root, project.outputs))


def results(root: Path, cloud: str, environment: str, stack: str) -> list[Result]:
    """Every guarantee of a foundation on one synthesized stack, given as JSON text."""
    loaded = load(environment, project=root, cloud=cloud).environment
    return checks.evaluate(checks.Subject(View(json.loads(stack)), loaded, target(loaded)))


def has_checks(cloud: str) -> bool:
    """Whether any guarantee names a check on a cloud."""
    return any(cloud in guarantee.clouds for guarantee in GUARANTEES)


def unproven(reason: str) -> list[Result]:
    """Every guarantee of an environment that could not be evaluated, with the reason."""
    return [Result(guarantee, "unproven", reason) for guarantee in TABLE]
