"""The cluster and its images (K8S-1 to K8S-11)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, point, put, remove, statement

CLUSTER = ("aws_eks_cluster", "cluster/control-plane")
POOL = ("aws_eks_node_group", "cluster/pool-system")
TEMPLATE = ("aws_launch_template", "cluster/template-system")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant(
        "K8S-1 NET-4",
        "API open to the internet",
        every(
            [
                put(*CLUSTER, "vpc_config.endpoint_public_access", True),
                put(*CLUSTER, "vpc_config.public_access_cidrs", ["0.0.0.0/0"]),
            ]
        ),
    ),
    mutant("K8S-1", "API without private access", put(*CLUSTER, "vpc_config.endpoint_private_access", False)),
    mutant("K8S-1 NET-4", "API without allowed ranges", drop(*CLUSTER, "vpc_config.public_access_cidrs"), only="dev"),
    mutant(
        "K8S-1 NET-2 NET-3",
        "nodes in a public subnet",
        point(*POOL, "subnet_ids.0", ("aws_subnet", "network/public-a"), "id"),
        only="dev",
    ),
    mutant("K8S-2", "unencrypted Kubernetes secrets", drop(*CLUSTER, "encryption_config")),
    mutant(
        "K8S-2",
        "Kubernetes secrets with the wrong key",
        point(*CLUSTER, "encryption_config.provider.key_arn", LOGS_KEY),
    ),
    mutant("K8S-3", "no audit log", put(*CLUSTER, "enabled_cluster_log_types", ["api"])),
    mutant(
        "K8S-3",
        "short control-plane log retention",
        put("aws_cloudwatch_log_group", "observability/cluster-log", "retention_in_days", 1),
    ),
    mutant(
        "K8S-4",
        "node credentials reachable from pods",
        put(*TEMPLATE, "metadata_options.http_put_response_hop_limit", 2),
    ),
    mutant("K8S-4", "IMDSv1 enabled", put(*TEMPLATE, "metadata_options.http_tokens", "optional")),
    mutant("K8S-4", "no pod identity agent", remove("aws_eks_addon", "cluster/eks-pod-identity-agent")),
    mutant(
        "K8S-5",
        "authentication by config map",
        put(*CLUSTER, "access_config.authentication_mode", "API_AND_CONFIG_MAP"),
    ),
    mutant(
        "K8S-5",
        "cluster creator as administrator",
        put(*CLUSTER, "access_config.bootstrap_cluster_creator_admin_permissions", True),
    ),
    mutant(
        "ID-2",
        "additional administrator",
        add(
            "aws_eks_access_policy_association",
            "cluster/mutant",
            {
                "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                "principal_arn": "arn:aws:iam::777788889999:user/x",
            },
        ),
    ),
    mutant(
        "ID-2",
        "no access for the admin group",
        remove("aws_eks_access_policy_association", "cluster/access-admin-policy"),
    ),
    mutant("K8S-6", "node pool maximum too high", put(*POOL, "scaling_config.max_size", 500)),
    mutant("K8S-6", "node pool minimum too high", put(*POOL, "scaling_config.min_size", 50)),
    mutant(
        "K8S-6",
        "spot pool with on-demand nodes",
        put("aws_eks_node_group", "cluster/pool-spot", "capacity_type", "ON_DEMAND"),
    ),
    mutant("K8S-6", "spot pool without taints", drop("aws_eks_node_group", "cluster/pool-spot", "taint")),
    mutant(
        "K8S-6", "autoscaler without permissions", remove("aws_iam_role_policy", "workloads/cluster-autoscaler-rights")
    ),
    mutant(
        "ID-2",
        "autoscaler without an identity",
        remove("aws_eks_pod_identity_association", "workloads/cluster-autoscaler-identity"),
    ),
    mutant("K8S-7", "outdated Kubernetes version", put(*CLUSTER, "version", "1.20")),
    mutant("K8S-7", "extended support", put(*CLUSTER, "upgrade_policy.support_type", "EXTENDED")),
    mutant("K8S-7", "no node repair", put(*POOL, "node_repair_config.enabled", False)),
    mutant(
        "K8S-8",
        "network policies not enforced",
        inside(
            "aws_eks_addon", "cluster/vpc-cni", "configuration_values", lambda d: d.update(enableNetworkPolicy="false")
        ),
    ),
    mutant("K8S-8 ID-2", "no VPC CNI add-on", remove("aws_eks_addon", "cluster/vpc-cni")),
    mutant("K8S-9", "unencrypted node disk", put(*TEMPLATE, "block_device_mappings.1.ebs.encrypted", "false")),
    mutant(
        "K8S-9", "node disk with the wrong key", point(*TEMPLATE, "block_device_mappings.0.ebs.kms_key_id", LOGS_KEY)
    ),
    mutant("K8S-9", "general-purpose node image", put(*POOL, "ami_type", "AL2_x86_64")),
    mutant("K8S-10", "mutable tags", put("aws_ecr_repository", "registry/airflow", "image_tag_mutability", "MUTABLE")),
    mutant(
        "K8S-10",
        "images not scanned",
        put("aws_ecr_repository", "registry/airflow", "image_scanning_configuration.scan_on_push", False),
    ),
    mutant(
        "K8S-10",
        "registry with the wrong key",
        point("aws_ecr_repository", "registry/spark", "encryption_configuration.kms_key", LOGS_KEY),
    ),
    mutant(
        "K8S-10",
        "public repository",
        inside("aws_ecr_repository_policy", "registry/spark-policy", "policy", statement(0, Principal="*")),
    ),
    mutant(
        "K8S-10",
        "images in use expire",
        inside(
            "aws_ecr_lifecycle_policy",
            "registry/spark-lifecycle",
            "policy",
            lambda policy: policy["rules"][0]["selection"].update({"tagStatus": "any"}),
        ),
    ),
    mutant(
        "K8S-10",
        "no continuous scanning",
        put("aws_ecr_registry_scanning_configuration", "registry/scanning", "scan_type", "BASIC"),
        only="prod",
    ),
    mutant(
        "K8S-11",
        "cluster that the pipeline may delete",
        remove("aws_iam_role_policy", "cluster/deletion-protection"),
        only="prod",
    ),
    mutant(
        "K8S-11",
        "deletion protection of another cluster",
        inside(
            "aws_iam_role_policy",
            "cluster/deletion-protection",
            "policy",
            statement(0, Resource="arn:aws:eks:eu-central-1:777788889999:cluster/dpf-dev"),
        ),
        only="prod",
    ),
]
