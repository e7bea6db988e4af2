"""What no longer sees, tells or refuses: records, findings, alarms, policies, the cluster's own controls."""

from typing import Any

from terrace.gcp.signals import RECORD
from tests.assurance.corpus import Danger
from tests.assurance.mutants import drop, put, remove

CLUSTER, POOL = ("google_container_cluster", "cluster/cluster"), ("google_container_node_pool", "cluster/pool-general")
AUDIT, ARCHIVE = (
    ("google_project_iam_audit_config", "audit/calls"),
    ("google_logging_project_sink", "audit/archive"),
)
ALERT, SINK = "google_monitoring_alert_policy", "google_logging_project_sink"
CPU, TRAIL = (ALERT, "alarms/database-cpu-critical"), (ALERT, "alarms/trail-stopped-critical")
THRESHOLD = "conditions.0.condition_threshold"


def _put(sentence: str, on: tuple[str, str], attribute: str, value: Any, kind: str = "detection") -> Danger:
    return Danger(kind, sentence, put(*on, attribute, value), " ".join(on))


def _removed(sentence: str, *on: str) -> Danger:
    return Danger("inventory", sentence, remove(*on), " ".join(on))


def _policy(sentence: str, constraint: str, rule: dict[str, Any]) -> Danger:
    return _put(sentence, ("google_org_policy_policy", f"governance/{constraint}"), "spec.rules", [rule])


