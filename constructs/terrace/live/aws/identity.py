"""Checks of identities and their rights (ID-1, ID-2)."""

from collections.abc import Iterator

from terrace.assurance.checks.aws.lookup import allows, condition, principals, statements, values
from terrace.assurance.evaluation import Observation, check, empty, equal, includes
from terrace.aws import names
from terrace.live import access
from terrace.live.aws.checks import Deployment

_NEVER = ("iam:CreateUser", "s3:PutObject", "s3:DeleteBucket", "ec2:TerminateInstances", "rds:DeleteDBInstance")
_DATA = ("secretsmanager:GetSecretValue", "s3:GetObject", "kms:Decrypt")


@check("ID-1")
def federated(deployment: Deployment) -> Iterator[Observation]:
    identity, name = deployment.environment.identity, deployment.environment.name
    provider, subject = names.identity_provider(deployment.target, identity), f"{identity.issuer_host}:sub"
    found = deployment.call("iam", "list_open_id_connect_providers")["OpenIDConnectProviderList"]
    yield includes("account", "OIDC providers", [entry["Arn"] for entry in found], [provider])
    for purpose, workflows in identity.workflows(name, deployment.environment.tier).items():
        role = names.role_name(deployment.target, f"ci-{purpose}")
        described = deployment.call("iam", "get_role", RoleName=role)["Role"]
        trusts = statements(described["AssumeRolePolicyDocument"])
        yield equal(f"role {role}", "trusted principals", sorted({p for t in trusts for p in _trusted(t)}), [provider])
        subjects = [one for trust in trusts for one in condition(trust, "StringEquals", subject)]
        unbound = [trust.get("Sid", "one") for trust in trusts if not condition(trust, "StringEquals", subject)]
        yield empty(f"role {role}", "trust statements without a workflow", unbound)
        yield equal(f"role {role}", "trusted workflows", sorted(subjects), sorted(workflows))
        bound = described.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        yield equal(f"role {role}", "boundary", bound, names.boundary_arn(deployment.target))
    yield from _plan_reads(deployment)


def _trusted(trust: dict[str, object]) -> list[str]:
    return [*principals(trust, "Federated"), *principals(trust), *principals(trust, "Service")]


def _plan_reads(deployment: Deployment) -> Iterator[Observation]:
    role = names.role_name(deployment.target, "ci-plan")
    attached = deployment.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    yield equal(f"role {role}", "attached policies", [policy["PolicyName"] for policy in attached], ["ReadOnlyAccess"])
    inline = [
        statement
        for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role)
        for statement in statements(
            deployment.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
        )
    ]
    # a plan writes nothing but new bundles of plans
    granted = [one for one in inline if not _creates_bundles(one)]
    writes = [action for action in _NEVER if any(allows(statement, action) for statement in granted)]
    yield empty(f"role {role}", "allowed write actions", writes)
    refused = [statement for statement in inline if statement.get("Effect") == "Deny"]
    unread = [action for action in _DATA if any(allows({**deny, "Effect": "Allow"}, action) for deny in refused)]
    yield includes(f"role {role}", "denied read actions", unread, _DATA)


def _creates_bundles(statement: dict[str, object]) -> bool:
    """Whether a statement allows to create objects beside the states, and not to replace any."""
    only_new = condition(statement, "Null", "s3:if-none-match") == ["false"]
    return only_new and all(place.endswith("/plans/*") for place in values(statement.get("Resource")))


@check("ID-2")
def declared_only(deployment: Deployment) -> Iterator[Observation]:
    yield from access.observations(deployment, deployment.environment, deployment.target, "ID-2")
