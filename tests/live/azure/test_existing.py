"""What `verify` says about existing resources: it reads them by their ids, and they never simply hold."""

from dataclasses import replace

import pytest

from terrace import live
from terrace.assurance.evaluation import Result, by_owner
from terrace.azure import names
from terrace.capabilities.existing import ExistingCluster, ExistingMonitoring, ExistingNetwork, ExistingSpec, SubnetKind
from terrace.capabilities.keys import PURPOSES
from terrace.environment import target
from tests.live.azure.breaks import BREAKS
from tests.live.azure.site import Site
from tests.live.snapshot import Snapshot

IDS = {
    "keys": ["KEY-1", "KEY-2", "KEY-3"],
    "network": ["NET-1", "NET-2", "NET-3", "NET-4", "NET-5", "NET-8"],
    "cluster": [*(f"K8S-{number}" for number in range(1, 10)), "K8S-11"],
    "registry": ["K8S-10"],
    "monitoring": ["OBS-1"],
}


def read(site: Site, kind: str, broken: str = "") -> list[Result]:
    """The deployment's own resources, named as existing ones."""
    keys = ExistingSpec(keys={purpose: names.key_id(site.target, purpose) for purpose in PURPOSES})
    existing = keys if kind == "keys" else ExistingSpec(network=own_network(site))
    if kind == "monitoring":
        workspace = site.deployment.get(names.workspace_id(site.target))["properties"]["customerId"]
        own = ExistingMonitoring(id=names.workspace_id(site.target), workspace=workspace)
        existing = ExistingSpec(monitoring=own)
    if kind == "registry":
        existing = ExistingSpec(registry=names.registry_id(site.target))
    if kind == "cluster":
        existing = existing.model_copy(update={"cluster": own_cluster(site)})
    environment = site.environment.model_copy(update={"existing": existing})
    if broken:
        BREAKS[broken](site)
        site.reader.forget(site.touched)
    deployment = replace(site.deployment, environment=environment, target=target(environment))
    return [by_owner(live.evaluate_guarantee(id, "azure", deployment), "azure", existing.kinds) for id in IDS[kind]]


def own_cluster(site: Site) -> ExistingCluster:
    """Its endpoint is for pods and people, and no check reads it."""
    return ExistingCluster(
        id=names.cluster_id(site.target),
        endpoint="https://cluster.example.com",
        nodes="00000000-0000-4000-8000-000000000088",
    )


def own_network(site: Site) -> ExistingNetwork:
    kinds: dict[SubnetKind, str] = {
        "entry": "entry", "nodes": "nodes", "control": "control", "data": "database", "endpoints": "endpoints",
    }  # fmt: skip
    subnets = {kind: (names.subnet_id(site.target, name),) for kind, name in kinds.items()}
    subnets["endpoints"] += (names.subnet_id(site.target, "cache"),)
    return ExistingNetwork(id=names.network_id(site.target), subnets=subnets)


@pytest.mark.parametrize("kind", IDS)
def test_what_is_as_expected_is_by_the_owner(kind: str, snapshot: Snapshot) -> None:
    results: list[Result] = snapshot.run(read, kind)
    assert {result.guarantee.id: result.reason for result in results if result.status != "by_owner"} == {}
    assert all(result.evidence and f"existing {kind} (" in result.reason for result in results)


@pytest.mark.parametrize(("kind", "id"), [(kind, id) for kind, ids in IDS.items() for id in ids])
def test_what_is_not_as_expected_is_broken(kind: str, id: str, snapshot: Snapshot) -> None:
    results: list[Result] = snapshot.run(read, kind, id)
    assert {result.guarantee.id for result in results if result.status == "broken"} == {id}


def read_zone(site: Site, service: str) -> Result:
    """The private paths of the own network, with a zone as the hub's: of a service, or one that does not exist."""
    own = names.private_zone_id(site.target, "blob")
    zone = own if service == "blob" else own.replace("/blob", "/gone").replace(".blob.", ".gone.")
    network = own_network(site).model_copy(update={"private_zones": (zone,)})
    environment = site.environment.model_copy(update={"existing": ExistingSpec(network=network)})
    deployment = replace(site.deployment, environment=environment, target=target(environment))
    return live.evaluate_guarantee("NET-3", "azure", deployment)


@pytest.mark.parametrize(("service", "passes"), [("blob", True), ("gone", False)])
def test_an_existing_private_zone_is_linked_to_the_network(service: str, passes: bool, snapshot: Snapshot) -> None:
    result: Result = snapshot.run(read_zone, service)
    assert result.passes == passes
    assert passes or "privatelink.gone." in result.reason
