"""Tokens of GitHub. Source: GitHub documentation, "OpenID Connect reference"."""

from collections.abc import Iterator

from terrace.assurance.sign_in.tokens import APPLY, PLAN, Claims, Token
from terrace.environment.schema import Environment

COMPENSATION = "the branch rules of the environment in GitHub have to refuse these jobs"
_SAMPLE_IDS = ("583231", "1296269")
"""Ids of a repository whose environment gives none; no trust reads them."""
_BRANCH, _WORKFLOW = frozenset({"ref"}), frozenset({"job_workflow_ref"})


def tokens(environment: Environment) -> Iterator[Token]:
    spec, name = environment.identity, environment.name
    owner, _, repository = spec.repository.partition("/")
    pull_request, main = spec.workflows(name, environment.tier)["plan"]
    (job,) = spec.workflows(name, environment.tier)["apply"]
    branch, merge = f"refs/heads/{spec.main_branch}", "refs/pull/7/merge"
    workflow = spec.apply_workflow or f"{spec.repository}/.github/workflows/apply.yml"
    prefix = job.removesuffix(f":environment:{name}")
    ours = {
        "iss": spec.issuer,
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

    yield Token("a pull request of the repository", ours_with(pull_request, ref=merge), PLAN)
    yield Token(f"the branch {spec.main_branch}", ours_with(main), PLAN)
    yield Token(f"a job of the environment {name}", deploying(), APPLY)
    yield Token("a pull request that names the environment", deploying(ref=merge), beside_subject=_BRANCH)
    feature = deploying(ref="refs/heads/feature")
    yield Token("another branch that names the environment", feature, beside_subject=_BRANCH)
    if spec.apply_workflow:
        other = f"{spec.repository}/.github/workflows/other.yml@{branch}"
        yield Token("another workflow", deploying(job_workflow_ref=other), beside_subject=_WORKFLOW)
        changed = f"{workflow}@refs/heads/feature"
        yield Token("the workflow of another branch", deploying(job_workflow_ref=changed), beside_subject=_WORKFLOW)
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
