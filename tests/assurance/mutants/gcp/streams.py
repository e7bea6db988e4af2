"""Managed streams (STREAM-1 to STREAM-5), for an environment that has them."""

from tests.assurance.mutants import Stack, mutant, point, put, remove

SERVER = ("google_managed_kafka_cluster", "streams/server")
TOPIC = ("google_managed_kafka_topic", "streams/topic-orders")
ACL = "google_managed_kafka_acl"


def _another_port(stack: Stack) -> None:
    stack["output"]["streams"]["value"]["bootstrap"] = "bootstrap:9094"


MUTANTS = [
    mutant("STREAM-1", "public cluster", put(*SERVER, "gcp_config.access_config.public_cluster_config",
           {"allowed_source_ip_ranges": ["0.0.0.0/0"]})),
    mutant("STREAM-1", "clients with certificates", put(*SERVER, "tls_config",
           {"trust_config": {"cas_configs": [{"ca_pool": "x"}]}})),
    mutant("STREAM-2", "clients at another port", _another_port),
    mutant("STREAM-2", "streams with the wrong key",
           point(*SERVER, "gcp_config.kms_key", ("google_kms_crypto_key", "keys/logs"), "id")),
    mutant("STREAM-3", "reader that writes",
           put(ACL, "workloads/topics-topic-orders", "acl_entries.3.operation", "WRITE")),
    mutant("STREAM-3", "topics without a list are open", remove(ACL, "streams/closed-allTopics")),
    mutant("STREAM-4", "one copy", put(*TOPIC, "replication_factor", 1)),
    mutant("STREAM-4", "an hour of retention", put(*TOPIC, "configs",
           {"retention.ms": "3600000", "min.insync.replicas": "2"})),
    mutant("STREAM-5", "no sink for logs",
           put("google_logging_project_sink", "observability/platform-sink", "filter", "severity>=ERROR")),
]  # fmt: skip
