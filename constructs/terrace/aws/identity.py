"""IAM roles for modules and platform components, by EKS Pod Identity (LAKE-7, SEC-3, ID-2)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from cdktn_provider_aws.eks_pod_identity_association import EksPodIdentityAssociation
from cdktn_provider_aws.iam_role import IamRole
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws import secrets as secret_names
from terrace.aws.iam import Statement, allow, document
from terrace.capabilities.cache import CacheHandle
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import (
    BOOTSTRAP,
    LakeAccess,
    LakeRight,
    ModuleAccess,
    ServiceAccount,
    WorkloadIdentitiesHandle,
)
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.secrets import SecretsHandle
from terrace.capabilities.spec import Access
from terrace.capabilities.streams import StreamsHandle
from terrace.capabilities.target import Target

_TOPIC_VERBS: Mapping[Access, Sequence[str]] = {
    "read": ("kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"),
    "write": ("kafka-cluster:CreateTopic", "kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"),
}
"""The actions of an access to a topic; the first writer creates it."""
VERBS: Mapping[LakeRight, Sequence[str]] = {
    "read": ("s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion"),
    "write": (
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ),
    "add": ("s3:PutObject",),
}
"""The S3 actions of a right; writing tables includes reading them."""

KEY_VERBS: Mapping[LakeRight, Sequence[str]] = {
    "read": ("kms:Decrypt",),
    "write": ("kms:Decrypt", "kms:GenerateDataKey"),
    "add": ("kms:GenerateDataKey",),
}


class WorkloadIdentities(Construct):
    """A role for each module and platform component, bound to its service account by EKS Pod Identity.

    A module gets exactly what is declared (LAKE-7): access to folders of the lake, its secrets, its user of the
    database and of the cache. external-secrets may only assume the modules' roles (SEC-3), and the bootstrap job's,
    which reads the administrator's secret (DB-9).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        modules: Mapping[str, ModuleAccess],
        target: Target,
        *,
        accounts: Mapping[str, ServiceAccount],
        keys: KeysHandle,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle | None,
        cache: CacheHandle | None,
        streams: StreamsHandle | None,
        secrets: SecretsHandle,
        entry: EntryHandle | None,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        platform: dict[str, IamRole] = {}
        for name, rights in components(target, entry, database=database is not None).items():
            platform[name] = iam.role(
                self,
                name,
                target,
                purpose=name,
                trust=iam.pod_trust(target),
                governance=governance,
                policies={"rights": document(*rights)},
            )
            self._bind(name, accounts[name], platform[name], cluster)
        if database:
            platform[BOOTSTRAP] = iam.role(
                self,
                BOOTSTRAP,
                target,
                purpose=BOOTSTRAP,
                trust=iam.pod_trust(target, also=[names.role_arn(target, "external-secrets")]),
                governance=governance,
                policies=_bootstrap_policies(target, keys=keys, database=database),
                after=[platform["external-secrets"]],
            )
            self._bind(BOOTSTRAP, accounts[BOOTSTRAP], platform[BOOTSTRAP], cluster)
        roles: dict[str, IamRole] = {}
        for name, module in modules.items():
            policies = _module_policies(
                name,
                module,
                target,
                keys=keys,
                lake=lake,
                database=database,
                cache=cache,
                streams=streams,
                secrets=secrets,
            )
            roles[name] = iam.role(
                self,
                f"module-{name}",
                target,
                purpose=f"module-{name}",
                trust=iam.pod_trust(target, also=[names.role_arn(target, "external-secrets")]),  # SEC-3
                governance=governance,
                policies=policies,
                after=[platform["external-secrets"]],
            )
            self._bind(f"module-{name}", ServiceAccount(module.namespace, name), roles[name], cluster)  # SEC-3
        self.handle = WorkloadIdentitiesHandle(
            modules={name: role.arn for name, role in roles.items()},
            platform={name: role.arn for name, role in platform.items()},
            roles={name: name for name, module in modules.items() if module.database},
        )

    def _bind(self, id: str, account: ServiceAccount, role: IamRole, cluster: ClusterHandle) -> None:
        EksPodIdentityAssociation(
            self,
            f"{id}-identity",
            cluster_name=cluster.name,
            namespace=account.namespace,
            service_account=account.name,
            role_arn=role.arn,
        )


