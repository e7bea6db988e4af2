"""The counts of node pools are those of the environment on every cloud, whatever a cloud counts them by."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.cluster import PoolSpec
from terrace.environment import load
from tests.conftest import ROOT, Foundations, SynthesizedStack

ENVIRONMENTS = ("dev", "staging", "prod")


class Counts(NamedTuple):
    """Nodes of a pool over all zones; `first` is how many it starts with."""

    minimum: int
    maximum: int
    first: int


def _aws(stack: SynthesizedStack) -> Iterator[tuple[str, Counts]]:
    for path, group in stack.all("aws_eks_node_group"):
        sizes = group["scaling_config"]
        yield path, Counts(sizes["min_size"], sizes["max_size"], sizes["desired_size"])


def _azure(stack: SynthesizedStack) -> Iterator[tuple[str, Counts]]:
    """A pool starts with its minimum. Source: azurerm 5.2, `ExpandDefaultNodePool`; AKS REST API, agent pools."""
    (_, cluster), *_ = stack.all("azurerm_kubernetes_cluster")
    default = cluster["default_node_pool"]
    for name, pool in [("pool-system", default), *stack.all("azurerm_kubernetes_cluster_node_pool")]:
        assert "node_count" not in pool
        yield name, Counts(pool["min_count"], pool["max_count"], pool["min_count"])


def _gcp(stack: SynthesizedStack) -> Iterator[tuple[str, Counts]]:
    """The first count is that of each zone, the bounds are not. Source: google provider, google_container_node_pool."""
    for path, pool in stack.all("google_container_node_pool"):
        bounds, zones = pool["autoscaling"], len(pool["node_locations"])
        first = pool["initial_node_count"] * zones
        yield path, Counts(bounds["total_min_node_count"], bounds["total_max_node_count"], first)


READERS: Mapping[str, Callable[[SynthesizedStack], Iterator[tuple[str, Counts]]]] = {
    "aws": _aws,
    "azure": _azure,
    "gcp": _gcp,
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_pool_has_the_environments_bounds_and_starts_within_them(
    foundation: Foundations, cloud: str, environment: str
) -> None:
    declared: Mapping[str, PoolSpec] = load(environment, project=ROOT, cloud=cloud).environment.cluster.pools
    pools = {path.rpartition("pool-")[2]: counts for path, counts in READERS[cloud](foundation(environment, cloud))}
    assert pools.keys() == declared.keys()
    for name, spec in declared.items():
        required = 1 if cloud == "azure" and spec.kind == "system" else 0  # AKS requires one system node
        minimum = max(spec.min_nodes, required)
        assert pools[name][:2] == (minimum, spec.max_nodes), name
        assert minimum <= pools[name].first <= spec.max_nodes, name


@pytest.mark.parametrize(
    ("minimum", "maximum", "zones", "first"), [(3, 12, 3, 1), (4, 12, 3, 2), (0, 6, 3, 1), (2, 2, 3, 0), (2, 4, 1, 2)]
)
def test_a_count_of_each_zone_is_rounded_up_within_the_maximum(
    minimum: int, maximum: int, zones: int, first: int
) -> None:
    spec: dict[str, Any] = {"kind": "general", "size": "small", "min_nodes": minimum, "max_nodes": maximum}
    assert PoolSpec(**spec).first_nodes_in_zone(zones) == first
