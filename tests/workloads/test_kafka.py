"""The module kafka: topics, clients and rights are those that the enabled modules declare."""

import hashlib
import os
import re
from dataclasses import replace
from typing import Any

import pytest

from terrace.capabilities.data_access import DataAccessSpec
from terrace.capabilities.streams import TopicSpec
from terrace.modules import loading
from terrace.modules.enabled import EnabledModule
from terrace.workloads import helm, openings, topic_access
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


def _objects(context: Context) -> list[dict[str, Any]]:
    program = helm.find(ROOT, os.environ)
    if program is None:
        pytest.skip("helm is not installed")
    given = values(context.modules["kafka"], context, "kafka-cluster")
    release = Release("kafka-cluster", "kafka", "kafka", FOLDER / "chart", given, ())
    return program.template(release, FOLDER / "chart", kubernetes="1.35.0")


def _users(objects: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    return {one["metadata"]["name"]: _rights(one) for one in objects if one["kind"] == "KafkaUser"}


def test_people_read_topics_if_they_may_read_all_that_came_in(context: Context) -> None:
    clear = DataAccessSpec(groups=("data-engineers", "Team (EU)"), layers=("bronze",), personal_data="clear")
    some = DataAccessSpec(groups=("sales",), layers=("bronze",), personal_data="clear", products=("orders",))
    rows = DataAccessSpec(groups=("austria",), layers=("bronze",), personal_data="clear", rows={"country": ("AT",)})
    later = DataAccessSpec(groups=("analysts",), layers=("gold",), schemas=("raw",), personal_data="clear")
    environment = context.environment.model_copy(update={"access": (clear, some, rows, later)})
    found = _users(_objects(replace(context, environment=environment.with_modules(context.modules))))
    people = {name: rights for name, rights in found.items() if name.startswith("people.")}
    read = {f"topic {name}": "Read Describe" for name in ("orders", "returns", "unused")}
    team = "people.team-eu-" + hashlib.sha256(b"Team (EU)").hexdigest()[:8]
    assert people == {name: {**read, f"group {name}/*": "Read Describe"} for name in ("people.data-engineers", team)}
    assert found.keys() - people.keys() == {"warehouse", "loader"}


def test_no_two_groups_are_the_same_user() -> None:
    names = ["Team (EU)", "Team EU", "team-eu", "team_eu", "(", ")", "people", "a--b", "a-b"]
    users = [topic_access.user_of(name) for name in names]
    assert len(set(users)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", one) for one in users)


def test_rights_are_on_the_declared_topics_and_own_groups_only(context: Context) -> None:
    objects = _objects(context)
    users = _users(objects)
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
