"""Managed streams (STREAM-1 to STREAM-5), for an environment that has them."""

from tests.assurance.mutants import drop, mutant, put, remove

SERVER = ("azurerm_eventhub_namespace", "streams/server")
KEY = ("azurerm_eventhub_namespace_customer_managed_key", "streams/key")
TOPIC = ("azurerm_eventhub", "streams/topic-orders")
RIGHT = ("azurerm_role_assignment", "workloads/module-sink-topic-orders")
LOGS = ("azurerm_monitor_diagnostic_setting", "streams/logs")

MUTANTS = [
    mutant("STREAM-1", "public namespace", put(*SERVER, "public_network_access_enabled", True)),
    mutant("STREAM-1", "open network rules", put(*SERVER, "network_rulesets.0.default_action", "Allow")),
    mutant("STREAM-1", "shared keys admit clients", put(*SERVER, "local_authentication_enabled", True)),
    mutant(
        "STREAM-1",
        "endpoint in another subnet",
        put("azurerm_private_endpoint", "streams/path-streams", "subnet_id", "/x/subnets/endpoints"),
    ),
    mutant("STREAM-2", "outdated TLS version", put(*SERVER, "minimum_tls_version", "1.0")),
    mutant("STREAM-2", "streams with Azure's own key", remove(*KEY)),
    mutant("STREAM-2", "encrypted once", drop(*KEY, "infrastructure_encryption_enabled")),
    mutant("STREAM-3", "reader that writes", put(*RIGHT, "role_definition_name", "Azure Event Hubs Data Sender")),
    mutant("STREAM-4", "an hour of retention", put(*TOPIC, "retention_description.retention_time_in_hours", 1)),
    mutant("STREAM-4", "one partition", put(*TOPIC, "partition_count", 1)),
    mutant("STREAM-5", "no logs", put(*LOGS, "enabled_log", [])),
]
