"""IAM: pipelines by OIDC federation, modules and platform components by EKS Pod Identity (ID-1, LAKE-7, SEC-3)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, cast

from cdktn import TerraformResource
from cdktn_provider_aws.eks_pod_identity_association import EksPodIdentityAssociation
from cdktn_provider_aws.iam_openid_connect_provider import IamOpenidConnectProvider
from cdktn_provider_aws.iam_role import IamRole
from constructs import Construct

from terrace.aws import iam, names
from terrace.aws import secrets as secret_names
from terrace.aws.iam import Statement, allow, document
from terrace.aws.permissions import PASSED_TO
from terrace.capabilities.cache import CacheHandle
from terrace.capabilities.cluster import ClusterHandle
from terrace.capabilities.database import DatabaseHandle
from terrace.capabilities.entry import EntryHandle
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.identity import IdentitySpec, ModuleSpec, PipelinesHandle, WorkloadIdentitiesHandle
from terrace.capabilities.keys import KeysHandle
from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.secrets import SecretsHandle
from terrace.capabilities.spec import Access
from terrace.capabilities.target import Target

GITHUB = "token.actions.githubusercontent.com"

VERBS: Mapping[Access, Sequence[str]] = {
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
}
"""What an access to a layer's objects means; who writes tables must read them."""

_KEY_VERBS: Mapping[Access, Sequence[str]] = {
    "read": ("kms:Decrypt",),
    "write": ("kms:Decrypt", "kms:GenerateDataKey"),
}


class Component(NamedTuple):
    """A part of the platform that runs in the cluster; `account` is the service account of its chart."""

    namespace: str
    account: str
    rights: Sequence[Statement]


class Pipelines(Construct):
    """Roles for the repository's workflows: pull requests and the main branch plan, the environment's jobs apply.

    The provider of GitHub's tokens exists once an account. Source: GitHub documentation, "Configuring OpenID Connect in
    Amazon Web Services".
    """

    def __init__(
        self, scope: Construct, id: str, spec: IdentitySpec, target: Target, *, governance: GovernanceHandle
    ) -> None:
        super().__init__(scope, id)
        before: list[TerraformResource] = []
        if names.settings(target).owns_account:
            github = IamOpenidConnectProvider(
                self, "github", url=f"https://{GITHUB}", client_id_list=["sts.amazonaws.com"]
            )
            before.append(github)
        plan = iam.role(
            self,
            "plan",
            target,
            purpose="ci-plan",
            trust=_federated_trust(
                target,
                f"repo:{spec.repository}:pull_request",
                f"repo:{spec.repository}:ref:refs/heads/{spec.main_branch}",
            ),  # ID-1
            governance=governance,
            policies={"state": _planning_policy(target), "no-data": _no_data_policy(target)},
            managed=["ReadOnlyAccess"],  # ID-1
            after=before,
        )
        apply = iam.role(
            self,
            "apply",
            target,
            purpose="ci-apply",
            trust=_federated_trust(target, f"repo:{spec.repository}:environment:{target.environment}"),  # ID-1
            governance=governance,
            policies={"roles": _roles_policy(target)},
            managed=["PowerUserAccess"],
            after=before,
        )
        self.handle = PipelinesHandle(plan=plan.arn, apply=apply.arn)


