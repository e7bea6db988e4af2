"""Service accounts and role bindings: least privilege, one identity per binding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdktn import ITerraformDependable, TerraformResource, TerraformResourceLifecycle
from cdktn_provider_google.artifact_registry_repository_iam_member import ArtifactRegistryRepositoryIamMember
from cdktn_provider_google.project_iam_member import ProjectIamMember, ProjectIamMemberCondition
from cdktn_provider_google.service_account import ServiceAccount
from cdktn_provider_google.service_account_iam_member import ServiceAccountIamMember
from cdktn_provider_google.storage_bucket import StorageBucket
from cdktn_provider_google.storage_bucket_iam_member import StorageBucketIamMember, StorageBucketIamMemberCondition
from constructs import Construct

from terrace.capabilities.lake import Bucket, LakeHandle
from terrace.capabilities.target import Target
from terrace.gcp import names
from terrace.gcp.providers import service


@dataclass(frozen=True)
class Grant:
    """A role on the project, limited by the condition `only` (CEL)."""

    role: str
    only: str = ""


def role(
    scope: Construct,
    id: str,
    target: Target,
    *,
    purpose: str,
    title: str,
    grants: Mapping[str, Grant] | None = None,
    after: Sequence[TerraformResource] = (),
) -> ServiceAccount:
    """A service account named prefix-purpose, without a key, and its roles on the project by name.

    `after` are the custom roles that the grants refer to.
    """
    service_account = ServiceAccount(
        scope,
        id,
        account_id=names.role_name(target, purpose),
        display_name=title,
        depends_on=[service(scope, "iam")],
    )
    for name, grant in (grants or {}).items():
        project_grant(
            scope, f"{id}-{name}", target, grant, names.member(target, purpose), after=[service_account, *after]
        )
    return service_account


def project_grant(
    scope: Construct,
    id: str,
    target: Target,
    grant: Grant,
    member: str,
    *,
    project: str = "",
    after: Sequence[TerraformResource] = (),
) -> ProjectIamMember:
    """A role of one identity on the environment's project, or on another one. IAM rejects identities that do not exist,
    so `after` includes it."""
    condition = ProjectIamMemberCondition(title="only", expression=grant.only) if grant.only else None
    return ProjectIamMember(
        scope,
        id,
        project=project or names.account(target),
        role=grant.role,
        member=member,
        condition=condition,
        depends_on=[*after, service(scope, "cloudresourcemanager")],
    )


def pod_trust(
    scope: Construct,
    id: str,
    target: Target,
    account: ServiceAccount,
    *,
    namespace: str,
    name: str,
    after: Sequence[TerraformResource],
) -> ServiceAccountIamMember:
    """Lets pods under a Kubernetes service account act as `account`, through GKE's workload identity (K8S-4, SEC-3).

    `after` is the cluster: the project's workload pool exists once a cluster uses it.
    """
    return ServiceAccountIamMember(
        scope,
        id,
        service_account_id=account.name,
        role="roles/iam.workloadIdentityUser",
        member=names.pods(target, namespace, name),
        depends_on=list(after),
    )


def rights(scope: Construct, id: str) -> list[TerraformResource]:
    """The role bindings of the account `id`, for resources that use the account as soon as they exist."""
    children = [child for child in scope.node.children if child.node.id.startswith(f"{id}-")]
    return [child for child in children if isinstance(child, ProjectIamMember | ArtifactRegistryRepositoryIamMember)]


def bucket_right(
    scope: Construct,
    id: str,
    name: Bucket,
    *,
    lake: LakeHandle,
    role: str,
    member: str,
    only: str = "",
    depends_on: Sequence[ITerraformDependable] | None = None,
) -> StorageBucketIamMember:
    """A right on a bucket of the lake, limited by the condition `only` (CEL)."""
    (made,) = (one for one in lake.ready if isinstance(one, StorageBucket) and one.name_input == lake.names[name])
    return StorageBucketIamMember(
        scope,
        id,
        bucket=lake.names[name],
        role=role,
        member=member,
        condition=StorageBucketIamMemberCondition(title="only", expression=only) if only else None,
        lifecycle=made_again_with(made),
        depends_on=depends_on,
    )


def made_again_with(made: TerraformResource) -> TerraformResourceLifecycle:
    """Make a right or a binding again with what it is on, which has the same name then, and no rights."""
    return TerraformResourceLifecycle(
        replace_triggered_by=[f"{made.terraform_resource_type}.{made.friendly_unique_id}.id"]
    )
