"""The facts of Google Cloud. Loads no CDK.

Sources of the refusals: the provider's own messages, as in tests/deployment/test_refusals.py; Google Cloud APIs,
"Errors"; RFC 6749, 5.2, for invalid_grant.
"""

from terrace.capabilities.cloud import BOOTSTRAP, Autoscaled, CloudException, Facts, Growing, Kept, Offline, Refusal
from terrace.gcp import offline, permissions
from terrace.gcp.existing import EXISTING

_LOGIN = "log in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS"

_REFUSALS: tuple[Refusal, ...] = (
    Refusal("expired", r"invalid_grant|invalid_rapt", _LOGIN),
    Refusal("missing", r"could not find default credentials|No credentials loaded", _LOGIN),
    Refusal(
        "refused",
        r"invalid authentication credentials|invalid_client|UNAUTHENTICATED",
        f"{_LOGIN}; GOOGLE_OAUTH_ACCESS_TOKEN lasts an hour",
    ),
    Refusal(
        "elsewhere",
        r"required permission to use project \S+|USER_PROJECT_DENIED|CONSUMER_INVALID",
        "the environment's project is gcp.project_id; an identity of another project needs "
        "roles/serviceusage.serviceUsageConsumer in it",
    ),
    Refusal("no state home", r"bucket doesn't exist|bucket does not exist", BOOTSTRAP),
    Refusal(
        "denied",
        r"Permission '[\w.]+' denied|Required '[\w.]+' permission|does not have [\w.]+ (access|permission)"
        r"|IAM_PERMISSION_DENIED|PERMISSION_DENIED",
        "the required permissions are in policies/deploy/gcp; a new role binding takes minutes to take effect",
    ),
)

_EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="NET-2",
        reason="Cloud NAT is regional: an address cannot be pinned to a zone.",
        compensation="There are as many fixed addresses as zones; Google moves NAT to other zones when a zone fails.",
        source='Cloud NAT documentation, "Cloud NAT overview"',
    ),
    CloudException(
        guarantee="LAKE-3",
        reason="A bucket with a retention policy keeps no old versions: nothing in it can be overwritten or deleted.",
        compensation="bronze and audit have a retention policy, the others versioning; every bucket has soft delete.",
        source='Cloud Storage documentation, "Bucket Lock"',
    ),
    CloudException(
        guarantee="AUD-2",
        reason="Security Command Center is activated for the organisation; no resource activates it for one project.",
        compensation="Findings are published to a topic, and GKE's security posture is enabled.",
        source='Security Command Center documentation, "Activate Security Command Center"',
    ),
    CloudException(
        guarantee="AUD-5",
        reason="Artifact Analysis publishes vulnerabilities without their severity, so an alarm cannot select serious"
        " ones.",
        compensation="Security Command Center, GKE and policies report serious findings, also on images that run.",
        source='Artifact Analysis documentation, "Pub/Sub notifications"',
    ),
    CloudException(
        guarantee="AUD-6",
        reason="Sign-ins, with a second factor or without, are recorded by the organisation, not by a project.",
        compensation="Refused calls and every change of owners, roles and policies raise an alarm in the project.",
        source='Cloud Audit Logs documentation, "Audit logs for Google Workspace and Cloud Identity"',
    ),
    CloudException(
        guarantee="BAK-1",
        reason="A Backup and DR plan has one vault and no copy rule, and does not support Cloud Storage.",
        compensation="In prod the vault itself is in the recovery region; Storage Transfer copies the layers daily.",
        source='Backup and DR documentation, "Backup plans"',
    ),
)

_STATEFUL = """
    google_artifact_registry_repository google_backup_dr_backup_vault google_bigquery_dataset google_compute_network
    google_container_cluster google_kms_crypto_key google_managed_kafka_cluster google_managed_kafka_topic
    google_memorystore_instance google_secret_manager_secret google_sql_database google_sql_database_instance
    google_storage_bucket
"""

FACTS = Facts(
    provider="hashicorp/google",
    provider_versions=">= 7.33, < 9",  # 7.33 has every argument used and `deletion_policy` everywhere; 9 is untested
    tried_provider_versions=("7.45.0",),
    stateful=frozenset(_STATEFUL.split()),
    # A locked log bucket is deleted once its last entry has expired; a locked retention policy is part of a bucket.
    # Source: Cloud Logging, "Lock log bucket".
    undeletable={"google_logging_project_bucket_config": "locked"},
    ignored_changes={
        "google_container_cluster": frozenset({"node_config", "initial_node_count"}),
        "google_container_node_pool": frozenset({"initial_node_count"}),
        "google_sql_database_instance": frozenset({"settings[0].disk_size"}),
    },
    # Source: google provider 7.45, google_kms_crypto_key and google_secret_manager_secret: each forces a new one, and a
    # key's name can never be used again.
    existing=EXISTING,
    removed_first={},
    made_again=frozenset(
        {
            "google_backup_dr_backup_plan_association",
            "google_dns_managed_zone_iam_member",
            "google_storage_bucket_iam_member",
        }
    ),
    kept={
        "google_kms_crypto_key": (
            Kept("destroy_scheduled_duration", "keys.deletion_window_days", "a key keeps its window"),
            Kept("version_template[0].protection_level", "tier", "a key keeps its protection level"),
        ),
        "google_secret_manager_secret": (
            Kept("replication", "recovery_region", "a secret keeps its regions and their keys"),
        ),
    },
    # `labels` keep what the stack does not have. Source: google provider, upgrade guide of 5.0, labels.
    volatile={"*": frozenset({"etag"})},
    tag_maps={
        "*": ("user_labels",),
        "google_container_node_pool": ("node_config[0].resource_labels",),
        "google_sql_database_instance": ("settings[0].user_labels",),
    },
    # GKE accepts the bounds, and its autoscaler waits until pods need a node. Source: GKE documentation, "About cluster
    # autoscaling", minimum and maximum node pool size.
    autoscaled={
        "google_container_node_pool": Autoscaled(
            minimum="autoscaling[0].total_min_node_count",
            maximum="autoscaling[0].total_max_node_count",
            count="node_count",
            per="node_locations",
        ),
    },
    growing={"google_sql_database_instance": Growing(size="settings[0].disk_size", unit="GB", unset="clone")},
    kubernetes_versions={
        "google_container_cluster": ("master_version", "min_master_version"),
        "google_container_node_pool": ("version", "version"),
    },
    postgresql_versions={"google_sql_database_instance": "database_version"},
    durations=(),  # its documentation states none of the slow ones
    exceptions=_EXCEPTIONS,
    refusals=_REFUSALS,
    offline=Offline(offline.VARIABLES, offline.credentials, offline.mocked),
    system_namespaces=(
        "gmp-system",
        "gmp-public",
        "gke-managed-system",
        "gke-managed-cim",
    ),  # Managed Service for Prometheus and GKE's own agents
    permission_files=permissions.files,
)
