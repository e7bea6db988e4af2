"""Guarantees x clouds x environments, computed from proof: what `terrace parity` shows."""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from terrace.assurance.checks import Subject
from terrace.assurance.guarantees import GUARANTEES, Guarantee
from terrace.assurance.proof import Proof, Status, Unproven, prove
from terrace.assurance.view import View
from terrace.capabilities.target import Tier
from terrace.environment import load, target
from terrace.environment.sizes import Cloud
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize_on_clouds

CLOUDS: tuple[Cloud, ...] = get_args(Cloud)
COMPLETE: tuple[Cloud, ...] = ("aws", "azure", "gcp")
"""The clouds on which nothing may be broken or unproven; the tests fail otherwise."""


@dataclass(frozen=True)
class Matrix:
    """The proofs of each stack, by (cloud, environment)."""

    stacks: dict[tuple[str, str], list[Proof]]

    @property
    def clouds(self) -> list[str]:
        """The clouds, in the order they were asked for."""
        return list(dict.fromkeys(cloud for cloud, _ in self.stacks))

    @property
    def environments(self) -> list[str]:
        """The environments."""
        return list(dict.fromkeys(environment for _, environment in self.stacks))

    @property
    def guarantees(self) -> list[Guarantee]:
        """The rows."""
        return [proof.guarantee for proof in next(iter(self.stacks.values()), [])]

    def proof(self, guarantee: str, cloud: str, environment: str) -> Proof:
        """One cell."""
        return next(proof for proof in self.stacks[cloud, environment] if proof.guarantee.id == guarantee)

    def counts(self, cloud: str) -> Counter[Status]:
        """How many of each status on a cloud, over its environments."""
        return Counter(proof.status for (on, _), proofs in self.stacks.items() if on == cloud for proof in proofs)

    @property
    def passes(self) -> bool:
        """Nothing is broken, nothing unproven."""
        statuses = {proof.status for proofs in self.stacks.values() for proof in proofs}
        return bool(statuses) and not statuses & {"broken", "unproven"}


def compute(project: Project, environments: Sequence[str], clouds: Sequence[str] = CLOUDS) -> Matrix:
    """Synthesize the environments on each cloud, in a process each and off the project's folders, and prove.

    A cloud whose stacks do not synthesize has everything unproven, with the reason. Raises InvalidEnvironment.
    """
    with tempfile.TemporaryDirectory() as scratch:
        apart = replace(project, synthesized_to=Path(scratch))
        made = synthesize_on_clouds(apart, environments, [cloud for cloud in clouds if has_checks(cloud)], state="local")
        runs = {run.cloud: run for run in made}
        stacks: dict[tuple[str, str], list[Proof]] = {}
        for cloud in clouds:
            for environment in environments:
                if cloud not in runs:
                    stacks[cloud, environment] = unproven("")
                elif failure := runs[cloud].failure:
                    stacks[cloud, environment] = unproven(f"the stack does not synthesize: {failure}")
                else:
                    written = (runs[cloud].stacks[environment] / "cdk.tf.json").read_text()
                    stacks[cloud, environment] = proofs(project.root, cloud, environment, written)
    return Matrix(stacks)


def matrix(root: Path, environments: Sequence[str], clouds: Sequence[str], stack: Callable[[str, str], str]) -> Matrix:
    """The same over stacks that are there already; `stack(cloud, environment)` gives a stack's JSON."""
    return Matrix(
        {
            (cloud, environment): proofs(root, cloud, environment, stack(cloud, environment))
            if has_checks(cloud)
            else unproven("")
            for cloud in clouds
            for environment in environments
        }
    )


def ordered(root: Path, environments: Sequence[str]) -> list[str]:
    """Environments from dev to prod."""
    tiers = get_args(Tier)
    return sorted(environments, key=lambda name: (tiers.index(load(name, project=root).environment.tier), name))


def proofs(root: Path, cloud: str, environment: str, written: str) -> list[Proof]:
    """Every guarantee on one synthesized stack, given as JSON text."""
    loaded = load(environment, project=root, cloud=cloud).environment
    return prove(Subject(View(json.loads(written)), loaded, target(loaded)))


def has_checks(cloud: str) -> bool:
    """Whether any guarantee names a check on a cloud."""
    return any(cloud in guarantee.clouds for guarantee in GUARANTEES)


def unproven(reason: str) -> list[Proof]:
    """Every guarantee of a stack that could not be looked at, and why; no reason: nothing would look at it."""
    return [Proof(guarantee, (("stack", Unproven(reason)),) if reason else ()) for guarantee in GUARANTEES]
