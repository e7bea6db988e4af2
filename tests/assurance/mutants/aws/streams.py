"""Managed streams (STREAM-1 to STREAM-5), for an environment that has them."""

from tests.assurance.mutants import inside, mutant, point, put, words

SERVER = ("aws_msk_cluster", "streams/server")
CONFIGURATION = ("aws_msk_configuration", "streams/configuration")
ROLE = ("aws_iam_role_policy", "workloads/module-sink-topics")

MUTANTS = [
    mutant("STREAM-1", "public brokers", put(*SERVER, "broker_node_group_info.connectivity_info.public_access.type",
           "SERVICE_PROVIDED_EIPS")),
    mutant(
        "STREAM-1",
        "brokers in another security group",
        point(*SERVER, "broker_node_group_info.security_groups.0",
              ("aws_security_group", "network/openings/nodes-group"), "id"),
    ),
    mutant(
        "STREAM-1",
        "brokers in a node subnet",
        point(*SERVER, "broker_node_group_info.client_subnets.0", ("aws_subnet", "network/nodes-a"), "id"),
    ),
    mutant("STREAM-1", "clients without authentication", put(*SERVER, "client_authentication.unauthenticated", True)),
    mutant("STREAM-1", "clients with passwords", put(*SERVER, "client_authentication.sasl.scram", True)),
    mutant("STREAM-2", "unencrypted connections allowed",
           put(*SERVER, "encryption_info.encryption_in_transit.client_broker", "TLS_PLAINTEXT")),
    mutant("STREAM-2", "unencrypted brokers", put(*SERVER, "encryption_info.encryption_in_transit.in_cluster", False)),
    mutant("STREAM-2", "streams with the wrong key",
           point(*SERVER, "encryption_info.encryption_at_rest_kms_key_arn", ("aws_kms_key", "keys/logs"))),
    mutant("STREAM-3", "reader of every topic", inside(*ROLE, "policy", words("/orders", "/*"))),
    mutant(
        "STREAM-3",
        "reader that writes",
        inside(*ROLE, "policy", words("kafka-cluster:ReadData", "kafka-cluster:WriteData")),
    ),
    mutant("STREAM-4", "one copy", put(*CONFIGURATION, "server_properties",
           "default.replication.factor=1\nmin.insync.replicas=1\nnum.partitions=6\nlog.retention.hours=168\n")),
    mutant("STREAM-4", "an hour of retention", put(*CONFIGURATION, "server_properties",
           "default.replication.factor=2\nmin.insync.replicas=1\nnum.partitions=6\nlog.retention.hours=1\n")),
    mutant("STREAM-5", "no logs", put(*SERVER, "logging_info.broker_logs.cloudwatch_logs.enabled", False)),
    mutant("STREAM-5", "logs for a day", put("aws_cloudwatch_log_group", "streams/logs", "retention_in_days", 1)),
]  # fmt: skip
