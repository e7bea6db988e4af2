"""A check that has nothing to read proves nothing: without the resources that it reads, it does not hold."""

import json
from dataclasses import replace

import pytest

from terrace.assurance import checks, evaluation
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Outcome
from terrace.assurance.view import View
from terrace.assurance.workloads_view import Workloads
from terrace.calls import Absent
from terrace.capabilities.cloud import CLOUDS
from terrace.environment import load, target
from terrace.workloads.context import Object
from tests.assurance.conftest import Written
from tests.assurance.workloads import environment, view
from tests.conftest import ROOT

OTHERS_REQUIRE_IT = {
    ("aws.entry.tls-and-redirect", "aws_lb_target_group"),  # aws.governance.inventory-complete
    ("aws.registry.private-and-encrypted", "aws_ecr_replication_configuration"),
    ("aws.database.encrypted", "aws_db_instance_automated_backups_replication"),  # aws.database.recovery-copies
    ("aws.governance.allowed-regions-only", "aws_db_instance"),
    ("aws.governance.allowed-regions-only", "aws_ecr_replication_configuration"),
    ("azure.keys.deletion-protection", "azurerm_management_lock"),  # azure.governance.inventory-complete, but in dev
    ("azure.lake.versioned-and-immutable", "azurerm_management_lock"),
    ("azure.governance.all-tagged", "azurerm_managed_redis"),
    ("azure.governance.all-tagged", "azurerm_storage_account"),
    ("azure.governance.allowed-regions-only", "azurerm_managed_redis"),
    ("azure.governance.allowed-regions-only", "azurerm_storage_account"),
}
"""(check, type): the check reads these of all resources; the type's own checks require that there are some."""
NO_GUARANTEE = {"aws_ecr_replication_configuration"}  # copies of images in the recovery region


def test_a_check_that_asks_for_resources_needs_one() -> None:
    loaded = load("dev", project=ROOT, cloud="aws").environment
    document = {"resource": {"bucket": {"b": {"//": {"metadata": {"path": "dev/lake/gold"}}}}}}
    stack = Subject(View(document), loaded, target(loaded))
    assert [str(one) for one in stack.all("bucket", "lake")] == ["lake/gold"]
    with pytest.raises(Absent, match="no bucket under keys"):
        stack.all("bucket", "keys")
    with pytest.raises(Absent, match="no key"):
        stack.all("key")
    assert stack.all("key", or_none=True) == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_check_holds_without_the_resources_that_it_reads(written: Written, cloud: str) -> None:
    """Every type that a check reads is removed in turn; a type that it only refers to makes no difference to it.

    The access model is left out: it requires the edges that the environment declares, whatever allows them.
    """
    loaded = load("prod", project=ROOT, cloud=cloud).environment
    place = target(loaded)
    document = json.loads(written(cloud, "prod"))

    def outcome(id: str, given: View) -> Outcome:
        return evaluation.evaluate(checks.of_cloud(cloud)[id], Subject(given, loaded, place))

    holding = set()
    for id in checks.of_cloud(cloud):
        if id.endswith(("declared-only", "declared-pipelines-only")):
            continue
        complete = View(document)
        before = outcome(id, complete)
        for type in sorted(complete.asked & set(document["resource"])):
            rest = {name: group for name, group in document["resource"].items() if name != type}
            after = outcome(id, View({**document, "resource": rest}))
            if after.status in ("holds", "not_required") and len(after.observations) < len(before.observations):
                holding.add((id, type))
    assert holding == {one for one in OTHERS_REQUIRE_IT if one[0].startswith(f"{cloud}.")}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_another_check_requires_them(written: Written, cloud: str) -> None:
    loaded = load("prod", project=ROOT, cloud=cloud).environment
    document = json.loads(written(cloud, "prod"))
    for type in {type for id, type in OTHERS_REQUIRE_IT if id.startswith(f"{cloud}.")} - NO_GUARANTEE:
        rest = {name: group for name, group in document["resource"].items() if name != type}
        results = checks.evaluate(Subject(View({**document, "resource": rest}), loaded, target(loaded)))
        assert [one for one in results if not one.passes], type


def test_no_check_of_workloads_holds_without_the_objects_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    complete = view(environment())
    read: set[str] = set()
    kind = Workloads.kind

    def recorded(workloads: Workloads, *kinds: str, namespace: str | None = None) -> list[Object]:
        read.update(kinds)
        return kind(workloads, *kinds, namespace=namespace)

    monkeypatch.setattr(Workloads, "kind", recorded)
    holding = set()
    for id, check in checks.of_workloads().items():
        read.clear()
        before = evaluation.evaluate(check, complete)
        for name in sorted(read):
            rendered = [
                replace(one, objects=tuple(each for each in one.objects if each["kind"] != name))
                for one in complete.rendered
            ]
            after = evaluation.evaluate(check, replace(complete, rendered=rendered))
            if after.status in ("holds", "not_required") and len(after.observations) < len(before.observations):
                holding.add((id, name))
    # workloads.access.own-accounts requires service accounts
    assert holding == {("workloads.access.least-privilege", "ServiceAccount")}
