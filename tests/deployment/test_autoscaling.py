"""Bounds of a running node pool, changed with real Terraform and the AWS provider on the emulated AWS."""

import os
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from terrace.capabilities.cloud import CLOUDS, facts
from terrace.deployment import lifecycle
from terrace.deployment.autoscaling import moves, override, smaller
from terrace.emulator import Emulator
from tests.conftest import Foundations
from tests.deployment.conftest import SmallProject, resource

REGION = "eu-central-1"
IGNORED = ["scaling_config[0].desired_size"]


def pool(minimum: int, maximum: int, *, desired: int = 2) -> dict[str, Any]:
    """A cluster of one node pool, whose desired size Terraform ignores as in our stacks."""
    trust = '{"Version":"2012-10-17","Statement":[]}'
    return {
        "aws_vpc": {"vpc": resource("dev/network/vpc", cidr_block="10.0.0.0/16")},
        "aws_subnet": {
            zone: resource(
                f"dev/network/{zone}",
                vpc_id="${aws_vpc.vpc.id}",
                cidr_block=f"10.0.{number}.0/24",
                availability_zone=f"{REGION}{zone}",
            )
            for number, zone in enumerate("ab")
        },
        "aws_iam_role": {"role": resource("dev/cluster/role", name="day-two", assume_role_policy=trust)},
        "aws_eks_cluster": {
            "server": resource(
                "dev/cluster/server",
                name="day-two",
                role_arn="${aws_iam_role.role.arn}",
                vpc_config={"subnet_ids": ["${aws_subnet.a.id}", "${aws_subnet.b.id}"]},
            )
        },
        "aws_eks_node_group": {
            "pool": resource(
                "dev/cluster/pool-general",
                cluster_name="${aws_eks_cluster.server.name}",
                node_group_name="general",
                node_role_arn="${aws_iam_role.role.arn}",
                subnet_ids=["${aws_subnet.a.id}"],
                scaling_config={"min_size": minimum, "max_size": maximum, "desired_size": desired},
                lifecycle={"ignore_changes": IGNORED},
            )
        },
    }


@pytest.mark.parametrize(
    ("bounds", "size", "wanted"), [((4, 6), 2, [4]), ((3, 8), 6, []), ((1, 3), 6, [3]), ((2, 6), 6, [])]
)
def test_a_size_outside_new_bounds_moves_to_the_nearer_one(
    bounds: tuple[int, int], size: int, wanted: list[int]
) -> None:
    """As Terraform plans it: the size stays as the autoscaler has left it, since the stack ignores it."""
    minimum, maximum = bounds
    stack = {"resource": pool(minimum, maximum)}
    before, after = (
        {"scaling_config": [{"min_size": low, "max_size": high, "desired_size": size}]}
        for low, high in ((2, 6), bounds)
    )
    change = {"actions": ["update" if bounds != (2, 6) else "no-op"], "before": before, "after": after}
    plan = {"resource_changes": [{"type": "aws_eks_node_group", "name": "pool", "change": change}]}
    assert [move.value for move in moves(plan, stack, facts("aws"))] == wanted


@pytest.mark.e2e
def test_a_changed_minimum_or_maximum_moves_the_desired_size_and_nothing_else_does(
    small: SmallProject, aws: Emulator, yes: Callable[[object], bool]
) -> None:
    deployment = small.deployment(variables=aws.child_environment(os.environ))
    eks = boto3.client(
        "eks", region_name=REGION, endpoint_url=f"http://127.0.0.1:{aws.backend_port}",
        aws_access_key_id="emulated", aws_secret_access_key="emulated",
    )  # fmt: skip

    def planned(minimum: int, maximum: int) -> dict[str, Any]:
        small.stack(pool(minimum, maximum), provider={"aws": {"region": REGION}})
        saved = lifecycle.plan(deployment)
        return {change.address: change.verb for change in saved.summary.changes}

    def sizes() -> tuple[int, int, int]:
        group = eks.describe_nodegroup(clusterName="day-two", nodegroupName="general")["nodegroup"]
        return tuple(group["scalingConfig"][name] for name in ("minSize", "desiredSize", "maxSize"))  # type: ignore[return-value]

    def autoscale(count: int) -> None:
        eks.update_nodegroup_config(
            clusterName="day-two", nodegroupName="general", scalingConfig={"desiredSize": count}
        )

    planned(2, 6)
    lifecycle.apply(deployment, confirm=yes)
    assert sizes() == (2, 2, 6)

    assert planned(4, 6) == {"aws_eks_node_group.pool": "change"}
    assert any("it has 2 nodes, and its bounds become 4 to 6; the plan sets 4" in said for said in small.messages)
    lifecycle.apply(deployment, confirm=yes)
    assert sizes() == (4, 4, 6)

    autoscale(6)
    assert not lifecycle.find_drift(deployment).effective
    assert planned(3, 8) == {"aws_eks_node_group.pool": "change"}
    lifecycle.apply(deployment, confirm=yes)
    assert sizes() == (3, 6, 8), "an autoscaled size within the bounds stays"

    planned(1, 3)
    lifecycle.apply(deployment, confirm=yes)
    assert sizes() == (1, 3, 3)


