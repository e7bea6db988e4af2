"""Subjects of the pipelines' tokens."""

from terrace.capabilities.identity import IdentitySpec
from tests.trust_stacks import IDENTITIES

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


def of(identity: str) -> IdentitySpec:
    return IdentitySpec.model_validate({"admin_group": "admins", "repository": "acme/terrace", **IDENTITIES[identity]})


def test_subjects_of_gitlab_name_the_project_by_its_id_and_say_what_is_protected() -> None:
    assert of("gitlab").workflows("qa", "staging") == {
        "plan": ("project_id:4242:ref_protected:false", "project_id:4242:ref_protected:true"),
        "apply": ("project_id:4242:ref_protected:true:environment_protected:true:deployment_tier:staging",),
    }
    (job,) = of("gitlab, self-managed").jobs("qa", "staging")["apply"]
    path = "gitlab.example.com:8443/acme/data/terrace//.gitlab-ci.yml@refs/heads/main"
    assert job.claims["ci_config_ref_uri"] == path and job.claims["environment"] == "qa"


def test_subjects_of_azure_devops_are_those_of_service_connections() -> None:
    """In both forms: Entra's has ids, encoded as in the documentation of Azure DevOps, and is too long for Google."""
    spec = of("azure-devops")
    assert spec.issuer == "https://login.microsoftonline.com/00000000-0000-4000-8000-00000000000c/v2.0"
    (plan,) = spec.workflows("dev", "dev")["plan"]
    ids = "00000000-0000-4000-8000-00000000000a/00000000-0000-4000-8000-00000000000d"
    assert plan == f"/eid1/c/pub/t/AAAAAAAAAECAAAAAAAAADA/a/rISbSSETf0KqFyZ8ppdXmA/sc/{ids}"
    assert len(plan) > 127 and spec.tokens.principal(spec, plan) == ids
    former = of("azure-devops, its own issuer")
    assert former.issuer == "https://vstoken.dev.azure.com/00000000-0000-4000-8000-00000000000a"
    assert former.workflows("dev", "dev")["apply"] == ("sc://acme/Data Platform/terrace-dev-apply",)


def test_a_file_has_a_page_on_each_system() -> None:
    pages = {name: of(name).tokens.file_url(of(name), "modules/a/README.md") for name in IDENTITIES}
    assert pages["github"] == "https://github.com/acme/terrace/blob/main/modules/a/README.md"
    assert pages["gitlab"] == "https://gitlab.com/acme/data/terrace/-/blob/main/modules/a/README.md"
    azure = "https://dev.azure.com/acme/Data%20Platform/_git/terrace?path=/modules/a/README.md&version=GBmain"
    assert pages["azure-devops"] == azure
