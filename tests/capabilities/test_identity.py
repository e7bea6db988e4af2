"""Subjects of the pipelines' tokens."""

from terrace.capabilities.identity import IdentitySpec

SPEC = IdentitySpec(admin_group="admins", repository="acme/data.platform", main_branch="trunk")


def test_subjects_name_the_repository() -> None:
    assert SPEC.workflows("prod", "prod") == {
        "plan": ("repo:acme/data.platform:pull_request", "repo:acme/data.platform:ref:refs/heads/trunk"),
        "apply": ("repo:acme/data.platform:environment:prod",),
    }


def test_subjects_of_a_newer_repository_have_the_ids() -> None:
    """As in GitHub's documentation: repo:octocat@123456/my-repo@456789:environment:dev."""
    newer = SPEC.model_copy(update={"owner_id": "123456", "repository_id": "456789"})
    assert newer.workflows("dev", "dev")["apply"] == ("repo:acme@123456/data.platform@456789:environment:dev",)
    assert len(newer.workflows("dev", "dev")["plan"]) == 2
