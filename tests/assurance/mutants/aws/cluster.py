"""The cluster and its images (K8S-1 to K8S-10)."""

from tests.assurance.mutants import add, drop, every, inside, mutant, point, put, remove, statement

CLUSTER = ("aws_eks_cluster", "cluster/control-plane")
POOL = ("aws_eks_node_group", "cluster/pool-system")
TEMPLATE = ("aws_launch_template", "cluster/template-system")
LOGS_KEY = ("aws_kms_key", "keys/logs")

MUTANTS = [
    mutant(
        "K8S-1",
        "API open to everywhere",
        every(
            [
                put(*CLUSTER, "vpc_config.endpoint_public_access", True),
                put(*CLUSTER, "vpc_config.public_access_cidrs", ["0.0.0.0/0"]),
            ]
        ),
    ),
    mutant("K8S-1", "API not private", put(*CLUSTER, "vpc_config.endpoint_private_access", False)),
    mutant("K8S-1", "API for any range", drop(*CLUSTER, "vpc_config.public_access_cidrs"), only="dev"),
    mutant(
        "K8S-1 NET-2 NET-3",
        "nodes among the public subnets",
        point(*POOL, "subnet_ids.0", ("aws_subnet", "network/public-a"), "id"),
        only="dev",
    ),
    mutant("K8S-2", "secrets in the clear", drop(*CLUSTER, "encryption_config")),
    mutant("K8S-2", "secrets under another key", point(*CLUSTER, "encryption_config.provider.key_arn", LOGS_KEY)),
    mutant("K8S-3", "no audit log", put(*CLUSTER, "enabled_cluster_log_types", ["api"])),
    mutant(
        "K8S-3",
        "control plane's log hardly kept",
        put("aws_cloudwatch_log_group", "observability/cluster-log", "retention_in_days", 1),
    ),
    mutant(
        "K8S-4", "pods reach the node's credentials", put(*TEMPLATE, "metadata_options.http_put_response_hop_limit", 2)
    ),
    mutant("K8S-4", "credentials without a token", put(*TEMPLATE, "metadata_options.http_tokens", "optional")),
    mutant("K8S-4", "no agent of pod identity", remove("aws_eks_addon", "cluster/eks-pod-identity-agent")),
    mutant("K8S-5", "a config map decides", put(*CLUSTER, "access_config.authentication_mode", "API_AND_CONFIG_MAP")),
    mutant(
        "K8S-5",
        "the creator is administrator",
        put(*CLUSTER, "access_config.bootstrap_cluster_creator_admin_permissions", True),
    ),
    mutant(
        "K8S-5",
        "an administrator more",
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
        "K8S-5",
        "the organisation cannot get in",
        remove("aws_eks_access_policy_association", "cluster/access-admin-policy"),
    ),
    mutant("K8S-6", "a pool without a ceiling", put(*POOL, "scaling_config.max_size", 500)),
    mutant("K8S-6", "a pool that is never small", put(*POOL, "scaling_config.min_size", 50)),
    mutant("K8S-6", "spot at full price", put("aws_eks_node_group", "cluster/pool-spot", "capacity_type", "ON_DEMAND")),
    mutant("K8S-6", "anything lands on spot", drop("aws_eks_node_group", "cluster/pool-spot", "taint")),
    mutant(
        "K8S-6", "the autoscaler may do nothing", remove("aws_iam_role_policy", "workloads/cluster-autoscaler-rights")
    ),
    mutant(
        "K8S-6",
        "the autoscaler has no identity",
        remove("aws_eks_pod_identity_association", "workloads/cluster-autoscaler-identity"),
    ),
    mutant("K8S-7", "an old version", put(*CLUSTER, "version", "1.20")),
    mutant("K8S-7", "extended support", put(*CLUSTER, "upgrade_policy.support_type", "EXTENDED")),
    mutant("K8S-7", "sick nodes stay", put(*POOL, "node_repair_config.enabled", False)),
    mutant(
        "K8S-8",
        "network policies are only words",
        inside(
            "aws_eks_addon", "cluster/vpc-cni", "configuration_values", lambda d: d.update(enableNetworkPolicy="false")
        ),
    ),
    mutant("K8S-8", "another CNI", remove("aws_eks_addon", "cluster/vpc-cni")),
    mutant("K8S-9", "a disk in the clear", put(*TEMPLATE, "block_device_mappings.1.ebs.encrypted", "false")),
    mutant("K8S-9", "a disk under another key", point(*TEMPLATE, "block_device_mappings.0.ebs.kms_key_id", LOGS_KEY)),
    mutant("K8S-9", "a fat image", put(*POOL, "ami_type", "AL2_x86_64")),
    mutant("K8S-10", "tags move", put("aws_ecr_repository", "registry/airflow", "image_tag_mutability", "MUTABLE")),
    mutant(
        "K8S-10",
        "images are not scanned",
        put("aws_ecr_repository", "registry/airflow", "image_scanning_configuration.scan_on_push", False),
    ),
    mutant(
        "K8S-10",
        "images under another key",
        point("aws_ecr_repository", "registry/spark", "encryption_configuration.kms_key", LOGS_KEY),
    ),
    mutant(
        "K8S-10",
        "a public repository",
        inside("aws_ecr_repository_policy", "registry/spark-policy", "policy", statement(0, Principal="*")),
    ),
    mutant(
        "K8S-10",
        "scanned once only",
        put("aws_ecr_registry_scanning_configuration", "registry/scanning", "scan_type", "BASIC"),
        only="prod",
    ),
]
