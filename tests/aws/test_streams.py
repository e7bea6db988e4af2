"""Amazon MSK, in an environment with managed streams (STREAM-1 to STREAM-5)."""

import json
from typing import Any

import pytest

from tests.conftest import SynthesizedStack
from tests.streams_project import StreamsStacks


@pytest.fixture
def streams(streams_stacks: StreamsStacks) -> SynthesizedStack:
    return streams_stacks("aws")[1]


def server(stack: SynthesizedStack) -> dict[str, Any]:
    return stack.one("aws_msk_cluster", "streams/server")


def statements(stack: SynthesizedStack, module: str) -> dict[str, set[str]]:
    """Action to what it is for, in the rights of a module on topics."""
    policy = json.loads(stack.one("aws_iam_role_policy", f"workloads/module-{module}-topics")["policy"])
    found: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        actions, on = statement["Action"], statement["Resource"]
        for action in [actions] if isinstance(actions, str) else actions:
            ends = {str(one).rpartition("/")[2] for one in ([on] if isinstance(on, str) else on)}
            found.setdefault(action.removeprefix("kafka-cluster:"), set()).update(ends)
    return found


def test_brokers_are_private_and_clients_authenticate_with_iam(streams: SynthesizedStack) -> None:  # STREAM-1
    brokers = server(streams)["broker_node_group_info"]
    subnets = [streams.resolve(one) for one in brokers["client_subnets"]]
    assert subnets == ["network/data-a", "network/data-b"]
    assert brokers["connectivity_info"]["public_access"]["type"] == "DISABLED"
    assert [streams.resolve(one) for one in brokers["security_groups"]] == ["network/openings/streams-group"]
    assert server(streams)["client_authentication"] == {"sasl": {"iam": True}, "unauthenticated": False}


def test_traffic_and_data_are_encrypted(streams: SynthesizedStack) -> None:  # STREAM-2
    encryption = server(streams)["encryption_info"]
    assert encryption["encryption_in_transit"] == {"client_broker": "TLS", "in_cluster": True}
    assert streams.resolve(encryption["encryption_at_rest_kms_key_arn"]) == "keys/events"


def test_modules_use_their_own_topics_only(streams: SynthesizedStack) -> None:  # STREAM-3
    ingest, sink = statements(streams, "ingest"), statements(streams, "sink")
    assert ingest["WriteData"] == ingest["CreateTopic"] == {"orders", "returns"}
    assert sink["ReadData"] == {"orders"}
    assert not {"WriteData", "CreateTopic"} & set(sink)


def test_brokers_keep_copies_and_events(streams: SynthesizedStack) -> None:  # STREAM-4
    assert server(streams)["number_of_broker_nodes"] == 2
    assert streams.resolve(server(streams)["configuration_info"]["arn"]) == "streams/configuration"
    text = streams.one("aws_msk_configuration", "streams/configuration")["server_properties"]
    assert dict(line.split("=") for line in text.splitlines()) == {
        "auto.create.topics.enable": "true",
        "allow.everyone.if.no.acl.found": "false",
        "default.replication.factor": "2",
        "min.insync.replicas": "1",
        "num.partitions": "6",
        "log.retention.hours": "168",
    }


def test_logs_are_kept(streams: SynthesizedStack) -> None:  # STREAM-5
    logs = server(streams)["logging_info"]["broker_logs"]["cloudwatch_logs"]
    assert logs["enabled"] is True and streams.resolve(logs["log_group"]) == "streams/logs"
    assert streams.resolve(streams.one("aws_cloudwatch_log_group", "streams/logs")["kms_key_id"]) == "keys/logs"


@pytest.mark.parametrize(
    ("size", "type", "storage"), [("small", "kafka.t3.small", 20), ("medium", "kafka.m7g.large", 100)]
)
def test_brokers_have_the_size(streams_stacks: StreamsStacks, size: str, type: str, storage: int) -> None:
    brokers = server(streams_stacks("aws", size)[1])["broker_node_group_info"]
    assert (brokers["instance_type"], brokers["storage_info"]["ebs_storage_info"]["volume_size"]) == (type, storage)
