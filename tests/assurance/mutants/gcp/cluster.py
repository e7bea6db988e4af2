"""The cluster and its images (K8S-1 to K8S-10)."""

from tests.assurance.mutants import add, drop, mutant, put, remove

CLUSTER, SPOT = ("google_container_cluster", "cluster/cluster"), ("google_container_node_pool", "cluster/pool-spot")
REPOSITORY = ("google_artifact_registry_repository", "registry/airflow")
DELETION = ("google_iam_deny_policy", "cluster/deletion")

MUTANTS = [
    mutant("K8S-1", "public nodes", put(*CLUSTER, "private_cluster_config.enable_private_nodes", False)),
    mutant(
        "K8S-1 NET-4",
        "API reachable by IP address",
        put(*CLUSTER, "control_plane_endpoints_config.ip_endpoints_config.enabled", True),
        only="prod",
    ),
    mutant(
        "K8S-1 NET-4",
        "API reachable by public DNS name",
        put(*CLUSTER, "control_plane_endpoints_config.dns_endpoint_config.allow_external_traffic", True),
    ),
    mutant(
        "K8S-1 NET-4",
        "API open to the internet",
        put(*CLUSTER, "master_authorized_networks_config.cidr_blocks.cidr_block", "0.0.0.0/0"),
        only="dev",
    ),
    mutant(
        "K8S-1 NET-4",
        "API open to Google Cloud addresses",
        put(*CLUSTER, "master_authorized_networks_config.gcp_public_cidrs_access_enabled", True),
        only="dev",
    ),
    mutant("K8S-1", "cluster in another network", put(*CLUSTER, "network", "default")),
    mutant(
        "K8S-2", "Kubernetes secrets with Google's own key", put(*CLUSTER, "database_encryption.state", "DECRYPTED")
    ),
    mutant("K8S-2", "Kubernetes secrets with the wrong key", put(*CLUSTER, "database_encryption.key_name", "x")),
    mutant(
        "K8S-3", "control-plane logs disabled", put(*CLUSTER, "logging_config.enable_components", ["SYSTEM_COMPONENTS"])
    ),
    mutant("K8S-4", "workload identity disabled", drop(*CLUSTER, "workload_identity_config")),
    mutant(
        "K8S-4",
        "node credentials reachable from pods",
        put(*SPOT, "node_config.workload_metadata_config.mode", "GCE_METADATA"),
    ),
    mutant(
        "K8S-4",
        "legacy metadata endpoints enabled",
        put(*SPOT, "node_config.metadata.disable-legacy-endpoints", "false"),
    ),
    mutant("K8S-4", "default service account on nodes", drop(*SPOT, "node_config.service_account")),
    mutant("K8S-5", "no admin group", drop(*CLUSTER, "authenticator_groups_config")),
    mutant(
        "K8S-5",
        "client certificate issued",
        put(*CLUSTER, "master_auth.client_certificate_config.issue_client_certificate", True),
    ),
    mutant("K8S-5", "legacy ABAC enabled", put(*CLUSTER, "enable_legacy_abac", True)),
    mutant("K8S-5", "anonymous access enabled", put(*CLUSTER, "anonymous_authentication_config.mode", "ENABLED")),
    mutant("K8S-6", "node pool maximum too high", put(*SPOT, "autoscaling.total_max_node_count", 500)),
    mutant("K8S-6", "node pool minimum too high", put(*SPOT, "autoscaling.total_min_node_count", 50)),
    mutant("K8S-6", "node pool that starts above its maximum", put(*SPOT, "initial_node_count", 50)),
    mutant("K8S-6", "spot pool with on-demand nodes", put(*SPOT, "node_config.spot", False)),
    mutant("K8S-6", "spot pool without taints", drop(*SPOT, "node_config.taint")),
    mutant("K8S-7", "outdated Kubernetes version", put(*CLUSTER, "min_master_version", "1.20")),
    mutant("K8S-7", "no release channel", put(*CLUSTER, "release_channel.channel", "UNSPECIFIED")),
    mutant("K8S-7", "no maintenance window", drop(*CLUSTER, "maintenance_policy")),
    mutant("K8S-7", "no node repair", put(*SPOT, "management.auto_repair", False)),
    mutant("K8S-11", "cluster without deletion protection", put(*CLUSTER, "deletion_protection", False), only="prod"),
    mutant("K8S-11", "cluster that a person can delete", remove(*DELETION), only="prod"),
    mutant("K8S-11", "no principal is denied deletion", put(*DELETION, "rules", []), only="prod"),
    mutant("K8S-8", "network policies not enforced", put(*CLUSTER, "datapath_provider", "LEGACY_DATAPATH")),
    mutant("K8S-9", "node disks with Google's own key", drop(*SPOT, "node_config.boot_disk_kms_key")),
    mutant("K8S-9", "general-purpose node image", put(*SPOT, "node_config.image_type", "UBUNTU_CONTAINERD")),
    mutant(
        "K8S-9", "secure boot disabled", put(*SPOT, "node_config.shielded_instance_config.enable_secure_boot", False)
    ),
    mutant("K8S-9", "shielded nodes disabled", put(*CLUSTER, "enable_shielded_nodes", False)),
    mutant("K8S-10", "mutable tags", put(*REPOSITORY, "docker_config.immutable_tags", False)),
    mutant(
        "K8S-10",
        "images not scanned",
        put(*REPOSITORY, "vulnerability_scanning_config.enablement_config", "DISABLED"),
    ),
    mutant("K8S-10", "scanning API disabled", remove("google_project_service", "services/containerscanning")),
    mutant("K8S-10", "registry with Google's own key", drop(*REPOSITORY, "kms_key_name")),
    mutant(
        "K8S-10",
        "public repository",
        add(
            "google_artifact_registry_repository_iam_member",
            "registry/mutant",
            {"member": "allUsers", "repository": "dpf-prod-airflow", "role": "roles/artifactregistry.reader"},
        ),
    ),
    mutant(
        "K8S-10",
        "images of every registry admitted",
        put(
            "google_binary_authorization_policy",
            "cluster/admission",
            "admission_whitelist_patterns.0.name_pattern",
            "**",
        ),
        only="prod",
    ),
    mutant(
        "K8S-5",
        "groups of another domain",
        put(*CLUSTER, "authenticator_groups_config.security_group", "gke-security-groups@x.org"),
    ),
]
