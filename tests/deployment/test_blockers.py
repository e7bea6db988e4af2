"""Plans that an apply would fail at halfway, with real Terraform and without a provider."""

import json
from collections.abc import Sequence

import pytest

from terrace.capabilities.blockers import Blocker, Planned
from terrace.deployment import lifecycle, plans
from terrace.deployment.blockers import Blocked, blockers
from terrace.environment import load
from terrace.state import state_name
from terrace.state.homes import Homes
from tests.conftest import ROOT
from tests.deployment.conftest import SmallProject


class Contents:
    """A cloud in which some resources have contents, and some names belong to deleted resources."""

    lasting: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.full = {"terraform_data.bucket"}
        self.taken = {"terraform_data.secret"}

    def __call__(self, removed: Sequence[Planned], created: Sequence[Planned]) -> Sequence[Blocker]:
        full = [Blocker(one.address, "contains objects", "empty it") for one in removed if one.address in self.full]
        taken = [Blocker(one.address, "is deleted", "restore it") for one in created if one.address in self.taken]
        return [*full, *taken]


def test_an_apply_is_refused_before_anything_changes(small: SmallProject) -> None:
    contents = Contents()
    deployment = small.deployment(blockers=contents)
    small.stack({"terraform_data": {"bucket": {}, "topic": {}}})
    assert lifecycle.plan(deployment).blockers == ()
    lifecycle.apply(deployment, confirm=lambda saved: True)

    small.stack({"terraform_data": {"secret": {}}})
    planned = lifecycle.plan(deployment)
    assert [(one.address, one.remedy) for one in planned.blockers] == [
        ("terraform_data.bucket", "empty it"),
        ("terraform_data.secret", "restore it"),
    ]
    assert '"contains objects"' in plans.load(deployment).sidecar.read_text()
    with pytest.raises(Blocked, match="nothing was changed: 2 resources cannot be changed so:") as refused:
        lifecycle.apply(deployment, confirm=lambda saved: True)
    assert refused.value.hint == "empty it; restore it"
    assert set(deployment.terraform().addresses()) == {"terraform_data.bucket", "terraform_data.topic"}

    contents.full.clear()
    contents.taken.clear()
    lifecycle.apply(deployment, confirm=lambda saved: True)  # the same plan: it is searched again
    assert deployment.terraform().addresses() == ["terraform_data.secret"]


def test_a_cluster_with_releases_is_not_removed(small: SmallProject) -> None:
    deployment = small.deployment()
    homes = Homes(load("dev", project=ROOT, cloud="aws").environment, deployment.project, state="local")
    change = {"actions": ["delete"], "before": {"id": "dpf-dev"}, "after": None}
    plan = {
        "resource_changes": [
            {"address": "aws_eks_cluster.one", "type": "aws_eks_cluster", "mode": "managed", "change": change},
            {"address": "aws_eks_node_group.one", "type": "aws_eks_node_group", "mode": "managed", "change": change},
        ]
    }
    deployment = small.deployment(homes=homes)
    assert blockers(deployment, plan) == ()
    state = {"version": 4, "serial": 1, "lineage": "one", "resources": [{"mode": "managed", "instances": [{}]}]}
    homes.named.write(state_name("dev", "aws", "workloads"), json.dumps(state).encode())
    (blocker,) = blockers(deployment, plan)
    assert blocker.address == "aws_eks_cluster.one"
    assert blocker.message == "has 1 release of dev-workloads in it"
    assert "`terrace destroy dev-workloads`" in blocker.remedy
