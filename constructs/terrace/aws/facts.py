"""The facts of AWS. Loads no CDK.

Sources of the refusals: the provider's own messages, as in tests/deployment/test_refusals.py; AWS, "Common error types"
of each API.
"""

from datetime import date

from terrace.aws import offline, permissions
from terrace.aws.existing import EXISTING
from terrace.capabilities.cloud import BOOTSTRAP, Autoscaled, CloudException, Duration, Facts, Growing, Offline, Refusal

_LOGIN = "log in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

_REFUSALS: tuple[Refusal, ...] = (
    Refusal("expired", r"failed to read cached SSO token file|SSO session has expired", "log in with `aws sso login`"),
    Refusal("expired", r"ExpiredToken\w*|RequestExpired", f"{_LOGIN}; a wrong system clock causes the same error"),
    Refusal("missing", r"failed to get shared config profile, \S+", "AWS_PROFILE names no profile in ~/.aws/config"),
    Refusal("missing", r"No valid credential sources found|failed to refresh cached credentials", _LOGIN),
    Refusal(
        "refused",
        r"InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure\b",
        f"the access key is wrong, deactivated or deleted: {_LOGIN}",
    ),
    Refusal(
        "elsewhere",
        r"AWS account ID not allowed: \d+",
        "the environment's account is aws.account_id; set AWS_PROFILE to a profile of that account",
    ),
    Refusal("no state home", r'S3 bucket "[^"]*" does not exist|NoSuchBucket', BOOTSTRAP),
    Refusal(
        "denied",
        r"not authorized to perform: [\w-]+:\w+|UnauthorizedOperation|AccessDenied\w*|AuthorizationError",
        "the required permissions are in policies/deploy/aws; a permissions boundary or an organisation's policy "
        "can still deny them",
    ),
)

_EXCEPTIONS: tuple[CloudException, ...] = (
    CloudException(
        guarantee="K8S-7",
        reason="EKS has no maintenance window: AWS patches the control plane at times of its choice, and nodes get "
        "a new image only on request",
        compensation="standard support, node repair and nodes of the cluster's version are checked; an apply updates "
        "node images, a third of a pool at a time, and a pipeline can schedule it",
        source="EKS User Guide, 'Update a managed node group' and 'Understand EKS platform versions'",
    ),
    CloudException(
        guarantee="K8S-11",
        reason="EKS's deletion protection is an argument of later provider versions than the oldest supported one, "
        "5.100; so an administrator can delete the cluster by accident",
        compensation="the pipeline's role is denied eks:DeleteCluster until a destroy lifts the protection, the gate "
        "refuses plans that replace the cluster, and no other role of the deployment may delete it",
        source="AWS provider 5.100.0, resource aws_eks_cluster",
    ),
)

_DURATIONS = (
    Duration(
        "aws_eks_cluster",
        "create",
        15,
        "Amazon EKS User Guide, 'Getting started with eksctl': usually between 10 and 15 minutes",
        date(2026, 12, 1),
    ),
    Duration(
        "aws_db_instance",
        "create",
        20,
        "Amazon RDS User Guide, 'Creating and connecting to a PostgreSQL DB instance': up to 20 minutes",
        date(2026, 12, 1),
    ),
)

_STATEFUL = """
    aws_backup_vault aws_cloudwatch_log_group aws_db_instance aws_dynamodb_table aws_ebs_volume aws_ecr_repository
    aws_efs_file_system aws_eks_cluster aws_elasticache_replication_group aws_glue_catalog_database aws_kms_key
    aws_kms_replica_key aws_msk_cluster aws_opensearch_domain aws_rds_cluster aws_route53_zone aws_s3_bucket
    aws_secretsmanager_secret aws_vpc
"""

FACTS = Facts(
    provider="hashicorp/aws",
    provider_versions=">= 5.100, < 7",  # 5.100 has every argument used, and 6.x removed none of them
    tried_provider_versions=("5.100.0",),
    stateful=frozenset(_STATEFUL.split()),
    undeletable={},  # a lock is part of a bucket or a vault
    ignored_changes={
        "aws_db_instance": frozenset({"engine_version"}),
        "aws_default_network_acl": frozenset({"subnet_ids"}),
        "aws_eks_node_group": frozenset({"scaling_config[0].desired_size"}),
    },
    existing=EXISTING,
    removed_first={},
    made_again=frozenset(),
    kept={},
    volatile={"aws_db_instance": frozenset({"latest_restorable_time"})},
    tag_maps={},
    # EKS refuses bounds that exclude the desired size. Source: EKS API Reference, NodegroupScalingConfig.
    autoscaled={
        "aws_eks_node_group": Autoscaled(
            minimum="scaling_config[0].min_size",
            maximum="scaling_config[0].max_size",
            count="scaling_config[0].desired_size",
            unset="force_update_version",
        ),
    },
    growing={"aws_db_instance": Growing(size="allocated_storage", unit="GB")},  # the provider ignores what RDS adds
    kubernetes_versions={
        "aws_eks_cluster": ("version", "version"),
        "aws_eks_node_group": ("version", "version"),
    },
    postgresql_versions={"aws_db_instance": "engine_version"},
    durations=_DURATIONS,
    exceptions=_EXCEPTIONS,
    refusals=_REFUSALS,
    offline=Offline(offline.VARIABLES, offline.credentials, offline.mocked),
    system_namespaces=(
        "amazon-cloudwatch",
        "amazon-guardduty",
    ),  # the observability add-on and GuardDuty's runtime monitoring
    permission_files=permissions.files,
)
