"""The module kafka: topics, clients and rights are those that the enabled modules declare."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.streams import TopicSpec
from terrace.modules import loading
from terrace.modules.enabled import EnabledModule
from terrace.workloads import helm, openings
from terrace.workloads.context import Context
from terrace.workloads.release import Release
from terrace.workloads.values import values
from tests.conftest import ROOT
from tests.workloads.conftest import Make

FOLDER = ROOT / "modules" / "kafka"


@pytest.fixture
def context(make: Make) -> Context:
    """With kafka, a module that writes `orders`, and one that reads it and writes `returns`."""
    found = make("gcp", "staging")
    contract = loading.load(FOLDER, "modules/kafka").contract
    kafka = EnabledModule("kafka", contract, FOLDER, "kafka", "medium", {}, {}, ())
    needed = {"warehouse": {"orders": "read", "returns": "write"}, "loader": {"orders": "write"}}
    modules = {**found.modules, "kafka": kafka}
    for name, topics in needed.items():
        module = modules[name]
        needs = module.needs.model_copy(update={"topics": topics})
        modules[name] = replace(module, contract=module.contract.model_copy(update={"needs": needs}))
    gauge = modules["gauge"]
    certificates = gauge.contract.model_copy(update={"provides": ("certificates",)})
    modules["gauge"] = replace(gauge, contract=certificates)
    declared = {"orders": TopicSpec(partitions=12, retention_hours=720), "unused": TopicSpec()}
    environment = found.environment.model_copy(update={"topics": declared})
    return replace(found, environment=environment.with_modules(modules))


def test_topics_and_clients_are_those_that_modules_and_the_environment_declare(context: Context) -> None:
    found = values(context.modules["kafka"], context, "kafka-cluster")
    assert found["topics"] == [
        {"name": "orders", "partitions": 12, "hours": 720},
        {"name": "returns", "partitions": 3, "hours": 168},
        {"name": "unused", "partitions": 3, "hours": 168},
    ]
    users = {one["name"]: dict(one["topics"]) for one in found["users"]}
    assert users == {"warehouse": {"orders": "read", "returns": "write"}, "loader": {"orders": "write"}}
    assert found["copies"] == found["replicas"] == 3


def test_the_topics_of_a_data_product_are_open_to_its_modules_as_far_as_it_gives_them(context: Context) -> None:
    product = context.environment.data_products[0].model_copy(
        update={"topics": ("orders", "returns"), "modules": {"warehouse": "read"}}
    )
    environment = context.environment.model_copy(update={"data_products": (product,)})
    environment = environment.with_modules(context.modules)
    found = values(context.modules["kafka"], replace(context, environment=environment), "kafka-cluster")
    assert [(one["name"], dict(one["topics"])) for one in found["users"]] == [
        ("warehouse", {"orders": "read", "returns": "read"})
    ]


def test_clients_reach_the_port_for_clients_only(context: Context) -> None:
    found = {(one.source, one.port) for one in openings.of_module("kafka", context) if one.destination == "kafka"}
    assert found == {("warehouse", 9093), ("loader", 9093)}


def test_rights_are_on_the_declared_topics_and_own_groups_only(context: Context, tmp_path: Path) -> None:
    program = helm.find(ROOT, os.environ)
    if program is None:
        pytest.skip("helm is not installed")
    given = values(context.modules["kafka"], context, "kafka-cluster")
    release = Release("kafka-cluster", "kafka", "kafka", FOLDER / "chart", given, ())
    objects = program.template(release, FOLDER / "chart", kubernetes="1.35.0")
    users = {one["metadata"]["name"]: _rights(one) for one in objects if one["kind"] == "KafkaUser"}
    own = {"group": "Read Describe", "transactionalId": "Write Describe"}
    assert users == {
        "warehouse": {"topic orders": "Read Describe", "topic returns": "Write Describe"}
        | {f"{kind} {name}": rights for kind, rights in own.items() for name in ("warehouse", "warehouse.*")},
        "loader": {"topic orders": "Write Describe"}
        | {f"{kind} {name}": rights for kind, rights in own.items() for name in ("loader", "loader.*")},
    }
    (cluster,) = [one for one in objects if one["kind"] == "Kafka"]
    (listener,) = cluster["spec"]["kafka"]["listeners"]
    assert listener["tls"] and listener["authentication"]["listenerConfig"]["ssl.client.auth"] == "required"
    assert cluster["spec"]["kafka"]["config"]["allow.everyone.if.no.acl.found"] is False
    assert cluster["spec"]["kafka"]["config"]["min.insync.replicas"] == 2
    topics = {one["metadata"]["name"]: one["spec"] for one in objects if one["kind"] == "KafkaTopic"}
    assert topics["orders"] == {"partitions": 12, "replicas": 3, "config": {"retention.ms": 720 * 3_600_000}}


def _rights(user: dict[str, Any]) -> dict[str, str]:
    found = {}
    for rule in user["spec"]["authorization"]["acls"]:
        resource = rule["resource"]
        pattern = "*" if resource["patternType"] == "prefix" else ""
        found[f"{resource['type']} {resource['name']}{pattern}"] = " ".join(rule["operations"])
    return found
