"""Checks of KMS keys (KEY-1 to KEY-3)."""

import json
from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import allows, condition_keys, principals, statements
from terrace.assurance.evaluation import Observation, at_most, check, equal
from terrace.aws import names
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, Purpose
from terrace.live.aws.checks import Deployment

# actions that decrypt or encrypt, or grant others the right to
_USE = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant")


def alias(deployment: Deployment, purpose: Purpose, region: str | None = None) -> str:
    """The alias of a purpose's key, the same in both regions; the ARN of an existing key, which is in the home one."""
    own = f"alias/{deployment.prefix}-{purpose}"
    return deployment.target.existing.keys.get(purpose, own) if region in (None, deployment.target.region) else own


def key(deployment: Deployment, purpose: Purpose, region: str | None = None) -> dict[str, Any]:
    """The metadata of the key behind a purpose's alias. Raises Absent."""
    answer = deployment.call("kms", "describe_key", region=region, KeyId=alias(deployment, purpose, region))
    metadata: dict[str, Any] = answer["KeyMetadata"]
    return metadata


def own(deployment: Deployment) -> tuple[Purpose, ...]:
    """The purposes whose key is the deployment's own."""
    return tuple(purpose for purpose in PURPOSES if purpose not in deployment.target.existing.keys)


def deployed(deployment: Deployment) -> None:
    """Raises Absent if there is no key of the deployment's own, so that it was never deployed."""
    for purpose in own(deployment)[:1]:
        key(deployment, purpose)


def used(
    deployment: Deployment, resource: str, name: str, reference: str | None, purpose: Purpose, region: str | None = None
) -> Observation:
    """Whether `reference` (an ARN, id or alias) is the purpose's key."""
    metadata, expected = key(deployment, purpose, region), alias(deployment, purpose, region)
    meant = {metadata["Arn"], metadata["KeyId"], expected}
    good = reference is not None and (reference in meant or reference.endswith(f":{expected}"))
    return Observation(resource, f"{name} = {expected if good else reference or 'unset'}", good, expected)


def sealed(
    deployment: Deployment, resource: str, name: str, reference: str | None, purpose: Purpose, kind: str
) -> Observation:
    """Whether `reference` is the purpose's key; any, on an existing resource of the kind whose key is not named."""
    if kind in deployment.target.existing.kinds and purpose not in deployment.target.existing.keys:
        return Observation(resource, f"{name} = {reference or 'unset'}", bool(reference), "a key of the customer")
    return used(deployment, resource, name, reference, purpose)


def _everywhere(deployment: Deployment) -> Iterator[tuple[Purpose, str]]:
    for purpose in PURPOSES:
        yield purpose, deployment.target.region
    if deployment.target.recovery_region:
        for purpose in RECOVERY_PURPOSES:
            yield purpose, deployment.target.recovery_region


@check("KEY-1")
def own_key_rotated(deployment: Deployment) -> Iterator[Observation]:
    owners: dict[str, str] = {}
    for purpose, region in _everywhere(deployment):
        metadata, resource = key(deployment, purpose, region), f"{alias(deployment, purpose, region)} ({region})"
        yield equal(resource, "KeyManager", metadata.get("KeyManager"), "CUSTOMER")
        other = owners.setdefault(metadata["Arn"], resource)
        yield Observation(
            resource, "has its own key" if other == resource else f"shares the key of {other}", other == resource
        )
        if metadata.get("KeyState") == "PendingDeletion":
            continue  # KEY-2 reports it; its rotation is off
        rotation = deployment.call("kms", "get_key_rotation_status", region=region, KeyId=metadata["Arn"])
        yield equal(resource, "KeyRotationEnabled", rotation.get("KeyRotationEnabled"), True)
        if rotation.get("KeyRotationEnabled"):
            days = deployment.environment.keys.rotation_days
            yield at_most(resource, "RotationPeriodInDays", rotation.get("RotationPeriodInDays"), days)


@check("KEY-2")
def none_under_destruction(deployment: Deployment) -> Iterator[Observation]:
    # the waiting time is a parameter of the deletion, so only pending deletions can be read
    for purpose, region in _everywhere(deployment):
        metadata, resource = key(deployment, purpose, region), f"{alias(deployment, purpose, region)} ({region})"
        yield equal(resource, "KeyState", metadata.get("KeyState"), "Enabled")


@check("KEY-3")
def least_use(deployment: Deployment) -> Iterator[Observation]:
    for purpose, region in _everywhere(deployment):
        arn, resource = key(deployment, purpose, region)["Arn"], f"{alias(deployment, purpose, region)} ({region})"
        answer = deployment.call("kms", "get_key_policy", region=region, KeyId=arn, PolicyName="default")
        open_ones = [
            statement.get("Sid", "without Sid")
            for statement in statements(json.loads(answer["Policy"]))
            if any(allows(statement, action) for action in _USE) and _open(deployment, statement)
        ]
        fact = f"use without a condition in {', '.join(open_ones)}" if open_ones else "each use has a condition"
        yield Observation(resource, fact, not open_ones, "kms:ViaService, aws:SourceAccount or one principal")


def _open(deployment: Deployment, statement: dict[str, Any]) -> bool:
    """Whether anyone, or any identity of the account by its own IAM policy, may use the key."""
    wide = {"*", names.root(deployment.target), names.account(deployment.target)}
    if not wide & set(principals(statement)) and not principals(statement, "Service"):
        return False
    narrowing = {
        "kms:viaservice", "kms:encryptioncontext:aws:logs:arn",
        "aws:sourceaccount", "aws:sourcearn", "aws:principalarn",
    }  # fmt: skip
    return not narrowing & condition_keys(statement)