class WorkloadIdentities(Construct):
    """A role for each module and platform component, bound to its service account by EKS Pod Identity.

    A module gets what it declares and nothing else (LAKE-7): its layers and verbs, its secret, its user of the database
    and of the cache. external-secrets has no right but to become a module (SEC-3).
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        modules: Mapping[str, ModuleSpec],
        target: Target,
        *,
        keys: KeysHandle,
        cluster: ClusterHandle,
        lake: LakeHandle,
        database: DatabaseHandle,
        cache: CacheHandle,
        secrets: SecretsHandle,
        entry: EntryHandle,
        governance: GovernanceHandle,
    ) -> None:
        super().__init__(scope, id)
        platform: dict[str, IamRole] = {}
        for name, component in components(target, entry).items():
            platform[name] = iam.role(
                self,
                name,
                target,
                purpose=name,
                trust=iam.pod_trust(target),
                governance=governance,
                policies={"rights": document(*component.rights)},
            )
            self._bind(name, component.namespace, component.account, platform[name], cluster)
        roles: dict[str, IamRole] = {}
        for name, module in modules.items():
            policies = _module_policies(
                name, module, target, keys=keys, lake=lake, database=database, cache=cache, secrets=secrets
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
            self._bind(f"module-{name}", module.namespace or name, name, roles[name], cluster)  # SEC-3
        self.handle = WorkloadIdentitiesHandle(
            modules={name: role.arn for name, role in roles.items()},
            platform={name: role.arn for name, role in platform.items()},
        )

    def _bind(self, id: str, namespace: str, account: str, role: IamRole, cluster: ClusterHandle) -> None:
        EksPodIdentityAssociation(
            self,
            f"{id}-identity",
            cluster_name=cluster.name,
            namespace=namespace,
            service_account=account,
            role_arn=role.arn,
        )


def _federated_trust(target: Target, *subjects: str) -> str:
    """Lets GitHub's jobs with exactly these subjects assume the role (ID-1)."""
    return document(
        Statement(
            Effect="Allow",
            Principal={"Federated": names.arn(target, "iam", f"oidc-provider/{GITHUB}", region="")},
            Action=["sts:AssumeRoleWithWebIdentity"],
            Condition={
                "StringEquals": {
                    f"{GITHUB}:aud": "sts.amazonaws.com",
                    f"{GITHUB}:sub": subjects[0] if len(subjects) == 1 else list(subjects),
                }
            },
        )
    )


def _state_arn(target: Target) -> str:
    return f"arn:{names.settings(target).partition}:s3:::{names.state_bucket(target)}"


def _planning_policy(target: Target) -> str:
    """What a plan needs beyond reading: the lock beside its own state, and AWS's password generator, which reveals
    nothing of ours (the plan of an environment that exists asks it; see secrets.py)."""
    own_state = f"{_state_arn(target)}/{target.environment}/"
    return document(
        allow(["s3:DeleteObject", "s3:PutObject"], f"{own_state}*.tflock", Sid="LockOwnState"),
        allow("secretsmanager:GetRandomPassword", "*", Sid="Random"),  # the action knows no resource
    )


def _no_data_policy(target: Target) -> str:
    """ReadOnlyAccess reads data, too; a plan must not: no secret, no object but states, no decryption but theirs."""
    states = [_state_arn(target), f"{_state_arn(target)}/*"]
    return document(
        Statement(
            Sid="NoSecrets",
            Effect="Deny",
            Action=["secretsmanager:BatchGetSecretValue", "secretsmanager:GetSecretValue", "ssm:GetParameter*"],
            Resource="*",
        ),
        Statement(
            Sid="NoObjects",
            Effect="Deny",
            Action=["s3:GetObject", "s3:GetObjectVersion"],
            NotResource=states,
        ),
        Statement(
            Sid="NoDecryption",
            Effect="Deny",
            Action=["kms:Decrypt"],
            Resource="*",
            Condition={"StringNotLike": {"kms:EncryptionContext:aws:s3:arn": states}},
        ),
    )


