"""The policy gate: whether stacks may go to their environments, and everything that speaks against it."""

from collections.abc import Sequence
from pathlib import Path

from terrace.assurance.result import CheckRun, Finding, GateResult, Severity, Waiver
from terrace.deployment.project import Project

__all__ = ["CheckRun", "Finding", "GateResult", "Severity", "Waiver", "run"]


def run(
    project: Project, environments: Sequence[str], clouds: Sequence[str], plan: Path | None = None
) -> list[GateResult]:
    """Judge each environment on each cloud (none named: its own), from the stack, or from a plan's JSON of one stack.

    A stack that does not synthesize is a result with that finding. Raises InvalidEnvironment, InvalidPolicies.
    """
    raise NotImplementedError
