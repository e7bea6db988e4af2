"""Tokens of GitLab. Source: GitLab documentation, "OpenID Connect (OIDC) authentication using ID tokens"."""

from collections.abc import Iterator

from terrace.assurance.sign_in.tokens import APPLY, PLAN, Claims, Token
from terrace.capabilities.ci import gitlab
from terrace.environment.schema import Environment

COMPENSATION = "the project's protected branches and environments in GitLab have to refuse these jobs"


def tokens(environment: Environment) -> Iterator[Token]:
    spec, name = environment.identity, environment.name
    assert spec.gitlab
    namespace, _, project = spec.repository.rpartition("/")
    own, host = spec.gitlab, spec.issuer_host
    other_tier = "development" if environment.tier != "dev" else "production"

    def job(**claims: str) -> Claims:
        """A job of a push to the main branch, with other claims, and the subject that follows from them."""
        found = {
            "iss": spec.issuer,
            "project_id": own.project_id,
            "project_path": spec.repository,
            "namespace_id": own.namespace_id,
            "namespace_path": namespace,
            "pipeline_source": "push",
            "ref": spec.main_branch,
            "ref_type": "branch",
            "ref_protected": "true",
            "ci_config_ref_uri": f"{host}/{spec.repository}//{gitlab.CONFIGURATION}@refs/heads/{spec.main_branch}",
            **claims,
        }
        return {"sub": gitlab.subject(found), **found}

    def deploying(**claims: str) -> Claims:
        applied = {
            "environment": name,
            "environment_protected": "true",
            "deployment_tier": gitlab.TIERS[environment.tier],
        }
        return job(**{**applied, **claims})

    branch = {"ref": "feature", "ref_protected": "false"}
    request = {**branch, "pipeline_source": "merge_request_event"}
    yield Token("a merge request of the project", job(**request), PLAN)
    yield Token(f"the branch {spec.main_branch}", job(), PLAN)
    yield Token(f"a job of the environment {name}", deploying(), APPLY)
    yield Token("a merge request that names the environment", deploying(**request))
    yield Token("an unprotected branch that names the environment", deploying(**branch))
    yield Token("the main branch without protection", deploying(ref_protected="false"))
    release = {"ref": "release"}
    yield Token("another protected branch", job(**release), beside_subject=frozenset({"ref"}))
    title = "another protected branch that names the environment"
    yield Token(title, deploying(**release), beside_subject=frozenset({"ref"}))
    yield Token("a push to an unprotected branch", job(**branch), beside_subject=frozenset({"pipeline_source"}))
    tag = deploying(ref_type="tag")
    yield Token("a protected tag with the name of the branch", tag, beside_subject=frozenset({"ref_type"}))
    other = deploying(environment=f"{name}-2")
    yield Token("another environment of the tier", other, beside_subject=frozenset({"environment"}))
    yield Token("an environment of another tier", deploying(environment="other", deployment_tier=other_tier))
    yield Token("an environment without protection", deploying(environment_protected="false"))
    file = deploying(ci_config_ref_uri=f"{host}/{spec.repository}//other.yml@refs/heads/{spec.main_branch}")
    yield Token("another pipeline file", file, beside_subject=frozenset({"ci_config_ref_uri"}))
    moved = deploying(namespace_id="2", namespace_path="stranger", project_path=f"stranger/{project}")
    yield Token("the project in another group", moved, beside_subject=frozenset({"namespace_id", "project_path"}))
    yield Token("another project of the group", deploying(project_id="1", project_path=f"{namespace}/other"))
    fork = {"project_id": "3", "project_path": f"stranger/{project}", "namespace_id": "2", "namespace_path": "stranger"}
    yield Token("a fork", deploying(**fork))
    yield Token("a merge request of a fork", job(**request, **fork))
    yield Token("a later project of the path", deploying(project_id="4"))
    path = f"project_path:{spec.repository}:ref_type:branch:ref:{spec.main_branch}"
    yield Token("a subject with the path", {**deploying(), "sub": path})
    yield Token("another audience", deploying(aud="https://example.com"))
    yield Token("another issuer", deploying(iss="https://token.example.com"))
