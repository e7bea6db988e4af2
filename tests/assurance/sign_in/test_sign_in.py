"""Tokens of the own workflows are accepted, forged ones are not, and a wider trust is found, on each cloud."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from terrace.assurance import sign_in
from terrace.assurance.checks import Subject
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import target
from tests.assurance.conftest import Written
from tests.assurance.mutants import Stack, body
from tests.assurance.test_gate import environment


def _refused_or_accepted(stack: dict[str, Any], cloud: str) -> list[str]:
    """The tokens that are not evaluated as expected."""
    loaded = environment("prod", cloud).environment
    return [one.token.title for one in sign_in.evaluate(Subject(View(stack), loaded, target(loaded))) if not one.passes]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_token_is_evaluated_as_expected(written: Written, cloud: str) -> None:
    loaded = environment("prod", cloud).environment
    listed = list(sign_in.tokens(loaded))
    assert [one.expected for one in listed[:3]] == [{"plan"}, {"plan"}, {"apply"}]
    assert len([one for one in listed if not one.expected]) >= 9
    assert _refused_or_accepted(json.loads(written(cloud, "prod")), cloud) == []


def _aws(role: str, **conditions: Any) -> Callable[[Stack], None]:
    def edit(stack: Stack) -> None:
        written = body(stack, "aws_iam_role", f"pipelines/{role}")
        policy = json.loads(written["assume_role_policy"])
        policy["Statement"][0]["Condition"] = conditions
        written["assume_role_policy"] = json.dumps(policy)

    return edit


def _azure(subject: str) -> Callable[[Stack], None]:
    def edit(stack: Stack) -> None:
        body(stack, "azurerm_federated_identity_credential", "pipelines/environment")["subject"] = subject

    return edit


def _gcp(condition: str, member: str = "") -> Callable[[Stack], None]:
    def edit(stack: Stack) -> None:
        body(stack, "google_iam_workload_identity_pool_provider", "pipelines/apply-github")["attribute_condition"] = (
            condition
        )
        if member:
            binding = body(stack, "google_service_account_iam_member", "pipelines/apply-as-environment-prod")
            binding["member"] = binding["member"].replace("environment:prod", member)

    return edit


_GITHUB = "token.actions.githubusercontent.com"
_JOB, _ANY_BRANCH = "repo:acme/terrace:environment:prod", "a pull request that names the environment"
_STS = {f"{_GITHUB}:aud": "sts.amazonaws.com"}


@pytest.mark.parametrize(
    ("cloud", "edit", "found"),
    [
        ("aws", _aws("apply", StringEquals=_STS, StringLike={f"{_GITHUB}:sub": "repo:acme/*"}), "another branch"),
        ("aws", _aws("apply", StringEquals=_STS), "a fork"),
        ("aws", _aws("apply", StringEquals={f"{_GITHUB}:sub": _JOB}), _ANY_BRANCH),
        ("aws", _aws("apply", StringEquals={f"{_GITHUB}:sub": _JOB, f"{_GITHUB}:ref": "refs/heads/main"}), ""),
        ("aws", _aws("plan", StringEquals={**_STS, f"{_GITHUB}:sub": "other"}), "a pull request of the repository"),
        ("azure", _azure("repo:acme/terrace:environment:PROD"), "the environment in capitals"),
        ("azure", _azure("repo:acme/terrace:ref:refs/heads/feature"), "another branch"),
        ("gcp", _gcp("assertion.repository == 'acme/terrace'"), _ANY_BRANCH),
        ("gcp", _gcp("assertion.ref == 'refs/heads/main'"), ""),
        ("gcp", _gcp("true", "ref:refs/heads/feature"), "another branch"),
        ("gcp", _gcp("assertion.nothing == 'x'"), "a job of the environment prod"),
    ],
)
def test_a_different_trust_is_found(written: Written, cloud: str, edit: Callable[[Stack], None], found: str) -> None:
    """Without an audience, AWS still compares that of the provider; without a condition on subjects, Google Cloud still
    requires a binding of the subject. Without a condition on the branch, every branch can name an environment.
    """
    stack = json.loads(written(cloud, "prod"))
    edit(stack)
    wrong = _refused_or_accepted(stack, cloud)
    assert found in wrong if found else wrong == []
