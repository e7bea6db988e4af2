"""Groups of people have the rights on files that `access` gives them, and no others."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from terrace.assurance import access
from terrace.assurance.checks import Subject, evaluate
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import data_access, target
from tests.assurance.mutants import Edit, Stack, body, drop, put, remove
from tests.people_stacks import PeopleStacks

ROLE, POLICY = ("aws_iam_role", "people/data-engineers"), ("aws_iam_role_policy", "people/data-engineers-lake")
ROLES = "arn:aws:iam::111122223333:role"
ASSIGNMENT = ("azurerm_role_assignment", "people/data-engineers-silver")
BINDING = ("google_storage_bucket_iam_member", "people/data-engineers-silver-orders")


def subject(stacks: PeopleStacks, cloud: str, edit: Edit | None = None) -> Subject:
    environment, document = stacks(cloud)
    changed = copy.deepcopy(document)
    if edit:
        edit(changed)
        assert changed != document
    return Subject(View(changed), environment, target(environment))


def policy(change: Callable[[dict[str, Any]], None], of: tuple[str, str] = POLICY, key: str = "policy") -> Edit:
    """Another text of a policy on AWS."""

    def edit(stack: Stack) -> None:
        resource = body(stack, *of)
        document = json.loads(resource[key])
        change(document)
        resource[key] = json.dumps(document)

    return edit


def statement(number: int, **keys: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["Statement"][number].update(keys)


def trusted(condition: dict[str, Any], **keys: Any) -> Edit:
    """Another trust of the role on AWS."""
    return policy(statement(0, Condition=condition, **keys), ROLE, "assume_role_policy")


def text(of: tuple[str, str], old: str, new: str) -> Edit:
    """Another condition."""

    def edit(stack: Stack) -> None:
        resource = body(stack, *of)
        before = json.dumps(resource["condition"])
        assert old in before
        resource["condition"] = json.loads(before.replace(old, new))

    return edit


def whole(bucket: str) -> list[str]:
    return [f"arn:aws:s3:::dpf-dev-{bucket}-111122223333/*"]


MUTANTS: dict[str, dict[str, tuple[Edit, str]]] = {
    "aws": {
        "the whole layer": (policy(statement(0, Resource=whole("silver"))), "LAKE-7"),
        "a layer that it may not read": (policy(statement(0, Resource=whole("gold"))), "LAKE-7"),
        "writing": (policy(statement(0, Action=["s3:GetObject", "s3:PutObject"])), "LAKE-7"),
        "lists of the whole layer": (policy(statement(1, Condition={})), "LAKE-7"),
        "no right": (remove(*POLICY), "LAKE-7"),
        "another key": (
            policy(statement(0, Resource="*"), ("aws_iam_role_policy", "people/data-engineers-keys")),
            "KEY-3",
        ),
        "everyone of the account takes the role": (trusted({}), "ID-2"),
        "another sign-in takes the role": (trusted({"ArnEquals": {"aws:PrincipalArn": f"{ROLES}/other"}}), "ID-2"),
        "every sign-in takes the role": (trusted({"ArnLike": {"aws:PrincipalArn": f"{ROLES}/aws-reserved/*"}}), "ID-2"),
        "another account takes the role": (trusted({}, Principal={"AWS": "*"}), "ID-2"),
    },
    "azure": {
        "the whole layer": (drop(*ASSIGNMENT, "condition"), "LAKE-7"),
        "writing": (put(*ASSIGNMENT, "role_definition_name", "Storage Blob Data Contributor"), "LAKE-7"),
        "another product": (text(ASSIGNMENT, "'orders/*'", "'other/*'"), "LAKE-7"),
        "another layer": (
            put(*ASSIGNMENT, "scope", "${azurerm_storage_container.lake_gold_container-gold_A.id}"),
            "LAKE-7",
        ),
        "another group": (put(*ASSIGNMENT, "principal_id", "00000000-0000-4000-8000-000000000099"), "LAKE-7"),
        "no right": (remove(*ASSIGNMENT), "LAKE-7"),
    },
    "gcp": {
        "the whole layer": (drop(*BINDING, "condition"), "LAKE-7"),
        "writing": (put(*BINDING, "role", "roles/storage.objectUser"), "LAKE-7"),
        "another product": (text(BINDING, "orders/", "other/"), "LAKE-7"),
        "another layer": (put(*BINDING, "bucket", "dpf-dev-gold-123456789012"), "LAKE-7"),
        "another group": (put(*BINDING, "member", "group:data-engineers@example.com"), "LAKE-7"),
        "the whole organisation": (put(*BINDING, "member", "domain:example.com"), "LAKE-7"),
        "no right": (remove(*BINDING), "LAKE-7"),
    },
}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_holds_with_groups_that_read_files(people_stacks: PeopleStacks, cloud: str) -> None:
    results = evaluate(subject(people_stacks, cloud))
    assert {result.guarantee.id: result.reason for result in results if result.status in ("broken", "unproven")} == {}


@pytest.mark.parametrize(("cloud", "mutant"), [(cloud, name) for cloud in MUTANTS for name in MUTANTS[cloud]])
def test_a_right_too_many_or_too_few_is_found(people_stacks: PeopleStacks, cloud: str, mutant: str) -> None:
    edit, expected = MUTANTS[cloud][mutant]
    results = evaluate(subject(people_stacks, cloud, edit))
    assert expected in {result.guarantee.id for result in results if result.status == "broken"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_groups_read_what_access_says_and_no_group_with_a_mask_reads_files(
    people_stacks: PeopleStacks, cloud: str
) -> None:
    found = access.read(subject(people_stacks, cloud))
    granted = {(one.principal, one.verb, one.object) for one in found.grants if one.principal.startswith("group ")}
    lake = {one for one in granted if one[2].startswith("lake/")}
    places = [f"lake/{layer}/{product}" for layer in ("bronze", "silver") for product in ("orders", "web-events")]
    verbs = ("read-data", "view") if cloud == "aws" else ("read-data",)
    assert lake == {("group data-engineers", verb, place) for verb in verbs for place in places}
    others = {("group data-engineers", "decrypt", "keys/lake by s3")} if cloud == "aws" else set()
    assert granted - lake == others


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_groups_that_read_files_nothing_is_made(people_stacks: PeopleStacks, cloud: str) -> None:
    environment, document = people_stacks(cloud)
    made = [one for each in document["resource"].values() for one in each.values()]
    assert any("/people/" in one["//"]["metadata"]["path"] for one in made)
    without = [rule.model_copy(update={"files": False}) for rule in environment.access]
    assert data_access.files(environment.model_copy(update={"access": tuple(without)})) == {}