def _roles_policy(target: Target) -> str:
    """What PowerUserAccess leaves out and the foundation needs: IAM, on our own names and under the boundary."""
    roles = names.arn(target, "iam", f"role/{target.prefix}-*", region="")
    policies = names.arn(target, "iam", f"policy/{target.prefix}-*", region="")
    under_boundary = {"StringEquals": {"iam:PermissionsBoundary": names.boundary_arn(target)}}
    statements = [
        allow(
            [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            roles,
            Sid="RolesUnderTheBoundary",
            Condition=under_boundary,
        ),
        allow(
            [
                "iam:DeleteRole",
                "iam:Get*",
                "iam:List*",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles,
            Sid="Roles",
        ),
        allow(
            [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:Get*",
                "iam:List*",
                "iam:TagPolicy",
                "iam:UntagPolicy",
            ],
            policies,
            Sid="Policies",
        ),
        allow(
            "iam:PassRole", roles, Sid="PassToServices", Condition={"StringEquals": {"iam:PassedToService": PASSED_TO}}
        ),
    ]
    if names.settings(target).owns_account:
        provider = names.arn(target, "iam", f"oidc-provider/{GITHUB}", region="")
        statements += [
            # whatever the one provider takes; and a policy that is the account's, whose actions know no resource
            allow("iam:*OpenIDConnectProvider*", provider, Sid="PipelineProvider"),
            allow("iam:*AccountPasswordPolicy", "*", Sid="PasswordPolicy"),
        ]
    return document(*statements)


def _module_policies(
    name: str,
    module: ModuleSpec,
    target: Target,
    *,
    keys: KeysHandle,
    lake: LakeHandle,
    database: DatabaseHandle,
    cache: CacheHandle,
    secrets: SecretsHandle,
) -> dict[str, str]:
    """A module's inline policies by name (LAKE-7). Those on keys and on the database, whose ids are unknown until they
    are made, stand apart, so that a plan shows the others."""
    policies: dict[str, str] = {}
    by_key: list[Statement] = []
    layers = cast(Mapping[Bucket, Access], module.lake)
    if layers:
        verbs = [
            allow(VERBS[access], f"{lake.ids[bucket]}/*", Sid=f"{access.title()}{bucket.title()}")
            for bucket, access in layers.items()
        ]
        listing = allow(["s3:GetBucketLocation", "s3:ListBucket"], [lake.ids[bucket] for bucket in layers], Sid="List")
        policies["lake"] = document(*verbs, listing)  # LAKE-7
        access: Access = "write" if "write" in layers.values() else "read"
        by_key.append(_through("s3", _KEY_VERBS[access], keys.home["lake"], target, sid="LakeKey"))
    if name in secrets.modules:
        read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        own = names.secret_arn_pattern(target, secret_names.secret_name(name, target))
        policies["secret"] = document(allow(read, own))  # SEC-3
        by_key.append(_through("secretsmanager", ["kms:Decrypt"], keys.home["secrets"], target, sid="SecretsKey"))
    if module.cache:
        group = names.arn(target, "elasticache", f"replicationgroup:{cache.instance}")
        policies["cache"] = document(allow("elasticache:Connect", [group, names.cache_user_arn(target, name)]))
    if module.database:
        policies["database"] = document(allow("rds-db:connect", f"{database.login_resource}/{name}"))
    if by_key:
        policies["keys"] = document(*by_key)
    return policies


def _through(service: str, actions: Sequence[str], key: str, target: Target, *, sid: str) -> Statement:
    via = {"StringEquals": {"kms:ViaService": f"{service}.{target.region}.amazonaws.com"}}
    return allow(actions, key, Sid=sid, Condition=via)


def components(target: Target, entry: EntryHandle) -> dict[str, Component]:
    """What the platform runs for everybody, and its rights. A * stands where the action knows no resource."""
    ours = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": target.prefix}}
    zone = f"arn:{names.settings(target).partition}:route53:::hostedzone/{entry.dns_zone}"
    modules = names.role_arn(target, "module-*")
    return {
        "cluster-autoscaler": Component(
            "kube-system",
            "cluster-autoscaler",
            [
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
                    "eks:DescribeNodegroup", names.arn(target, "eks", f"nodegroup/{target.prefix}/*"), Sid="LookAtPools"
                ),
                allow(
                    ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
                    names.arn(target, "autoscaling", "autoScalingGroup:*"),
                    Sid="ScaleOurs",
                    Condition=ours,
                ),
            ],
        ),
        "external-secrets": Component(
            "external-secrets",
            "external-secrets",
            [allow(["sts:AssumeRole", "sts:TagSession"], modules, Sid="BecomeAModule")],  # SEC-3
        ),
        "external-dns": Component(
            "external-dns",
            "external-dns",
            [
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
        ),
        "load-balancer": Component(
            "kube-system",
            "aws-load-balancer-controller",
            [
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
        ),
    }
