"""IAM policy documents and roles: least privilege, every role with the permissions boundary (ID-2)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

from cdktn import TerraformResource
from cdktn_provider_aws.iam_role import IamRole
from cdktn_provider_aws.iam_role_policy import IamRolePolicy
from cdktn_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from terrace.aws import names
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.target import Target

NEW_ONLY = {"Null": {"s3:if-none-match": "false"}}
"""Only uploads that S3 refuses if the name is taken. Source: S3 User Guide, "Enforce conditional writes"."""


class Statement(TypedDict):
    Sid: NotRequired[str]
    Effect: str
    Principal: NotRequired[Any]
    Action: NotRequired[str | Sequence[str]]
    NotAction: NotRequired[Sequence[str]]
    Resource: NotRequired[str | Sequence[str]]
    NotResource: NotRequired[str | Sequence[str]]
    Condition: NotRequired[Mapping[str, Mapping[str, Any]]]


def document(*statements: Statement) -> str:
    """A policy document as JSON; tokens stay unresolved."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | Sequence[str], resource: str | Sequence[str], **keys: Any) -> Statement:
    """An Allow statement; `keys` may have Sid and Condition."""
    return cast(Statement, {**keys, "Effect": "Allow", "Action": action, "Resource": resource})


def service_trust(target: Target, service: str, *, source_account: bool = True) -> str:
    """Lets an AWS service assume the role, for this account only. EC2 and EKS send no source account."""
    statement = Statement(Effect="Allow", Principal={"Service": service}, Action=["sts:AssumeRole"])
    if source_account:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": names.account(target)}}
    return document(statement)


def pod_trust(target: Target, *, also: Sequence[str] = ()) -> str:
    """Lets pods of the cluster assume the role through EKS Pod Identity, and the role ARNs in `also` (SEC-3)."""
    pods = Statement(
        Effect="Allow",
        Principal={"Service": "pods.eks.amazonaws.com"},
        Action=["sts:AssumeRole", "sts:TagSession"],
        Condition={
            "StringEquals": {"aws:SourceAccount": names.account(target)},
            "ArnEquals": {"aws:SourceArn": names.cluster_arn(target)},
        },
    )
    others = Statement(Effect="Allow", Principal={"AWS": list(also)}, Action=["sts:AssumeRole", "sts:TagSession"])
    return document(pods, *([others] if also else []))


def role(
    scope: Construct,
    id: str,
    target: Target,
    *,
    purpose: str,
    trust: str,
    governance: GovernanceHandle,
    policies: Mapping[str, str] | None = None,
    managed: Sequence[str] = (),
    max_session_seconds: int = 3600,
    after: Sequence[TerraformResource] = (),
) -> IamRole:
    """A role named prefix-purpose with the boundary. `policies` are inline documents, `managed` names of AWS policies.

    Put statements that refer to a key (unknown before the apply) into a separate document, so that a plan shows the
    others. `after` are resources that the trust names by string: IAM rejects principals that do not exist.
    """
    iam_role = IamRole(
        scope,
        id,
        name=names.role_name(target, purpose),
        assume_role_policy=trust,
        permissions_boundary=governance.ceiling,
        max_session_duration=max_session_seconds,
        depends_on=list(after),
    )
    for name, text in (policies or {}).items():
        IamRolePolicy(scope, f"{id}-{name}", name=name, role=iam_role.name, policy=text)
    for name in managed:
        IamRolePolicyAttachment(
            scope, f"{id}-{name.rsplit('/', 1)[-1]}", role=iam_role.name, policy_arn=names.managed_policy(target, name)
        )
    return iam_role


def rights(scope: Construct, id: str) -> list[TerraformResource]:
    """The policies that `role` attached to the role `id`, for resources that use the role as soon as they exist."""
    children = [child for child in scope.node.children if child.node.id.startswith(f"{id}-")]
    return [child for child in children if isinstance(child, IamRolePolicy | IamRolePolicyAttachment)]
