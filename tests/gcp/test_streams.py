"""Managed Service for Apache Kafka, in an environment with managed streams (STREAM-1 to STREAM-5)."""

import pytest

GIB = 1024**3


@pytest.fixture
def streams(streams_stacks):
    return streams_stacks("gcp")[1]


def server(stack):
    return stack.one("google_managed_kafka_cluster", "streams/server")


def lists(stack):
    """Access control list to its entries, as (principal, operation, permission)."""
    return {
        body["acl_id"]: {(one["principal"], one["operation"], one["permission_type"]) for one in body["acl_entries"]}
        for _, body in stack.all("google_managed_kafka_acl")
    }


def test_the_cluster_is_private(streams):  # STREAM-1
    access = server(streams)["gcp_config"]["access_config"]
    assert [streams.resolve(one["subnet"]) for one in access["network_configs"]] == ["network/data"]
    assert "public_cluster_config" not in access and "tls_config" not in server(streams)


def test_data_is_encrypted(streams):  # STREAM-2
    assert server(streams)["gcp_config"]["kms_key"].endswith("/cryptoKeys/events")


def test_modules_use_their_own_topics_only(streams):  # STREAM-3
    found = {
        (acl.partition("/")[2], principal.removeprefix("User:").partition("@")[0].rpartition("-")[2], operation)
        for acl, entries in lists(streams).items()
        for principal, operation, _ in entries
        if acl.startswith("topic") and operation in ("READ", "WRITE")
    }
    assert found == {("orders", "ingest", "WRITE"), ("returns", "ingest", "WRITE"), ("orders", "sink", "READ")}


def test_what_has_no_list_is_closed(streams):  # STREAM-3
    for acl in ("allTopics", "allConsumerGroups"):
        assert lists(streams)[acl] == {("User:*", "DELETE", "DENY")}


def test_topics_are_as_declared_and_keep_events(streams):  # STREAM-4
    topics = {body["topic_id"]: body for _, body in streams.all("google_managed_kafka_topic")}
    assert {name: body["partition_count"] for name, body in topics.items()} == {"orders": 6, "returns": 3}
    for body in topics.values():
        assert body["replication_factor"] == 3
        assert body["configs"] == {"retention.ms": str(168 * 3_600_000), "min.insync.replicas": "2"}


def test_logs_are_kept(streams):  # STREAM-5
    sink = streams.one("google_logging_project_sink", "observability/platform-sink")
    assert sink["filter"].startswith("NOT (") and "managedkafka" not in sink["filter"]


@pytest.mark.parametrize(("size", "vcpu", "memory"), [("small", 3, 3), ("medium", 3, 12)])
def test_the_cluster_has_the_size(streams_stacks, size, vcpu, memory):
    capacity = server(streams_stacks("gcp", size)[1])["capacity_config"]
    assert (capacity["vcpu_count"], capacity["memory_bytes"]) == (str(vcpu), str(memory * GIB))
