"""Data that leaves, is lost, or is in the wrong place: buckets, database, cache, backups, regions."""

from typing import Any

from tests.assurance.corpus import Danger
from tests.assurance.mutants import Stack, add, body, drop, put

SERVER, CACHE = ("google_sql_database_instance", "database/server"), ("google_memorystore_instance", "cache/cache")
PLAN, GKE = ("google_backup_dr_backup_plan", "backup/plan"), ("google_gke_backup_backup_plan", "backup/cluster")
VAULT, COPY = ("google_backup_dr_backup_vault", "backup/vault"), ("google_storage_transfer_job", "backup/copy-gold")


def _bucket(name: str) -> tuple[str, str]:
    return "google_storage_bucket", f"lake/{name}/bucket"


def _put(kind: str, sentence: str, on: tuple[str, str], attribute: str, value: Any) -> Danger:
    return Danger(kind, sentence, put(*on, attribute, value), " ".join(on))


def _drop(kind: str, sentence: str, on: tuple[str, str], attribute: str) -> Danger:
    return Danger(kind, sentence, drop(*on, attribute), " ".join(on))


def _extra_rule(stack: Stack) -> None:
    rule = {"action": {"type": "Delete"}, "condition": {"age": 1}}
    body(stack, *_bucket("gold"))["lifecycle_rule"].append(rule)