DANGERS = [
    _put("archive of the record matches nothing", ARCHIVE, "filter",
         'log_id("cloudaudit.googleapis.com/activity") AND log_id("cloudaudit.googleapis.com/data_access") AND false'),
    _put("archive excludes the changes of policies", ARCHIVE, "exclusions",
         [{"name": "noise", "filter": 'protoPayload.methodName="SetIamPolicy"'}]),
    _put("archive disabled", ARCHIVE, "disabled", True),
    _put("flow logs filtered to nothing", (SINK, "observability/flow-sink"), "filter",
         'log_id("compute.googleapis.com/vpc_flows") AND jsonPayload.bytes_sent<0'),
    _put("trail sink to another project", (SINK, "observability/trail-sink"), "destination",
         "logging.googleapis.com/projects/other/locations/global/buckets/x"),
    _put("platform logs without the cluster's", (SINK, "observability/platform-sink"), "exclusions",
         [{"name": "k8s", "filter": 'resource.type="k8s_cluster"'}]),
    _put("an identity whose reads are not recorded", AUDIT, "audit_log_config.1.exempted_members",
         ["user:someone@example.com"]),
    _put("data reads are not recorded", AUDIT, "audit_log_config", [{"log_type": "ADMIN_READ"}]),
    _put("record for one service only", AUDIT, "service", "storage.googleapis.com"),
    _put("trail kept for a day", ("google_logging_project_bucket_config", "observability/trail-log"),
         "retention_days", 1),
    _put("trail's bucket not locked", ("google_logging_project_bucket_config", "observability/trail-log"),
         "locked", False),
    _put("findings of low severity only", ("google_scc_v2_project_notification_config", "audit/findings"),
         "streaming_config.filter", 'severity = "LOW" AND NOT (severity = "HIGH" OR severity = "CRITICAL")'),
    _put("findings to another topic", ("google_scc_v2_project_notification_config", "audit/findings"),
         "pubsub_topic", "projects/other/topics/x"),
    _put("feed of changes under a condition", ("google_cloud_asset_project_feed", "audit/resources"), "condition",
         {"expression": "false"}),
    _put("feed of changes to another topic", ("google_cloud_asset_project_feed", "audit/grants"),
         "feed_output_config.pubsub_destination.topic", "projects/other/topics/x"),
    _put("alarm with the operator reversed", CPU, f"{THRESHOLD}.comparison", "COMPARISON_LT"),
    _put("alarm that never reaches its threshold", CPU, f"{THRESHOLD}.threshold_value", 100000),
    _put("alarm on another database", CPU, f"{THRESHOLD}.filter",
         'metric.type="cloudsql.googleapis.com/database/cpu/utilization" AND resource.type="cloudsql_database"'
         ' AND resource.labels.database_id="acme-data-prod:other"'),
    _put("alarm after a day", CPU, f"{THRESHOLD}.duration", "84600s"),
    _put("alarm that waits for a hundred series", CPU, f"{THRESHOLD}.trigger.count", 100),
    _put("alarm on the smallest value", CPU, f"{THRESHOLD}.aggregations.0.per_series_aligner", "ALIGN_MIN"),
    _put("alarm disabled", TRAIL, "enabled", False),
    _put("alarm on changes of another trail", TRAIL, "conditions.0.condition_matched_log.filter",
         'protoPayload.resourceName:"other"'),
    _put("alarm on a destroyed key for one key", (ALERT, "alarms/key-ended-warning"),
         "conditions.0.condition_matched_log.filter",
         'protoPayload.methodName="DestroyCryptoKeyVersion" AND protoPayload.resourceName:"test"'),
    _put("alarm without a notification channel", (ALERT, "alarms/owner-made-critical"), "notification_channels", []),
    _put("alarm that needs two conditions", (ALERT, "alarms/backup-failed-critical"), "conditions.0"
         ".condition_matched_log.filter", 'jsonPayload.jobStatus="FAILED" AND jsonPayload.jobStatus="SUCCESSFUL"'),
    _put("denials counted for one bucket", ("google_logging_metric", "alarms/lake-denials-count"), "filter",
         'resource.type="gcs_bucket" AND resource.labels.bucket_name="x"'),
    _put("channel disabled", ("google_monitoring_notification_channel", "observability/channel-pager"),
         "enabled", False),
    _put("channel to another address", ("google_monitoring_notification_channel", "observability/channel-platform"),
         "labels.email_address", "someone@gmail.com"),
    _put("budget of a million", ("google_billing_budget", "cost/budget"), "amount.specified_amount.units", "1000000"),
    _policy("public access to buckets allowed", "storage-publicAccessPrevention", {"enforce": "FALSE"}),
    _policy("plain HTTP to buckets allowed", "storage-secureHttpTransport", {"enforce": "FALSE"}),
    _policy("service account keys may be uploaded", "iam-disableServiceAccountKeyUpload", {"enforce": "FALSE"}),
    _policy("machines may have public addresses", "compute-vmExternalIpAccess", {"allow_all": "TRUE"}),
    _policy("services may use Google's keys", "gcp-restrictNonCmekServices", {"allow_all": "TRUE"}),
    _policy("key creation allowed under a condition", "iam-disableServiceAccountKeyCreation",
            {"enforce": "TRUE", "condition": {"expression": 'resource.matchTag("x/y", "z")'}}),
    _put("organisation policy in dry run", ("google_org_policy_policy", "governance/sql-restrictPublicIp"), "spec",
         {"reset": True}),
    _put("serial port of machines enabled",
         ("google_compute_project_metadata_item", "governance/metadata-block-project-ssh-keys"), "value", "FALSE"),
    _put("every image admitted", ("google_binary_authorization_policy", "cluster/admission"),
         "default_admission_rule.evaluation_mode", "ALWAYS_ALLOW", kind="cluster"),
    _put("images of every registry admitted", ("google_binary_authorization_policy", "cluster/admission"),
         "admission_whitelist_patterns", [{"name_pattern": "**"}], kind="cluster"),
    _put("admission only reported", ("google_binary_authorization_policy", "cluster/admission"),
         "default_admission_rule.enforcement_mode", "DRYRUN_AUDIT_LOG_ONLY", kind="cluster"),
    _put("cluster ignores the admission policy", CLUSTER, "binary_authorization.evaluation_mode", "DISABLED",
         kind="cluster"),
    _put("every signed-in Google account is a user of the cluster", CLUSTER,
         "rbac_binding_config.enable_insecure_binding_system_authenticated", True, kind="cluster"),
    _put("cluster can be deleted", CLUSTER, "deletion_protection", False, kind="cluster"),
    _put("control plane's records off", CLUSTER, "logging_config.enable_components", ["SYSTEM_COMPONENTS"],
         kind="cluster"),
    _put("no upgrades for a century", CLUSTER, "maintenance_policy.maintenance_exclusion",
         [{"exclusion_name": "freeze", "start_time": "2026-01-01T00:00:00Z", "end_time": "2126-01-01T00:00:00Z"}],
         kind="cluster"),
    _put("services may take any external address", CLUSTER, "service_external_ips_config.enabled", True,
         kind="cluster"),
    _put("traffic between nodes not encrypted", CLUSTER, "in_transit_encryption_config",
         "IN_TRANSIT_ENCRYPTION_DISABLED", kind="cluster"),
    _put("kubelets answer without authentication", POOL,
         "node_config.kubelet_config.insecure_kubelet_readonly_port_enabled", "TRUE", kind="cluster"),
    _put("pods reach the machine's own identity", POOL, "node_config.workload_metadata_config.mode", "GCE_METADATA",
         kind="cluster"),
    _put("network policies not enforced", CLUSTER, "datapath_provider", "LEGACY_DATAPATH", kind="cluster"),
    _put("archive of the home region alone", ARCHIVE, "filter",
         f'({RECORD}) AND resource.labels.location="europe-west3"'),
    _put("findings of one region", ("google_scc_v2_project_notification_config", "audit/findings"), "location",
         "europe-west3"),
    _put("findings filtered on their way", ("google_pubsub_subscription", "audit/findings-inbox"), "filter",
         'attributes.severity = "CRITICAL"'),
    _put("alarm on findings after a thousand", (ALERT, "alarms/findings-waiting-critical"),
         f"{THRESHOLD}.threshold_value", 1000),
    _put("alarm on firewalls for one rule", (ALERT, "alarms/firewall-changed-warning"),
         "conditions.0.condition_matched_log.filter",
         'protoPayload.methodName:"compute.firewalls" AND protoPayload.resourceName:"test"'),
    _put("alarm on grants without one identity", (ALERT, "alarms/access-changed-warning"),
         "conditions.0.condition_matched_log.filter",
         'protoPayload.methodName="SetIamPolicy" AND NOT protoPayload.authenticationInfo.principalEmail="a@b.c"'),
    _put("alarm on failovers without a channel", (ALERT, "alarms/database-failover-critical"),
         "notification_channels", []),
    _put("failed copies not logged", ("google_storage_transfer_job", "backup/copy-gold"),
         "logging_config.log_action_states", ["SUCCEEDED"]),
    _put("search for sensitive data paused", ("google_data_loss_prevention_job_trigger", "lake/discovery"),
         "status", "PAUSED"),
    _put("search for sensitive data in one folder", ("google_data_loss_prevention_job_trigger", "lake/discovery"),
         "inspect_job.storage_config.cloud_storage_options.file_set.url", "gs://dpf-prod-bronze-345678901234/x/**"),
    _put("a person may delete the cluster", ("google_iam_deny_policy", "cluster/deletion"),
         "rules.0.deny_rule.exception_principals", ["principal://goog/subject/someone@example.com"], kind="cluster"),
    _removed("a user can delete the cluster", "google_iam_deny_policy", "cluster/deletion"),
    _removed("no findings", "google_scc_v2_project_notification_config", "audit/findings"),
    _removed("no archive of the record", SINK, "audit/archive"),
    _removed("calls not recorded", *AUDIT),
    _removed("no ceiling of identities", "google_iam_deny_policy", "governance/ceiling"),
    _removed("no alarm on the record", *TRAIL),
    _removed("no organisation policy on uniform access", "google_org_policy_policy",
             "governance/storage-uniformBucketLevelAccess"),
    _removed("default accounts left as they are", "google_project_default_service_accounts",
             "governance/default-accounts"),
    _removed("no feed of grants", "google_cloud_asset_project_feed", "audit/grants"),
    Danger("detection", "queries of names not logged",
           drop("google_dns_policy", "network/queries", "enable_logging"), "google_dns_policy network/queries"),
]  # fmt: skip
