"""The order in which a node pool and its replacement are made and deleted. (`tests/e2e/test_pools.py` has a whole
foundation.)"""

import os
from collections.abc import Callable
from typing import Any

import pytest

from terrace.deployment import lifecycle
from terrace.deployment.events import Event, ResourceEvent
from terrace.deployment.replacement import _FILE, ordered
from terrace.emulator import Emulator
from tests.deployment.conftest import SmallProject
from tests.deployment.test_autoscaling import IGNORED, REGION, pool

POOL = {"lifecycle": {"create_before_destroy": True, "ignore_changes": ["scaling_config[0].desired_size"]}}
STACK = {"aws_eks_node_group": {"general": POOL}, "aws_eks_cluster": {"control-plane": {}}}


class Planner:
    """Terraform as `ordered` uses it; it keeps the override of each plan."""

    def __init__(self, small: SmallProject) -> None:
        self.directory = small.root
        self.stack_file = small.root / "stack.json"
        self.overrides: list[str] = []

    def plan(self, path: Any, *, on_event: Any) -> None:
        self.overrides.append((self.directory / _FILE).read_text())

    def show(self, path: Any) -> dict[str, Any]:
        return {"planned": "again"}


def replaced(type: str, name: str, before: str, after: str) -> dict[str, Any]:
    change = {
        "actions": ["create", "delete"],
        "before": {"node_group_name": before},
        "after": {"node_group_name": after},
    }
    return {"address": f"{type}.{name}", "type": type, "name": name, "change": change}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (replaced("aws_eks_node_group", "general", "general-aaaa", "general-bbbb"), ""),
        (
            replaced("aws_eks_node_group", "general", "general-aaaa", "general-aaaa"),
            "aws_eks_node_group.general is replaced and keeps its name",
        ),
        (
            replaced("aws_eks_cluster", "control-plane", "", ""),
            "aws_eks_cluster.control-plane, which they depend on, is replaced",
        ),
    ],
)
def test_pools_go_first_where_new_ones_cannot_be_made(small: SmallProject, record: Any, message: str) -> None:
    small.stack(STACK)
    planner: Any = Planner(small)
    plan = {"resource_changes": [record]}
    with ordered(small.deployment(), planner, small.root / "plan", plan, {}) as content:
        assert content == ({"planned": "again"} if message else plan)
    assert [one for one in small.messages if message in one] == small.messages and bool(small.messages) == bool(message)
    assert all('"create_before_destroy": false' in one for one in planner.overrides)
    assert not (small.root / _FILE).exists()


@pytest.mark.e2e
def test_a_new_node_group_is_made_before_the_old_one_is_deleted(
    small: SmallProject, aws: Emulator, yes: Callable[[object], bool]
) -> None:
    events: list[Event] = []
    deployment = small.deployment(variables=aws.child_environment(os.environ), on_event=events.append)

    def replaced(name: str, type: str, minimum: int = 2) -> tuple[str, list[tuple[str, str]]]:
        """The effect of a plan, and what its apply does to the node group, in the order of the log."""
        stack = pool(minimum, 6)
        stack["aws_eks_cluster"]["server"]["name"] = stack["aws_iam_role"]["role"]["name"] = "replacing"
        stack["aws_eks_node_group"]["pool"] |= {
            "node_group_name": name,
            "instance_types": [type],
            "lifecycle": {"create_before_destroy": True, "ignore_changes": IGNORED},
        }
        small.stack(stack, provider={"aws": {"region": REGION}})
        effect = lifecycle.plan(deployment).summary.risk
        events.clear()
        lifecycle.apply(deployment, confirm=yes)
        steps = [one for one in events if isinstance(one, ResourceEvent) and one.phase == "apply"]
        return effect, [
            (one.action, one.moment)
            for one in steps
            if one.address == "aws_eks_node_group.pool" and one.moment != "progress"
        ]

    created, deleted = ([(action, "start"), (action, "complete")] for action in ("create", "delete"))
    assert replaced("general-aaaa", "m6i.large") == ("none", created)
    assert replaced("general-bbbb", "m6i.xlarge", 4) == ("restart", [*created, *deleted])
