"""What `verify` says about existing resources: it reads them by their ids, and they never simply hold."""

import json

import pytest

from terrace import live
from terrace.assurance.evaluation import Result
from terrace.aws import names
from terrace.capabilities.existing import ExistingCluster, ExistingNetwork, ExistingSpec, SubnetKind
from terrace.capabilities.keys import PURPOSES
from terrace.capabilities.network import Group
from terrace.environment import target
from terrace.live import Obstacle
from terrace.live.aws import network
from tests.live.aws.breaks import BREAKS
from tests.live.aws.site import Site
from tests.live.snapshot import Snapshot

IDS = {
    "keys": ["KEY-1", "KEY-2", "KEY-3"],
    "network": ["NET-1", "NET-2", "NET-3", "NET-4", "NET-5", "NET-8"],
    "cluster": [f"K8S-{number}" for number in range(1, 10)],
    "registry": ["K8S-10"],
}


def read(site: Site, kind: str, broken: str = "") -> list[Result]:
    """The deployment's own resources, named as existing ones."""
    keys = ExistingSpec(keys={purpose: site.key(purpose) for purpose in PURPOSES})
    existing = keys if kind == "keys" else ExistingSpec(network=own_network(site))
    if kind == "registry":
        existing = ExistingSpec(registry=own_registry(site))
    if kind == "cluster":
        named = {"cluster": site.key("cluster")}
        existing = existing.model_copy(update={"cluster": own_cluster(site), "keys": named})
    environment = site.environment.model_copy(update={"existing": existing})
    if broken == "NET-8":  # the recorded one shortens the retention, which is the owner's here
        client = site.client("route53resolver")
        for link in client.list_resolver_query_log_config_associations()["ResolverQueryLogConfigAssociations"]:
            client.disassociate_resolver_query_log_config(
                ResolverQueryLogConfigId=link["ResolverQueryLogConfigId"], ResourceId=link["ResourceId"]
            )
    elif broken:
        BREAKS[broken](site)
    return live.verify(
        environment, target(environment), only=[*IDS[kind], "K8S-11"] if broken == "K8S-11" else IDS[kind]
    )


def own_cluster(site: Site) -> ExistingCluster:
    """Its endpoint is for pods and people, and no check reads it."""
    return ExistingCluster(id=names.cluster_arn(site.target), endpoint="https://cluster.example.com")


def own_registry(site: Site) -> str:
    return names.arn(site.target, "ecr", f"repository/{site.prefix}")


def own_network(site: Site) -> ExistingNetwork:
    vpc, of = site.vpc, site.deployment
    kinds: dict[SubnetKind, str] = {"entry": "public", "nodes": "nodes", "control": "control", "data": "data"}
    subnets = {kind: tuple(one["SubnetId"] for one in network.subnets(of, role)) for kind, role in kinds.items()}
    parties: tuple[Group, ...] = ("entry", "nodes", "control", "database", "cache")
    return ExistingNetwork(id=vpc, subnets=subnets, groups={party: site.security_group(party) for party in parties})


@pytest.mark.parametrize("kind", IDS)
def test_what_is_as_expected_is_by_the_owner(kind: str, snapshot: Snapshot) -> None:
    results: list[Result] = snapshot.run(read, kind)
    assert {result.guarantee.id: result.reason for result in results if result.status != "by_owner"} == {}
    assert all(result.evidence and f"existing {kind} (" in result.reason for result in results)


@pytest.mark.parametrize(("kind", "id"), [(kind, id) for kind, ids in IDS.items() for id in ids])
def test_what_is_not_as_expected_is_broken(kind: str, id: str, snapshot: Snapshot) -> None:
    results: list[Result] = snapshot.run(read, kind, id)
    assert {result.guarantee.id for result in results if result.status == "broken"} == {id}


def test_an_existing_cluster_needs_a_protection_of_its_own(snapshot: Snapshot) -> None:
    """The foundation's policy, which is not EKS's own protection, binds the foundation's pipeline only."""
    results: list[Result] = snapshot.run(read, "cluster", "K8S-11")
    assert [result.reason for result in results if result.guarantee.id == "K8S-11"] == [
        "cluster dpf-prod: deletionProtection = false, expected true"
    ]


def test_images_of_an_existing_registry_are_not_for_every_account(snapshot: Snapshot) -> None:
    results: list[Result] = snapshot.run(published)
    assert [(result.status, result.reason) for result in results] == [
        ("broken", "repository dpf-prod/airflow: public access: [Everyone], expected none")
    ]


def published(site: Site) -> list[Result]:
    statement = {"Sid": "Everyone", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    site.client("ecr").set_repository_policy(repositoryName=f"{site.prefix}/airflow", policyText=policy)
    return read(site, "registry")


def preflight(site: Site) -> list[Obstacle]:
    """With an interface of others in the network, which blocks the destroy of a network of the deployment's own."""
    subnet = network.subnets(site.deployment, "data")[0]["SubnetId"]
    site.client("ec2").create_network_interface(SubnetId=subnet)
    keys = {purpose: site.key(purpose) for purpose in PURPOSES}
    existing = ExistingSpec(keys=keys, network=own_network(site))
    environment = site.environment.model_copy(update={"existing": existing})
    return live.preflight(environment, target(environment))


def test_a_destroy_says_what_it_does_not_touch(snapshot: Snapshot) -> None:
    found: list[Obstacle] = snapshot.run(preflight)
    assert [one.kind for one in found if one.resource.startswith("existing ")] == ["retained", "retained"]
    assert [one for one in found if "interface" in f"{one.resource} {one.message}"] == []
