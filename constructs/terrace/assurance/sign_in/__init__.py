"""Sign-in of pipelines: which tokens of GitHub the stack of an environment lets act as which pipeline (ID-1).

A token is a set of claims. Each cloud's module evaluates the trust that the stack configures, as the cloud would; no
test of a name or pattern decides.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from terrace.assurance.checks import Subject
from terrace.capabilities.cloud import implementation
from terrace.capabilities.identity import GITHUB, PIPELINES, Pipeline
from terrace.environment.schema import Environment

Claims = Mapping[str, str]
"""The claims of a token. Source: GitHub documentation, "OpenID Connect reference"."""
Accepts = Callable[[Subject, Pipeline, Claims], bool]
"""Whether a stack lets a token act as a pipeline; `accepts` of each cloud's module. A token without `aud` is one that
the workflow requested for the cloud."""

_SAMPLE_IDS = ("583231", "1296269")
"""Ids of a repository whose environment gives none; no trust reads them."""


@dataclass(frozen=True)
class Token:
    """A token, and the pipelines that it may act as: none for a forged or a foreign one. `beside_subject` is whether
    nothing but claims beside the subject distinguishes it from one of the own workflows."""

    title: str
    claims: Claims
    expected: frozenset[Pipeline] = frozenset()
    beside_subject: bool = False


@dataclass(frozen=True)
class SignIn:
    """What the stack makes of a token. It is excepted if the cloud cannot compare what distinguishes it: the branch
    rules of the forge's environment have to."""

    token: Token
    accepted: frozenset[Pipeline]
    excepted: bool = False

    @property
    def passes(self) -> bool:
        """Whether it is as expected, or excepted."""
        return self.accepted == self.token.expected or self.excepted


def evaluate(stack: Subject) -> list[SignIn]:
    """Every token of `tokens`, evaluated by the trust of a foundation."""
    cloud = implementation(__name__, stack.environment.cloud)
    accepts: Accepts = cloud.accepts
    subject_only: bool = not cloud.compares_claims(stack)
    found = []
    for token in tokens(stack.environment):
        accepted = frozenset(one for one in PIPELINES if accepts(stack, one, token.claims))
        excepted = token.beside_subject and subject_only and accepted != token.expected
        found.append(SignIn(token, accepted, excepted))
    return found


def tokens(environment: Environment) -> Iterator[Token]:
    """The tokens that pipelines present, and tokens that others can present."""
    spec, name = environment.identity, environment.name
    owner, _, repository = spec.repository.partition("/")
    plan, apply = frozenset[Pipeline](["plan"]), frozenset[Pipeline](["apply"])
    pull_request, main = spec.workflows(name)["plan"]
    (job,) = spec.workflows(name)["apply"]
    branch, merge = f"refs/heads/{spec.main_branch}", "refs/pull/7/merge"
    workflow = spec.apply_workflow or f"{spec.repository}/.github/workflows/apply.yml"
    prefix = job.removesuffix(f":environment:{name}")
    ours = {
        "iss": f"https://{GITHUB}",
        "repository": spec.repository,
        "repository_id": spec.repository_id or _SAMPLE_IDS[1],
        "repository_owner": owner,
        "repository_owner_id": spec.owner_id or _SAMPLE_IDS[0],
    }

    def ours_with(subject: str, **claims: str) -> Claims:
        return {**ours, "sub": subject, "ref": branch, "job_workflow_ref": f"{workflow}@{branch}", **claims}

    def of_repository(named: str, **claims: str) -> Claims:
        subject = job.replace(prefix, f"repo:{named}")
        return ours_with(subject, environment=name, repository=named, repository_id="1", **claims)

    def deploying(**claims: str) -> Claims:
        return ours_with(job, environment=name, **claims)

    yield Token("a pull request of the repository", ours_with(pull_request, ref=merge), plan)
    yield Token(f"the branch {spec.main_branch}", ours_with(main), plan)
    yield Token(f"a job of the environment {name}", deploying(), apply)
    yield Token("a pull request that names the environment", deploying(ref=merge), beside_subject=True)
    yield Token("another branch that names the environment", deploying(ref="refs/heads/feature"), beside_subject=True)
    if spec.apply_workflow:
        other = f"{spec.repository}/.github/workflows/other.yml@{branch}"
        yield Token("another workflow", deploying(job_workflow_ref=other), beside_subject=True)
        changed = f"{workflow}@refs/heads/feature"
        yield Token("the workflow of another branch", deploying(job_workflow_ref=changed), beside_subject=True)
    yield Token("another repository of the owner", of_repository(f"{owner}/other"))
    yield Token("a repository whose name begins the same", of_repository(f"{spec.repository}-fork"))
    yield Token("a fork", of_repository(f"stranger/{repository}", repository_owner="stranger", repository_owner_id="2"))
    yield Token("another branch", ours_with(f"{prefix}:ref:refs/heads/feature", ref="refs/heads/feature"))
    tag = f"refs/tags/{spec.main_branch}"
    yield Token("a tag with the name of the branch", ours_with(f"{prefix}:ref:{tag}", ref=tag))
    yield Token("another environment", ours_with(f"{prefix}:environment:{name}-2", environment=f"{name}-2"))
    capitals = name.upper()
    yield Token("the environment in capitals", ours_with(f"{prefix}:environment:{capitals}", environment=capitals))
    yield Token("another audience", deploying(aud="https://example.com"))
    yield Token("another issuer", deploying(iss="https://token.example.com"))
    if spec.repository_id:
        recycled = ours_with(f"repo:{owner}@2/{repository}@3:environment:{name}", repository_id="3", environment=name)
        yield Token("a later owner of the name", {**recycled, "repository_owner_id": "2"})
        yield Token("a subject without the ids", deploying(sub=f"repo:{spec.repository}:environment:{name}"))
