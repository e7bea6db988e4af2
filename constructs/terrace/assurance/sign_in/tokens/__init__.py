"""Tokens that pipelines present, and tokens that others can present: the claims, and what they may do.

Each CI system's module has one function, `tokens`, and `COMPENSATION`: what refuses the jobs that no cloud can.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from terrace.capabilities.ci import Pipeline, system
from terrace.environment.schema import Environment

Claims = Mapping[str, str]
"""The claims of a token."""

PLAN, APPLY = frozenset[Pipeline](["plan"]), frozenset[Pipeline](["apply"])


@dataclass(frozen=True)
class Token:
    """A token, and the pipelines that it may act as: none for a forged or a foreign one. `beside_subject` are the
    facts beside the subject that alone distinguish it from one of the own jobs; a fact that is not among its claims is
    one that the CI system puts into no token."""

    title: str
    claims: Claims
    expected: frozenset[Pipeline] = frozenset()
    beside_subject: frozenset[str] = frozenset()


def tokens(environment: Environment) -> Iterator[Token]:
    """The tokens of the environment's own jobs, first, and those that others can get."""
    yield from system(__name__, environment.identity.ci).tokens(environment)


def compensation(environment: Environment) -> str:
    """What has to refuse the jobs whose tokens a cloud cannot distinguish."""
    return str(system(__name__, environment.identity.ci).COMPENSATION)
