"""GitLab CI/CD, on gitlab.com or self-managed.

The subject of a token is set for the project to `SUBJECT`, so that it names the project by its id, which no later
project of the same path has, and that every cloud compares whether branch and environment are protected. GitLab leaves
out what a job does not have: only a job of an environment has the last two parts. A merge request from a fork has the
fork's id, also if its pipeline runs in the parent project.
Sources: GitLab documentation, "OpenID Connect (OIDC) authentication using ID tokens" and "Projects API"
(ci_id_token_sub_claim_components: 17.10, the parts about protection 18.7, project_id later).
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from terrace.capabilities.ci import Job, Pipeline
from terrace.capabilities.target import Tier

if TYPE_CHECKING:
    from terrace.capabilities.identity import IdentitySpec

SUBJECT = ("project_id", "ref_protected", "environment_protected", "deployment_tier")
"""The claims that the subject is made of (`ci_id_token_sub_claim_components`)."""
TIERS: Mapping[Tier, str] = {"dev": "development", "staging": "staging", "prod": "production"}
"""GitLab's deployment tier of an environment."""
CONFIGURATION = ".gitlab-ci.yml"
_PATH = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)+", re.ASCII)
_SAAS = "https://gitlab.com"
_CONDITION_KEYS = frozenset(
    {
        *("namespace_id", "pipeline_source", "project_id", "ref_protected", "runner_environment"),
        *("user_access_level", "user_email", "user_id", "user_login"),
    }
)
"""Of gitlab.com only. Source: IAM User Guide, "IAM and AWS STS condition context keys"."""


def issuer(spec: "IdentitySpec") -> str:
    return spec.gitlab.url if spec.gitlab else _SAAS


def audience(spec: "IdentitySpec") -> str:
    return ""


def subject(claims: Mapping[str, str]) -> str:
    """The subject of a job's token."""
    return ":".join(f"{name}:{claims[name]}" for name in SUBJECT if name in claims)


def jobs(spec: "IdentitySpec", environment: str, tier: Tier) -> Mapping[Pipeline, tuple[Job, ...]]:
    """The claims repeat the subject, which a maintainer can change, and add what it cannot have: namespace, branch,
    environment, the file that defines the pipeline."""
    assert spec.gitlab
    same = {"project_id": spec.gitlab.project_id, "namespace_id": spec.gitlab.namespace_id}
    main = {**same, "ref_protected": "true", "ref_type": "branch", "ref": spec.main_branch}
    requested = {**same, "ref_protected": "false", "pipeline_source": "merge_request_event"}
    host = issuer(spec).removeprefix("https://")
    applying = {
        **main,
        "environment": environment,
        "environment_protected": "true",
        "deployment_tier": TIERS[tier],
        "ci_config_ref_uri": f"{host}/{spec.repository}//{CONFIGURATION}@refs/heads/{spec.main_branch}",
    }
    return {
        "plan": (
            Job("merge-requests", subject(requested), requested),
            Job("main-branch", subject(main), main),
        ),
        "apply": (Job("environment", subject(applying), applying),),
    }


def condition_keys(spec: "IdentitySpec") -> frozenset[str]:
    return _CONDITION_KEYS if issuer(spec) == _SAAS else frozenset()


def mapping(spec: "IdentitySpec") -> dict[str, str]:
    return {"google.subject": "assertion.sub", "attribute.project_id": "assertion.project_id"}


def principal(spec: "IdentitySpec", subject: str) -> str:
    return subject


def admits(spec: "IdentitySpec") -> dict[str, str]:
    return {"project_path": spec.repository}


def file_url(spec: "IdentitySpec", path: str) -> str:
    return f"{issuer(spec)}/{spec.repository}/-/blob/{spec.main_branch}/{path}"


def problems(spec: "IdentitySpec") -> Iterator[tuple[str, str, str]]:
    if not _PATH.fullmatch(spec.repository):
        message = f"invalid value {spec.repository!r}. Expected the path of a project, such as acme/platform/terrace."
        yield message, "identity.repository", ""
    if spec.gitlab is None:
        hint = "Set identity.gitlab.project_id and namespace_id; `glab api projects/:id` prints both."
        yield "the ids of the GitLab project are missing.", "identity.ci", hint