def gke(minimum: int, maximum: int, count: int, zones: int = 3) -> dict[str, Any]:
    bounds = [{"total_min_node_count": minimum, "total_max_node_count": maximum}]
    return {"autoscaling": bounds, "node_count": count, "node_locations": [f"z{zone}" for zone in range(zones)]}


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (gke(3, 6, 1), gke(6, 9, 1), 2),
        (gke(3, 12, 4), gke(3, 6, 4), 2),
        (gke(3, 12, 2), gke(4, 12, 2), None),
        (gke(4, 12, 1), gke(4, 12, 1), None),  # 4 nodes in 3 zones are 1 in each for the provider
    ],
)
def test_a_count_for_each_zone_follows_bounds_of_the_whole_pool(
    before: dict[str, Any], after: dict[str, Any], count: int | None
) -> None:
    type, name = "google_container_node_pool", "pool"
    change = {"actions": ["update"], "before": before, "after": after}
    stack = {"resource": {type: {name: {"name": "general", "lifecycle": {"ignore_changes": ["initial_node_count"]}}}}}
    expected = {type: {name: {"node_count": count}}} if count else {}
    plan = {"resource_changes": [{"type": type, "name": name, "change": change}]}
    assert override(stack, moves(plan, stack, facts("gcp"))) == {"resource": expected}


def test_a_replaced_pool_of_google_begins_with_its_initial_count() -> None:
    """GKE's provider refuses both counts for a new pool: "Cannot set both initial_node_count and node_count"."""
    type, name = "google_container_node_pool", "pool"
    change = {"actions": ["create", "delete"], "before": gke(3, 6, 1), "after": gke(6, 9, 1)}
    plan = {"resource_changes": [{"type": type, "name": name, "change": change}]}
    assert moves(plan, {"resource": {type: {name: {"initial_node_count": 2}}}}, facts("gcp")) == []


STORAGE: dict[str, tuple[str, Callable[[int], dict[str, Any]], int]] = {
    "aws": ("aws_db_instance", lambda size: {"allocated_storage": size}, 1),
    "azure": ("azurerm_postgresql_flexible_server", lambda size: {"storage_mb": size}, 1024),
    "gcp": ("google_sql_database_instance", lambda size: {"settings": [{"tier": "t", "disk_size": size}]}, 1),
}
"""The database server of each cloud with a storage in the cloud's unit, and how many of these are a GB."""


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize(("grown", "wanted"), [(100, 200), (100, 100), (100, 50)])
def test_storage_follows_the_environment_up_and_says_that_it_cannot_shrink(
    cloud: str, grown: int, wanted: int, foundation: Foundations
) -> None:
    type, body, unit = STORAGE[cloud]
    server = foundation("staging", cloud).one(type, "database/server")
    lifecycle_of = {"lifecycle": server["lifecycle"]}
    stack = {"resource": {type: {"server": body(wanted * unit) | lifecycle_of}}}
    change = {"actions": ["no-op"], "before": body(grown * unit), "after": body(grown * unit)}
    plan = {"resource_changes": [{"type": type, "name": "server", "change": change}]}
    found = moves(plan, stack, facts(cloud))
    # the AWS provider ignores growth itself, so a larger size is a change that Terraform plans
    assert [move.value for move in found] == ([wanted * unit] if wanted > grown and cloud != "aws" else [])
    for move in found:
        sent = override(stack, found)["resource"][type]["server"]
        assert sent.items() >= body(wanted * unit).items()
        assert move.path not in sent["lifecycle"]["ignore_changes"] and all(sent["lifecycle"]["ignore_changes"])
    said = list(smaller(plan, stack, facts(cloud)))
    assert [f"{wanted * unit} have no effect" in sentence for sentence in said] == ([True] if wanted < grown else [])