def _module_policies(
    name: str,
    module: ModuleAccess,
    target: Target,
    *,
    keys: KeysHandle,
    lake: LakeHandle,
    database: DatabaseHandle | None,
    cache: CacheHandle | None,
    streams: StreamsHandle | None,
    secrets: SecretsHandle,
) -> dict[str, str]:
    """A module's inline policies by name (LAKE-7). Keys and the database, whose ids are unknown before the apply, have
    separate policies, so that a plan shows the others."""
    policies: dict[str, str] = {}
    by_key: list[Statement] = []
    if module.lake:
        policies["lake"] = document(*lake_statements(module.lake, lake))  # LAKE-7
        rights = {right for folders in module.lake.values() for right in folders.values()}
        verbs = sorted({verb for right in rights for verb in KEY_VERBS[right]})
        by_key.append(through("s3", verbs, keys.home["lake"], target, sid="LakeKey"))
    if name in secrets.modules:
        read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        own = [
            names.secret_arn_pattern(target, secret_names.secret_name(name, target, purpose))
            for purpose in ("app", *module.secrets)
        ]
        policies["secret"] = document(allow(read, own if module.secrets else own[0]))  # SEC-3
        by_key.append(through("secretsmanager", ["kms:Decrypt"], keys.home["secrets"], target, sid="SecretsKey"))
    if cache and module.cache:
        group = names.arn(target, "elasticache", f"replicationgroup:{cache.instance}")
        policies["cache"] = document(allow("elasticache:Connect", [group, names.cache_user_arn(target, name)]))
    if streams and module.topics:
        policies["topics"] = document(*_topic_statements(name, module.topics, target))  # STREAM-3
    if database and module.database:
        policies["database"] = document(allow("rds-db:connect", f"{database.login_resource}/{name}"))
    if by_key:
        policies["keys"] = document(*by_key)
    return policies


def lake_statements(access: LakeAccess, lake: LakeHandle) -> Iterator[Statement]:
    """Objects of folders and the lists of their names. A role's inline policies have 10,240 characters at most: the
    rule `modules_have_few_products` keeps them below.

    Uploads that a failed job left are not listed, since S3 has no condition for their prefix; the lifecycle removes
    them (LAKE-4). Source: Service Authorization Reference, Amazon S3, ListBucketMultipartUploads.
    """
    verbs: tuple[LakeRight, ...] = ("read", "write", "add")
    for verb in verbs:
        objects = [
            f"{lake.ids[cast(Bucket, bucket)]}/{folder}/*"
            for bucket, folders in access.items()
            for folder, given in folders.items()
            if given == verb
        ]
        if objects:
            only = {"Condition": iam.NEW_ONLY} if verb == "add" else {}
            yield allow(VERBS[verb], objects, Sid=f"{verb.title()}Objects", **only)
    for bucket, folders in access.items():
        if read := [f"{folder}/*" for folder, given in folders.items() if given != "add"]:
            own = {"StringLike": {"s3:prefix": read}}
            yield allow("s3:ListBucket", lake.ids[cast(Bucket, bucket)], Sid=f"List{bucket.title()}", Condition=own)
    if located := [bucket for bucket, folders in access.items() if set(folders.values()) != {"add"}]:
        yield allow("s3:GetBucketLocation", [lake.ids[cast(Bucket, bucket)] for bucket in located], Sid="Locate")


def _topic_statements(name: str, topics: Mapping[str, Access], target: Target) -> Iterator[Statement]:
    """What a module may do with its topics, and with groups of consumers and transactions whose names are its own or
    begin with it and a dot. Source: Amazon MSK Developer Guide, "Authorization policy actions and resources"."""
    yield allow("kafka-cluster:Connect", names.stream_arn(target, "cluster"), Sid="Connect")
    by_access: dict[Access, list[str]] = {"read": [], "write": []}
    for topic, access in topics.items():
        by_access[access].append(names.stream_arn(target, "topic", topic))
    for access, arns in by_access.items():
        if arns:
            yield allow(_TOPIC_VERBS[access], arns, Sid=f"{access.title()}Topics")
    own = (name, f"{name}.*")
    if by_access["read"]:
        groups = [names.stream_arn(target, "group", one) for one in own]
        yield allow(["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"], groups, Sid="Groups")
    if by_access["write"]:
        transactions = [names.stream_arn(target, "transactional-id", one) for one in own]
        actions = ["kafka-cluster:AlterTransactionalId", "kafka-cluster:DescribeTransactionalId"]
        yield allow(actions, transactions, Sid="Transactions")
        yield allow("kafka-cluster:WriteDataIdempotently", names.stream_arn(target, "cluster"), Sid="WriteOnce")


