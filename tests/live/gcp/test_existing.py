"""What `verify` says about existing resources: it reads them by their ids, and they never simply hold."""

from dataclasses import replace

import pytest

from terrace import live
from terrace.assurance.evaluation import Result, by_owner
from terrace.capabilities.existing import ExistingCluster, ExistingMonitoring, ExistingNetwork, ExistingSpec, SubnetKind
from terrace.capabilities.keys import PURPOSES
from terrace.environment import target
from terrace.gcp import names
from tests.live.gcp.breaks import BREAKS
from tests.live.gcp.site import Site

IDS = {
    "keys": ["KEY-1", "KEY-2", "KEY-3"],
    "network": ["NET-1", "NET-2", "NET-3", "NET-4", "NET-5", "NET-8"],
    "dns_zone": ["NET-8"],
    "cluster": [f"K8S-{number}" for number in range(1, 10)],
    "registry": ["K8S-10"],
    "monitoring": ["OBS-1"],
}


def read(site: Site, kind: str, broken: str = "") -> list[Result]:
    """The deployment's own resources, named as existing ones."""
    keys = ExistingSpec(keys={purpose: names.key(site.target, purpose) for purpose in PURPOSES})
    existing = keys if kind == "keys" else ExistingSpec(network=own_network(site))
    if kind == "dns_zone":
        zone = f"projects/{names.account(site.target)}/managedZones/{site.target.prefix}-public"
        existing = ExistingSpec(dns_zone=zone)
    if kind == "monitoring":
        existing = ExistingSpec(monitoring=ExistingMonitoring(id=names.log_bucket_id(site.target, "platform")))
    if kind == "registry":
        existing = ExistingSpec(registry=f"{site.place}/repositories/{site.prefix}-airflow")
    if kind == "cluster":
        existing = existing.model_copy(update={"cluster": own_cluster(site)})
    environment = site.environment.model_copy(update={"existing": existing})
    if broken:
        BREAKS[broken](site)
        site.reader.forget()
    deployment = replace(site.deployment, environment=environment, target=target(environment))
    return [by_owner(live.evaluate_guarantee(id, "gcp", deployment), "gcp", existing.kinds) for id in IDS[kind]]


def own_cluster(site: Site) -> ExistingCluster:
    """Its endpoint is for pods and people, and no check reads it."""
    return ExistingCluster(
        id=names.cluster_id(site.target),
        endpoint="https://cluster.example.com",
        nodes=names.role_email(site.target, "nodes"),
    )


def own_network(site: Site) -> ExistingNetwork:
    account, prefix = names.account(site.target), site.target.prefix
    kinds: tuple[SubnetKind, ...] = ("nodes", "control", "data")
    place = f"projects/{account}/regions/{site.target.region}/subnetworks"
    subnets = {kind: (f"{place}/{prefix}-{kind}",) for kind in kinds}
    return ExistingNetwork(id=f"projects/{account}/global/networks/{prefix}", subnets=subnets)


@pytest.mark.parametrize("kind", IDS)
def test_what_is_as_expected_is_by_the_owner(kind: str, site: Site) -> None:
    results: list[Result] = read(site, kind)
    assert {result.guarantee.id: result.reason for result in results if result.status != "by_owner"} == {}
    assert all(result.evidence and f"existing {kind} (" in result.reason for result in results)


def test_the_protection_of_an_existing_cluster_is_not_read(site: Site) -> None:
    """K8S-11 is a deny policy of the owner, under a name of the owner's."""
    environment = site.environment.model_copy(
        update={"existing": ExistingSpec(network=own_network(site), cluster=own_cluster(site))}
    )
    deployment = replace(site.deployment, environment=environment, target=target(environment))
    result = by_owner(live.evaluate_guarantee("K8S-11", "gcp", deployment), "gcp", environment.existing.kinds)
    assert (result.status, result.evidence) == ("by_owner", "")


@pytest.mark.parametrize(("kind", "id"), [(kind, id) for kind, ids in IDS.items() for id in ids])
def test_what_is_not_as_expected_is_broken(kind: str, id: str, site: Site) -> None:
    results: list[Result] = read(site, kind, id)
    assert {result.guarantee.id for result in results if result.status == "broken"} == {id}
