"""GitHub Actions on github.com. Sources: GitHub documentation, "OpenID Connect reference"; GitHub changelog, 23 April
2026, "Immutable subject claims for GitHub Actions OIDC tokens"."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from terrace.capabilities.ci import Job, Pipeline
from terrace.capabilities.target import Tier

if TYPE_CHECKING:
    from terrace.capabilities.identity import IdentitySpec

_REPOSITORY = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_CONDITION_KEYS = frozenset(
    {
        *("actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref"),
        *("ref", "repository", "repository_id", "workflow"),
    }
)
"""Source: IAM User Guide, "Available keys for AWS OIDC federation"; since January 2026."""


def issuer(spec: "IdentitySpec") -> str:
    return "https://token.actions.githubusercontent.com"


def audience(spec: "IdentitySpec") -> str:
    return ""


def jobs(spec: "IdentitySpec", environment: str, tier: Tier) -> Mapping[Pipeline, tuple[Job, ...]]:
    """With ids, a later owner of the same name has other subjects. The claims repeat what a subject contains, since a
    repository can change the form of its subjects, and add the branch to an apply: any branch can name an environment
    in its workflows."""
    owner, _, name = spec.repository.partition("/")
    if spec.owner_id and spec.repository_id:
        owner, name = f"{owner}@{spec.owner_id}", f"{name}@{spec.repository_id}"
    prefix, branch = f"repo:{owner}/{name}", f"refs/heads/{spec.main_branch}"
    same = {"repository_id": spec.repository_id} if spec.repository_id else {}
    reusable = {"job_workflow_ref": f"{spec.apply_workflow}@{branch}"} if spec.apply_workflow else {}
    applying = {**same, "ref": branch, "environment": environment, **reusable}
    return {
        "plan": (
            Job("pull-requests", f"{prefix}:pull_request", same),
            Job("main-branch", f"{prefix}:ref:{branch}", {**same, "ref": branch}),
        ),
        "apply": (Job("environment", f"{prefix}:environment:{environment}", applying),),
    }


def condition_keys(spec: "IdentitySpec") -> frozenset[str]:
    return _CONDITION_KEYS


def mapping(spec: "IdentitySpec") -> dict[str, str]:
    return {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"}


def principal(spec: "IdentitySpec", subject: str) -> str:
    return subject


def admits(spec: "IdentitySpec") -> dict[str, str]:
    return {"repository": spec.repository}


def file_url(spec: "IdentitySpec", path: str) -> str:
    return f"https://github.com/{spec.repository}/blob/{spec.main_branch}/{path}"


def problems(spec: "IdentitySpec") -> Iterator[tuple[str, str, str]]:
    if not _REPOSITORY.fullmatch(spec.repository):
        message = f"invalid value {spec.repository!r}. Expected the owner/name of a repository, such as acme/terrace."
        yield message, "identity.repository", ""
    elif bool(spec.owner_id) is not bool(spec.repository_id):
        missing = "repository_id" if spec.owner_id else "owner_id"
        hint = f"`gh api repos/{spec.repository} --jq '.owner.id, .id'` prints both."
        yield f"{missing} is missing: GitHub's subjects have both ids or none.", "identity", hint
