"""Sign-in of pipelines: which tokens of a CI system the stack of an environment lets act as which pipeline (ID-1).

A token is a set of claims. Each cloud's module evaluates the trust that the stack configures, as the cloud would; no
test of a name or pattern decides.
"""

from collections.abc import Callable
from dataclasses import dataclass

from terrace.assurance.checks import Subject
from terrace.assurance.sign_in.tokens import Claims, Token, tokens
from terrace.capabilities.ci import PIPELINES, Pipeline
from terrace.capabilities.cloud import TITLES, implementation

Accepts = Callable[[Subject, Pipeline, Claims], bool]
"""Whether a stack lets a token act as a pipeline; `accepts` of each cloud's module. A token without `aud` is one that
the job requested for the cloud."""
Compares = Callable[[Subject, str], bool]
"""Whether a cloud can compare a claim of the CI system's tokens besides the subject; `compares` of each cloud's
module."""


@dataclass(frozen=True)
class SignIn:
    """What the stack makes of a token. `excepted` is why the cloud cannot refuse it, "" if it can: it cannot compare
    what distinguishes the token, so the CI system's own rules have to."""

    token: Token
    accepted: frozenset[Pipeline]
    excepted: str = ""

    @property
    def passes(self) -> bool:
        """Whether it is as expected, or excepted."""
        return self.accepted == self.token.expected or bool(self.excepted)


def evaluate(stack: Subject) -> list[SignIn]:
    """Every token of `tokens`, evaluated by the trust of a foundation."""
    cloud = implementation(__name__, stack.environment.cloud)
    accepts: Accepts = cloud.accepts
    found = []
    for token in tokens(stack.environment):
        accepted = frozenset(one for one in PIPELINES if accepts(stack, one, token.claims))
        reason = _exception(stack, cloud.compares, token) if accepted != token.expected else ""
        found.append(SignIn(token, accepted, reason))
    return found


def _exception(stack: Subject, compares: Compares, token: Token) -> str:
    """Why the cloud cannot distinguish a token from one of the own jobs; "" if it can."""
    if not token.beside_subject or any(one in token.claims and compares(stack, one) for one in token.beside_subject):
        return ""
    facts = " and ".join(sorted(token.beside_subject))
    if not token.beside_subject & set(token.claims):
        return f"no token has the {facts.replace('_', ' ')}"
    return f"{TITLES[stack.environment.cloud]} does not compare {facts}"