def _bootstrap_policies(target: Target, *, keys: KeysHandle, database: DatabaseHandle) -> dict[str, str]:
    """The bootstrap job reads the administrator's secret, whose name and key are unknown before the apply."""
    read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    key = through("secretsmanager", ["kms:Decrypt"], keys.home["secrets"], target, sid="SecretsKey")
    return {"secret": document(allow(read, database.admin_secret, Sid="AdminSecret"), key)}


def through(service: str, actions: Sequence[str], key: str, target: Target, *, sid: str) -> Statement:
    """The use of a key through a service only."""
    via = {"StringEquals": {"kms:ViaService": f"{service}.{target.region}.amazonaws.com"}}
    return allow(actions, key, Sid=sid, Condition=via)


def components(target: Target, entry: EntryHandle | None, *, database: bool) -> dict[str, Sequence[Statement]]:
    """The platform components and their permissions. The resource is * where the action supports no other."""
    own_groups = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": names.cluster(target)}}
    readers = [names.role_arn(target, name) for name in ("module-*", *((BOOTSTRAP,) if database else ()))]
    return {
        "cluster-autoscaler": [
            allow(
                [
                    "autoscaling:DescribeAutoScalingGroups",
                    "autoscaling:DescribeAutoScalingInstances",
                    "autoscaling:DescribeLaunchConfigurations",
                    "autoscaling:DescribeScalingActivities",
                    "autoscaling:DescribeTags",
                    "ec2:DescribeImages",
                    "ec2:DescribeInstanceTypes",
                    "ec2:DescribeLaunchTemplateVersions",
                    "ec2:GetInstanceTypesFromInstanceRequirements",
                ],
                "*",
                Sid="Look",
            ),
            allow(
                "eks:DescribeNodegroup",
                names.arn(target, "eks", f"nodegroup/{names.cluster(target)}/*"),
                Sid="LookAtPools",
            ),
            allow(
                ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                names.arn(target, "autoscaling", "autoScalingGroup:*"),
                Sid="ScaleOurs",
                Condition=own_groups,
            ),
        ],
        "external-secrets": [allow(["sts:AssumeRole", "sts:TagSession"], readers, Sid="BecomeAModule")],  # SEC-3
        **(_of_entry(target, entry) if entry else {}),
    }


def _of_entry(target: Target, entry: EntryHandle) -> dict[str, Sequence[Statement]]:
    """The components that serve the public entry."""
    zone = f"arn:{names.settings(target).partition}:route53:::hostedzone/{entry.dns_zone}"
    return {
        "external-dns": [
            allow(
                [
                    "route53:ChangeResourceRecordSets",
                    "route53:ListResourceRecordSets",
                    "route53:ListTagsForResources",
                ],
                zone,
                Sid="OwnZone",
            ),
            allow(["route53:ListHostedZones"], "*", Sid="FindZone"),
        ],
        "cert-manager": [
            allow(
                "route53:ChangeResourceRecordSets",
                zone,
                Sid="Challenges",
                Condition={"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]}},
            ),
            allow("route53:ListResourceRecordSets", zone, Sid="OwnZone"),
            allow("route53:GetChange", f"arn:{names.settings(target).partition}:route53:::change/*", Sid="Follow"),
        ],
        "load-balancer": [
            allow(
                [
                    "ec2:DescribeAvailabilityZones",
                    "ec2:DescribeInstances",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                    "elasticloadbalancing:DescribeTargetGroups",
                    "elasticloadbalancing:DescribeTargetHealth",
                ],
                "*",
                Sid="Look",
            ),
            allow(
                ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"],
                entry.target,
                Sid="OwnTargets",
            ),
        ],
    }
