"""Meta-arguments that hide a resource, code that runs during an apply, secrets in text."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, add, put

_KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----"
_TOKEN = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


def _put(kind: str, sentence: str, type: str, path: str, attribute: str, value: Any) -> Danger:
    return Danger(kind, sentence, put(type, path, attribute, value), f"{type} {path}")


def _external(stack: Stack) -> None:
    stack.setdefault("data", {}).setdefault("external", {})["helper"] = {"program": ["sh", "-c", "id"]}


DANGERS = [
    _put("structure", "audit record with no instance", "google_project_iam_audit_config", "audit/calls", "count", 0),
    _put("structure", "deny rule for no instance", "google_compute_firewall", "network/openings/refuse-ingress",
         "for_each", "${toset([])}"),
    _put("structure", "changes of the firewall ignored", "google_compute_firewall",
         "network/openings/entry-to-ingress", "lifecycle", {"ignore_changes": ["source_ranges"]}),
    _put("structure", "changes of the database ignored", "google_sql_database_instance", "database/server",
         "lifecycle", {"ignore_changes": "all"}),
    _put("structure", "bucket that is replaced with a zone", "google_storage_bucket", "lake/gold/bucket",
         "lifecycle", {"replace_triggered_by": ["google_dns_managed_zone.entry_zone.id"]}),
    _put("structure", "command during the apply", "google_storage_bucket", "lake/gold/bucket", "provisioner",
         [{"local-exec": {"command": "gsutil iam ch allUsers:objectViewer gs://x"}}]),
    Danger("structure", "resource that runs commands",
           add("null_resource", "cluster/helper", {"triggers": {"always": "${timestamp()}"}}),
           "null_resource cluster/helper"),
    Danger("structure", "data source that runs a program", _external, "data.external.helper"),
    _put("secrets", "private key in a description", "google_compute_firewall", "network/openings/refuse-egress",
         "description", _KEY),
    _put("secrets", "token in the nodes' metadata", "google_container_node_pool", "cluster/pool-general",
         "node_config.metadata.startup-script", f"curl -H 'Authorization: token {_TOKEN}' https://api.github.com"),
    _put("secrets", "password in a label of the project's metadata", "google_compute_project_metadata_item",
         "governance/metadata-disable-legacy-endpoints", "value", _TOKEN),
]  # fmt: skip
