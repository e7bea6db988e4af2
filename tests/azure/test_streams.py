"""Azure Event Hubs, in an environment with managed streams (STREAM-1 to STREAM-5)."""

import pytest

from tests.azure.conftest import AzureStack


@pytest.fixture
def streams(streams_stacks):
    return AzureStack(streams_stacks("azure")[1].document)


def server(stack):
    return stack.one("azurerm_eventhub_namespace", "streams/server")


def test_access_is_private_and_by_identity_only(streams):  # STREAM-1
    namespace = server(streams)
    assert namespace["public_network_access_enabled"] is False
    assert namespace["local_authentication_enabled"] is False
    rules = namespace["network_rulesets"][0]
    assert (rules["default_action"], rules["public_network_access_enabled"]) == ("Deny", False)
    path = streams.one("azurerm_private_endpoint", "streams/path-streams")
    assert path["subnet_id"].endswith("/subnets/streams")


def test_traffic_and_data_are_encrypted(streams):  # STREAM-2
    assert server(streams)["minimum_tls_version"] == "1.2"
    key = streams.one("azurerm_eventhub_namespace_customer_managed_key", "streams/key")
    assert [one.rpartition("/")[2] for one in key["key_vault_key_ids"]] == ["events"]
    assert key["infrastructure_encryption_enabled"] is True


def test_modules_use_their_own_topics_only(streams):  # STREAM-3
    rights = {
        (path.removeprefix("workloads/module-"), body["role_definition_name"], streams.resolve(body["scope"]))
        for path, body in streams.all("azurerm_role_assignment")
        if str(body.get("role_definition_name")).startswith("Azure Event Hubs")
    }
    assert rights == {
        ("ingest-topic-orders", "Azure Event Hubs Data Sender", "streams/topic-orders"),
        ("ingest-topic-returns", "Azure Event Hubs Data Sender", "streams/topic-returns"),
        ("sink-topic-orders", "Azure Event Hubs Data Receiver", "streams/topic-orders"),
    }


def test_topics_are_as_declared_and_keep_events(streams):  # STREAM-4
    topics = {body["name"]: body for _, body in streams.all("azurerm_eventhub")}
    assert {name: body["partition_count"] for name, body in topics.items()} == {"orders": 6, "returns": 3}
    for body in topics.values():
        kept = body["retention_description"]
        assert (kept["cleanup_policy"], kept["retention_time_in_hours"]) == ("Delete", 168)
        assert streams.waits_for(body, "azurerm_eventhub_namespace_customer_managed_key", "streams/key")


def test_logs_are_kept(streams):  # STREAM-5
    logs = streams.one("azurerm_monitor_diagnostic_setting", "streams/logs")
    assert streams.resolve(logs["target_resource_id"]) == "streams/server"
    assert logs["enabled_log"] == [{"category_group": "allLogs"}]


@pytest.mark.parametrize(("size", "tier", "keys"), [("small", "Standard", 0), ("medium", "Premium", 1)])
def test_the_namespace_has_the_size(streams_stacks, size, tier, keys):
    stack = streams_stacks("azure", size)[1]
    assert (server(stack)["sku"], server(stack)["capacity"]) == (tier, 1)
    assert len(stack.all("azurerm_eventhub_namespace_customer_managed_key")) == keys
