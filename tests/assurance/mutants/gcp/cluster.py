"""The cluster and its images (K8S-1 to K8S-10)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

CLUSTER, SPOT = ("google_container_cluster", "cluster/cluster"), ("google_container_node_pool", "cluster/pool-spot")
REPOSITORY = ("google_artifact_registry_repository", "registry/airflow")

MUTANTS = [
    mutant("K8S-1", "nodes are public", put(*CLUSTER, "private_cluster_config.enable_private_nodes", False)),
    mutant(
        "K8S-1",
        "API by its address",
        put(*CLUSTER, "control_plane_endpoints_config.ip_endpoints_config.enabled", True),
        only="prod",
    ),
    mutant(
        "K8S-1",
        "API by its name",
        put(*CLUSTER, "control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic", True),
    ),
    mutant(
        "K8S-1",
        "API for any range",
        put(*CLUSTER, "master_authorized_networks_config.cidr_blocks.cidr_block", "0.0.0.0/0"),
        only="dev",
    ),
    mutant(
        "K8S-1",
        "API for all of Google",
        put(*CLUSTER, "master_authorized_networks_config.gcp_public_cidrs_access_enabled", True),
        only="dev",
    ),
    mutant("K8S-1", "in another network", put(*CLUSTER, "network", "default")),
    mutant("K8S-2", "secrets under Google's own key", put(*CLUSTER, "database_encryption.state", "DECRYPTED")),
    mutant("K8S-2", "secrets under another key", put(*CLUSTER, "database_encryption.key_name", "x")),
    mutant("K8S-3", "no control-plane logs", put(*CLUSTER, "logging_config.enable_components", ["SYSTEM_COMPONENTS"])),
    mutant("K8S-4", "no workload identity", drop(*CLUSTER, "workload_identity_config")),
    mutant(
        "K8S-4",
        "pods reach the node's credentials",
        put(*SPOT, "node_config.workload_metadata_config.mode", "GCE_METADATA"),
    ),
    mutant("K8S-4", "legacy endpoints", put(*SPOT, "node_config.metadata.disable-legacy-endpoints", "false")),
    mutant("K8S-4", "Google's default identity", drop(*SPOT, "node_config.service_account")),
    mutant("K8S-5", "no groups", drop(*CLUSTER, "authenticator_groups_config")),
    mutant(
        "K8S-5",
        "a client certificate",
        put(*CLUSTER, "master_auth.client_certificate_config.issue_client_certificate", True),
    ),
    mutant("K8S-5", "legacy rights", put(*CLUSTER, "enable_legacy_abac", True)),
    mutant("K8S-5", "anybody asks anonymously", put(*CLUSTER, "anonymous_authentication_config.mode", "ENABLED")),
    mutant("K8S-6", "a pool without a ceiling", put(*SPOT, "autoscaling.total_max_node_count", 500)),
    mutant("K8S-6", "a pool that is never small", put(*SPOT, "autoscaling.total_min_node_count", 50)),
    mutant("K8S-6", "spot at full price", put(*SPOT, "node_config.spot", False)),
    mutant("K8S-6", "anything lands on spot", drop(*SPOT, "node_config.taint")),
    mutant("K8S-7", "an old version", put(*CLUSTER, "min_master_version", "1.20")),
    mutant("K8S-7", "no channel", put(*CLUSTER, "release_channel.channel", "UNSPECIFIED")),
    mutant("K8S-7", "patched at any time", drop(*CLUSTER, "maintenance_policy")),
    mutant("K8S-7", "sick nodes stay", put(*SPOT, "management.auto_repair", False)),
    mutant("K8S-8", "network policies are only words", put(*CLUSTER, "datapath_provider", "LEGACY_DATAPATH")),
    mutant("K8S-9", "disks under Google's own key", drop(*SPOT, "node_config.boot_disk_kms_key")),
    mutant("K8S-9", "a fat image", put(*SPOT, "node_config.image_type", "UBUNTU_CONTAINERD")),
    mutant(
        "K8S-9", "nodes boot anything", put(*SPOT, "node_config.shielded_instance_config.enable_secure_boot", False)
    ),
    mutant("K8S-9", "unshielded nodes", put(*CLUSTER, "enable_shielded_nodes", False)),
    mutant("K8S-10", "tags move", put(*REPOSITORY, "docker_config.immutable_tags", False)),
    mutant(
        "K8S-10",
        "images are not scanned",
        put(*REPOSITORY, "vulnerability_scanning_config.enablement_config", "DISABLED"),
    ),
    mutant("K8S-10", "scanning is not switched on", remove("google_project_service", "services/containerscanning")),
    mutant("K8S-10", "images under Google's own key", drop(*REPOSITORY, "kms_key_name")),
    mutant(
        "K8S-10",
        "a public repository",
        add("google_artifact_registry_repository_iam_member", "registry/mutant", {"member": "allUsers"}),
    ),
]