DANGERS = [
    _put("data", "audit bucket that a destroy empties", _bucket("audit"), "force_destroy", True),
    _put("data", "layer that a destroy empties", _bucket("gold"), "force_destroy", True),
    Danger("data", "lifecycle rule that deletes after a day", _extra_rule, " ".join(_bucket("gold"))),
    _put("data", "retention that can still be removed", _bucket("bronze"), "retention_policy.is_locked", False),
    _put("data", "soft delete for no time", _bucket("silver"), "soft_delete_policy.retention_duration_seconds", 0),
    _put("data", "access logs to a bucket elsewhere", _bucket("gold"), "logging.log_bucket", "collector"),
    _put("data", "Google's own key allowed", _bucket("gold"),
         "encryption.google_managed_encryption_enforcement_config.restriction_mode", "NotRestricted"),
    _put("data", "deletion of a bucket not prevented", _bucket("gold"), "deletion_policy", "DELETE"),
    _put("data", "bucket served as a public site", _bucket("gold"), "public_access_prevention", "inherited"),
    Danger("data", "a bucket beside the lake",
           add("google_storage_bucket", "lake/export", {"name": "export", "location": "EUROPE-WEST3"}),
           "google_storage_bucket lake/export"),
    Danger("data", "topic whose messages go to a foreign address",
           add("google_pubsub_subscription", "audit/push", {
               "name": "push", "topic": "dpf-prod-findings",
               "push_config": {"push_endpoint": "https://collect.example.net/"}}),
           "google_pubsub_subscription audit/push"),
    Danger("data", "copy of a layer to a bucket of another project",
           add("google_storage_transfer_job", "backup/copy-out", {
               "description": "copy",
               "transfer_spec": {"gcs_data_source": {"bucket_name": "dpf-prod-gold-345678901234"},
                                 "gcs_data_sink": {"bucket_name": "vendor-bucket"}}}),
           "google_storage_transfer_job backup/copy-out"),
    Danger("data", "data set that shares the lake",
           add("google_bigquery_dataset", "lake/dataset", {"dataset_id": "gold", "location": "EU"}),
           "google_bigquery_dataset lake/dataset"),
    _put("data", "database without deletion protection", SERVER, "settings.deletion_protection_enabled", False),
    _put("data", "database accepts plain connections", SERVER, "settings.ip_configuration.ssl_mode",
         "ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
    _put("data", "database in one zone", SERVER, "settings.availability_type", "ZONAL"),
    _put("data", "database stopped", SERVER, "settings.activation_policy", "NEVER"),
    _put("data", "connections to the database not logged", SERVER, "settings.database_flags.3.value", "off"),
    _put("data", "no maintenance of the database for a century", SERVER, "settings.deny_maintenance_period",
         [{"start_date": "2026-01-01", "end_date": "2126-01-01", "time": "00:00:00"}]),
    _put("data", "database's own backups off", SERVER, "settings.backup_configuration.enabled", False),
    _put("data", "cache without authentication", CACHE, "authorization_mode", "AUTH_DISABLED"),
    _put("data", "cache without TLS", CACHE, "transit_encryption_mode", "TRANSIT_ENCRYPTION_DISABLED"),
    _put("data", "cache can be deleted", CACHE, "deletion_protection_enabled", False),
    _put("data", "cache that keeps nothing", CACHE, "persistence_config.mode", "DISABLED"),
    _put("data", "repository that mirrors a public registry",
         ("google_artifact_registry_repository", "registry/airflow"), "mode", "REMOTE_REPOSITORY"),
    _put("data", "clean-up that deletes every image", ("google_artifact_registry_repository", "registry/airflow"),
         "cleanup_policies", [{"id": "all", "action": "DELETE", "condition": {"tag_state": "ANY"}}]),
    _put("data", "key destroyed within a day", ("google_kms_crypto_key", "keys/lake"), "destroy_scheduled_duration",
         "86400s"),
    _put("data", "key in software", ("google_kms_crypto_key", "keys/lake-both"), "version_template.protection_level",
         "SOFTWARE"),
    _put("data", "key without rotation for a century", ("google_kms_crypto_key", "keys/database"), "rotation_period",
         "3153600000s"),
    _put("data", "secret without delay before its destruction", ("google_secret_manager_secret", "secrets/airflow"),
         "version_destroy_ttl", "86400s"),
    _put("backup", "copy that starts in a hundred years", COPY, "schedule.schedule_start_date.year", 2126),
    _put("backup", "copy that ended", COPY, "schedule.schedule_end_date", {"year": 2026, "month": 1, "day": 2}),
    _put("backup", "copy of no object", COPY, "transfer_spec.object_conditions", {"include_prefixes": ["none/"]}),
    _put("backup", "copy of another bucket", COPY, "transfer_spec.gcs_data_source.bucket_name", "other"),
    _put("backup", "copy that deletes its source", COPY, "transfer_spec.transfer_options",
         {"delete_objects_from_source_after_transfer": True}),
    _put("backup", "copy disabled", COPY, "status", "DISABLED"),
    _put("backup", "cluster's backups paused", GKE, "backup_schedule.paused", True),
    _put("backup", "cluster's backup plan deactivated", GKE, "deactivated", True),
    _put("backup", "backup of one namespace", GKE, "backup_config",
         {"selected_namespaces": {"namespaces": ["default"]}, "include_volume_data": True, "include_secrets": True}),
    _put("backup", "backup without volumes", GKE, "backup_config.include_volume_data", False),
    _put("backup", "cluster's backups kept for a day", GKE, "retention_policy.backup_retain_days", 1),
    _put("backup", "backup of another cluster", GKE, "cluster", "projects/x/locations/y/clusters/z"),
    _put("backup", "vault from which backups can be deleted at once", VAULT,
         "backup_minimum_enforced_retention_duration", "86400s"),
    _put("backup", "vault open to other projects", VAULT, "access_restriction", "UNRESTRICTED"),
    _put("backup", "vault whose lock begins in a century", VAULT, "effective_time", "2126-01-01T00:00:00Z"),
    _put("backup", "plan of another instance", ("google_backup_dr_backup_plan_association", "backup/database"),
         "resource", "projects/x/instances/y"),
    _put("backup", "backups kept for a day", PLAN, "backup_rules.0.backup_retention_days", 1),
    _put("backup", "backups once a year", PLAN, "backup_rules.0.standard_schedule",
         {"recurrence_type": "YEARLY", "months": ["JANUARY"], "days_of_month": [1], "time_zone": "UTC"}),
    _put("backup", "plan without recovery logs", PLAN, "log_retention_days", 1),
    _put("region", "layer in the United States", _bucket("gold"), "location", "US"),
    _put("region", "key ring in the United States", ("google_kms_key_ring", "keys/both-ring"), "location", "us"),
    _put("region", "key ring everywhere", ("google_kms_key_ring", "keys/home-ring"), "location", "global"),
    _put("region", "layer in a dual region outside", _bucket("silver"), "custom_placement_config.data_locations",
         ["US-EAST1", "US-WEST1"]),
    _put("region", "secret replicated outside", ("google_secret_manager_secret", "secrets/spark"),
         "replication.user_managed.replicas.0.location", "us-east1"),
    _put("region", "database's backups outside", SERVER, "settings.backup_configuration.location", "us"),
    _put("region", "replica outside", ("google_sql_database_instance", "database/recovery"), "region", "us-east1"),
    _put("region", "messages stored outside", ("google_pubsub_topic", "audit/findings-topic"),
         "message_storage_policy.allowed_persistence_regions", ["europe-west3", "us-east1"]),
    _drop("region", "messages stored anywhere", ("google_pubsub_topic", "observability/critical"),
          "message_storage_policy"),
    _put("region", "log bucket outside", ("google_logging_project_bucket_config", "observability/trail-log"),
         "location", "us-central1"),
    _put("region", "organisation policy that allows the United States",
         ("google_org_policy_policy", "governance/gcp-resourceLocations"), "spec.rules.0.values.allowed_values",
         ["in:europe-west3-locations", "in:europe-west9-locations", "in:eu-locations", "in:us-locations"]),
    _put("region", "vault outside", VAULT, "location", "us-east1"),
    _put("region", "registry outside", ("google_artifact_registry_repository", "registry/spark"), "location", "us"),
]  # fmt: skip
