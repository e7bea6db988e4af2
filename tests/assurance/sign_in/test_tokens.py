"""The trust in each CI system on each cloud: its own jobs sign in, and what a cloud cannot refuse is named."""

import pytest

from terrace.assurance import checks, sign_in
from terrace.assurance.checks import Subject
from terrace.assurance.guarantees import GUARANTEES
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import target
from tests.trust_stacks import IDENTITIES, TrustStacks, environment

_GITHUB = {
    "a pull request that names the environment": "ref",
    "another branch that names the environment": "ref",
}
_GITLAB = {
    "another protected branch": "ref",
    "another protected branch that names the environment": "ref",
    "a protected tag with the name of the branch": "ref_type",
    "another environment of the tier": "environment",
    "another pipeline file": "ci_config_ref_uri",
}
_OTHER_GITLAB = {
    **_GITLAB,
    "a push to an unprotected branch": "pipeline_source",
    "the project in another group": "namespace_id and project_path",
}
_CONNECTION = {
    "a pull request that uses the connection for apply": "branch",
    "another pipeline that uses the connection for apply": "pipeline",
}
_NAMED_CONNECTION = {**_CONNECTION, "a later connection of the name": "connection id"}
EXCEPTED = {
    ("aws", "gitlab"): _GITLAB,
    ("aws", "gitlab, self-managed"): _OTHER_GITLAB,
    ("azure", "github"): _GITHUB,
    ("azure", "gitlab"): _OTHER_GITLAB,
    ("azure", "gitlab, self-managed"): _OTHER_GITLAB,
    **{(cloud, "azure-devops"): _CONNECTION for cloud in CLOUDS},
    **{(cloud, "azure-devops, its own issuer"): _NAMED_CONNECTION for cloud in CLOUDS},
}
"""Tokens that a cloud cannot distinguish from those of the own jobs, to the claims that it does not compare."""


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_forged_token_is_accepted_unless_it_is_excepted(
    trust_stacks: TrustStacks, cloud: str, identity: str
) -> None:
    of = environment(cloud, identity)
    stack = Subject(View(trust_stacks(cloud)[identity]), of, target(of))
    found = sign_in.evaluate(stack)
    assert all(one.passes for one in found)
    assert {one for row in found for one in row.token.expected} == {"plan", "apply"}
    excepted = {row.token.title: row.excepted for row in found if row.excepted}
    expected = EXCEPTED.get((cloud, identity), {})
    assert set(excepted) == set(expected)
    assert all(excepted[title].endswith(claims) for title, claims in expected.items())
    assert len([row for row in found if not row.token.expected and not row.excepted]) >= 9
    (result,) = checks.evaluate(stack, [row for row in GUARANTEES if row.id == "ID-1"])
    assert result.passes, result.reason


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("identity", "other"), [("gitlab", "github"), ("azure-devops", "gitlab")])
def test_the_trust_in_another_system_is_found(trust_stacks: TrustStacks, cloud: str, identity: str, other: str) -> None:
    """A stack that trusts one system, for an environment that names another one."""
    of = environment(cloud, other)
    stack = Subject(View(trust_stacks(cloud)[identity]), of, target(of))
    found = sign_in.evaluate(stack)
    assert not any(row.accepted for row in found) and not all(row.passes for row in found)
    (result,) = checks.evaluate(stack, [row for row in GUARANTEES if row.id == "ID-1"])
    assert not result.passes
