"""Checks of Secrets Manager (SEC-1 to SEC-4)."""

from collections.abc import Iterator

from terrace.assurance.checks.aws.lookup import condition, covers, principals, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, asked, at_most, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.identity import ServiceAccount, given_secret
from terrace.live.aws import database, keys
from terrace.live.aws.checks import Deployment, pod_identities

_CHANGES = ("PutSecretValue", "UpdateSecret", "DeleteSecret", "PutResourcePolicy", "ReplicateSecretToRegions")
"""What the policy of a module's secret denies to others, besides reading it."""


def modules(deployment: Deployment) -> list[str]:
    """The modules that use the foundation; each has a secret of its own."""
    return list(deployment.environment.foundation_modules)


def secrets(deployment: Deployment, module: str) -> list[str]:
    """The names of a module's own secret and of its given ones."""
    given = deployment.environment.foundation_modules[module].given_secrets
    own = f"{deployment.prefix}/{module}/app"
    return [own, *(given_secret(module, purpose, deployment.prefix) for purpose in given)]


@check("SEC-1")
def kept_in_the_manager(deployment: Deployment) -> Iterator[Observation]:
    for name in (name for module in _wanted(deployment) for name in secrets(deployment, module)):
        described = deployment.call("secretsmanager", "describe_secret", SecretId=name)
        yield keys.used(deployment, name, "KmsKeyId", described.get("KmsKeyId"), "secrets")
        yield equal(name, "scheduled for deletion", described.get("DeletedDate"), None)
        stages = [stage for version in described.get("VersionIdsToStages", {}).values() for stage in version]
        yield includes(name, "version stages", stages, ["AWSCURRENT"])
        if region := deployment.target.recovery_region:
            copies = [copy["Region"] for copy in described.get("ReplicationStatus", [])]
            yield includes(name, "replicas", copies, [region])


@check("SEC-2")
def admin_rotated(deployment: Deployment) -> Iterator[Observation]:
    asked(deployment.environment.database, "database")
    server = database.server(deployment)
    resource = f"secret of {server['DBInstanceIdentifier']}"
    managed = server.get("MasterUserSecret") or {}
    yield equal(resource, "SecretStatus", managed.get("SecretStatus"), "active")
    if managed:
        yield keys.used(deployment, resource, "KmsKeyId", managed.get("KmsKeyId"), "secrets")
        described = deployment.call("secretsmanager", "describe_secret", SecretId=managed["SecretArn"])
        yield equal(resource, "RotationEnabled", described.get("RotationEnabled"), True)
        days = described.get("RotationRules", {}).get("AutomaticallyAfterDays")
        expected = deployment.environment.secrets.database_rotation_days
        yield at_most(resource, "AutomaticallyAfterDays", days, expected)


@check("SEC-3")
def own_identity(deployment: Deployment) -> Iterator[Observation]:
    for module in _wanted(deployment):
        role = names.role_arn(deployment.target, f"module-{module}")
        for name in secrets(deployment, module):
            policy = deployment.call("secretsmanager", "get_resource_policy", SecretId=name).get("ResourcePolicy")
            readers = _only_readers(policy) if policy else []
            good = role in readers and "*" not in readers
            yield Observation(
                name,
                f"readable by {', '.join(readers) or 'every identity that IAM permits'}",
                good,
                f"{role} and the pipelines",
            )
            left = [action for action in _CHANGES if not _denied(policy, action)] if policy else list(_CHANGES)
            yield empty(name, "changes that the policy does not deny", left)
        namespace = deployment.environment.enabled_modules[module].namespace
        found = pod_identities(deployment, ServiceAccount(namespace, module))
        resource = f"pod identity {namespace}/{module}"
        yield equal(resource, "associations", len(found), 1)
        for association in found:
            answer = deployment.call(
                "eks",
                "describe_pod_identity_association",
                clusterName=deployment.cluster,
                associationId=association["associationId"],
            )
            yield equal(resource, "roleArn", answer["association"]["roleArn"], role)


def _denied(policy: str, action: str) -> bool:
    """Whether a policy denies an action to all but those whom a condition names."""
    return any(
        statement.get("Effect") == "Deny"
        and covers(values(statement.get("Action")), f"secretsmanager:{action}")
        and principals(statement) == ["*"]
        and bool(condition(statement, "ArnNotEquals", "aws:PrincipalArn"))
        for statement in statements(policy)
    )


@check("SEC-4")
def rotation_named(deployment: Deployment) -> Iterator[Observation]:
    days = str(deployment.environment.secrets.rotation_days)
    for module in _wanted(deployment):
        for name in secrets(deployment, module):
            described = deployment.call("secretsmanager", "describe_secret", SecretId=name)
            tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
            yield equal(name, "rotated-by", tags.get("rotated-by"), module)
            yield equal(name, "rotation-days", tags.get("rotation-days"), days)


def _only_readers(policy: str) -> list[str]:
    """The principals that a deny statement exempts."""
    for statement in statements(policy):
        reads = covers(values(statement.get("Action")), "secretsmanager:GetSecretValue")
        if statement.get("Effect") == "Deny" and reads:
            spared = [
                *condition(statement, "ArnNotEquals", "aws:PrincipalArn"),
                *condition(statement, "ArnNotLike", "aws:PrincipalArn"),
                *condition(statement, "StringNotEquals", "aws:PrincipalArn"),
            ]
            if spared:
                return spared
    return []


def _wanted(deployment: Deployment) -> list[str]:
    enabled = modules(deployment)
    if not enabled:
        raise NotRequired("no enabled module uses the foundation (modules)")
    return enabled
