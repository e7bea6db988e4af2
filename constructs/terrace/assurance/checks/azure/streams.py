"""Azure Event Hubs (STREAM-1 to STREAM-5)."""

from collections.abc import Iterator

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.azure.lookup import logged as sent
from terrace.assurance.checks.azure.lookup import subnet, unset, uses, workspace_retains
from terrace.assurance.evaluation import NotRequired, Observation, at_least, check, equal
from terrace.assurance.view import Resource
from terrace.capabilities.spec import present


def _namespace(stack: Subject) -> Resource:
    """The namespace. Raises Absent."""
    return stack.view.only("azurerm_eventhub_namespace")


@check("STREAM-1")
def private(stack: Subject) -> Iterator[Observation]:
    namespace = _namespace(stack)
    public = namespace.get("public_network_access_enabled", True)
    yield equal(str(namespace), "public_network_access_enabled", public, False)
    for rules in namespace.blocks("network_rulesets"):
        yield equal(str(namespace), "default_action", rules.get("default_action"), "Deny")
        opened = rules.get("ip_rule") or rules.get("virtual_network_rule") or rules.get("public_network_access_enabled")
        yield equal(str(namespace), "has rules that open it", bool(opened), False)
    endpoints = [
        one
        for one in stack.all("azurerm_private_endpoint")
        if stack.view.target(one.get("private_service_connection.private_connection_resource_id")) == namespace
    ]
    yield at_least(str(namespace), "private endpoints", len(endpoints), 1)
    own = "network/endpoints" if stack.target.existing.network else "network/streams"
    for endpoint in endpoints:
        yield equal(str(endpoint), "subnet", str(subnet(stack, endpoint.get("subnet_id"))), own)


@check("STREAM-1")
def requires_authentication(stack: Subject) -> Iterator[Observation]:
    namespace = _namespace(stack)
    keys = namespace.get("local_authentication_enabled", True)
    yield equal(str(namespace), "local_authentication_enabled", keys, False)


@check("STREAM-2")
def requires_tls(stack: Subject) -> Iterator[Observation]:
    namespace = _namespace(stack)
    yield equal(str(namespace), "minimum_tls_version", str(namespace.get("minimum_tls_version")), "1.2")


@check("STREAM-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    namespace = _namespace(stack)
    if present(stack.environment.streams).size == "small":
        raise NotRequired("the standard tier of Event Hubs, of size small, has no customer keys")
    yield equal(str(namespace), "sku", namespace.get("sku"), "Premium")
    key = stack.view.only("azurerm_eventhub_namespace_customer_managed_key")
    of = stack.view.target(key.get("eventhub_namespace_id"))
    yield equal(str(key), "eventhub_namespace_id", str(of), str(namespace))
    values = key.get("key_vault_key_ids") or [None]
    yield equal(str(key), "keys", len(values), 1)
    yield uses(stack, key, values[0], "key_vault_key_ids", "events")
    double = key.get("infrastructure_encryption_enabled", False)
    yield equal(str(key), "infrastructure_encryption_enabled", double, True)


@check("STREAM-3")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "STREAM-3")


@check("STREAM-4")
def copies_and_retention(stack: Subject) -> Iterator[Observation]:
    # Azure keeps three copies of every event hub
    namespace, expected = _namespace(stack), stack.environment.all_topics
    hubs = {str(one.get("name")): one for one in stack.view.all("azurerm_eventhub")}
    yield equal(str(namespace), "topics", sorted(hubs), sorted(expected))
    for name, topic in expected.items():
        if hub := hubs.get(name):
            kept = hub.get("retention_description.retention_time_in_hours")
            yield at_least(str(hub), "retention_time_in_hours", kept, topic.retention_hours)
            policy = hub.get("retention_description.cleanup_policy")
            yield equal(str(hub), "cleanup_policy", policy, "Delete")
            yield at_least(str(hub), "partition_count", hub.get("partition_count"), topic.partitions)
            yield from unset(hub, "capture_description")


@check("STREAM-5")
def logged(stack: Subject) -> Iterator[Observation]:
    yield sent(stack, _namespace(stack), ["KafkaCoordinatorLogs", "OperationalLogs", "RuntimeAuditLogs"])
    if not stack.target.existing.monitoring:
        yield workspace_retains(stack, stack.environment.observability.retention_days)
