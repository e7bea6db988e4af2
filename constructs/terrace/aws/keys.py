"""KMS keys, one per purpose, in the home region and, for copied data, in the recovery region."""

from collections.abc import Mapping
from typing import NamedTuple

from cdktn import TerraformProvider
from cdktn_provider_aws.kms_alias import KmsAlias
from cdktn_provider_aws.kms_key import KmsKey
from constructs import Construct

from terrace.aws import names, providers
from terrace.aws.iam import Statement, document
from terrace.capabilities.keys import PURPOSES, RECOVERY_PURPOSES, KeysHandle, KeysSpec, Purpose
from terrace.capabilities.target import Target


class _Users(NamedTuple):
    """Who may use a key: `via` are services through which the account's identities use it (kms:ViaService, without
    region and suffix); `services` are principals that use it directly."""

    via: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


USERS: Mapping[Purpose, _Users] = {
    "lake": _Users(via=("s3",)),
    "audit": _Users(via=("s3",), services=("cloudtrail", "config", "guardduty")),
    "database": _Users(via=("rds",), services=("rds",)),
    "cluster": _Users(via=("eks",), services=("eks",)),
    "disks": _Users(via=("ec2",)),
    "logs": _Users(),  # only CloudWatch Logs, by its regional principal
    "secrets": _Users(via=("secretsmanager",), services=("rds",)),
    "registry": _Users(via=("ecr",), services=("ecr",)),
    "cache": _Users(via=("elasticache",), services=("elasticache",)),
    "events": _Users(
        via=("sns", "sqs", "scheduler"),
        services=(
            "cloudwatch",
            "events",
            "events.rds",
            "budgets",
            "costalerts",
            "backup",
            "scheduler",
            "cloudtrail",
            "elasticache",
        ),
    ),
    "backups": _Users(via=("backup", "s3"), services=("backup",)),
}

_USE = (
    "kms:Encrypt",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:DescribeKey",
    "kms:RetireGrant",
)
_ADMINISTER = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListAliases",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""Without Decrypt, and without CreateGrant, with which administrators could grant themselves Decrypt."""


class Keys(Construct):
    """A key with alias `alias/prefix-purpose` per purpose. Source: AWS KMS Developer Guide, "Key policies"."""

    def __init__(self, scope: Construct, id: str, spec: KeysSpec, target: Target, *, streams: bool) -> None:
        super().__init__(scope, id)
        self._users = {**USERS, "events": _with_streams(USERS["events"])} if streams else USERS
        home = {
            purpose: target.existing.keys.get(purpose) or self._key(purpose, spec, target, target.region)
            for purpose in PURPOSES
        }
        away: dict[Purpose, str] = {}
        if target.recovery_region:
            provider = providers.recovery(self)
            away = {
                purpose: self._key(purpose, spec, target, target.recovery_region, provider)
                for purpose in RECOVERY_PURPOSES
            }
        self.handle = KeysHandle(home=home, recovery=away)

    def _key(
        self, purpose: Purpose, spec: KeysSpec, target: Target, region: str, provider: TerraformProvider | None = None
    ) -> str:
        id = purpose if provider is None else f"{purpose}-recovery"
        key = KmsKey(
            self,
            id,
            provider=provider,
            description=f"{target.prefix} {purpose}",
            key_usage="ENCRYPT_DECRYPT",
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,  # KEY-1
            deletion_window_in_days=spec.deletion_window_days,  # KEY-2
            policy=_key_policy(target, purpose, region, self._users[purpose]),  # KEY-3
            tags={"Name": f"{target.prefix}-{purpose}", "purpose": purpose},
        )
        KmsAlias(
            self,
            f"{id}-alias",
            provider=provider,
            name=f"alias/{target.prefix}-{purpose}",
            target_key_id=key.key_id,
        )
        return key.arn


def _with_streams(users: _Users) -> _Users:
    """MSK uses a key by grants, which it gets from who creates the cluster. Source: Amazon MSK Developer Guide, "MSK
    encryption at rest"."""
    return users._replace(via=(*users.via, "kafka"))


def _key_policy(target: Target, purpose: Purpose, region: str, users: _Users) -> str:
    """The policy of a purpose's key in a region (KEY-3).

    The account administers the key but cannot decrypt with it. Its identities use the key only through the purpose's
    services, and only with a policy of their own that allows it; a service uses it only on this account's behalf.
    """
    account, account_root = names.account(target), {"AWS": names.root(target)}
    statements = [
        Statement(Sid="Administer", Effect="Allow", Principal=account_root, Action=_ADMINISTER, Resource="*"),
    ]
    if users.via:
        through = {
            "kms:CallerAccount": account,
            "kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in users.via],
        }
        statements += _use_and_grant("ThroughService", account_root, {"StringEquals": through})
    if users.services:
        principal = {"Service": [f"{service}.amazonaws.com" for service in users.services]}
        statements += _use_and_grant("Service", principal, {"StringEquals": {"aws:SourceAccount": account}})
    if purpose == "logs":
        # CloudWatch Logs sends no source account; it names the log group in the encryption context
        groups = names.arn(target, "logs", "log-group:*", region=region)
        statements += _use_and_grant(
            "Logs",
            {"Service": f"logs.{region}.amazonaws.com"},
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            grant=False,
        )
    if purpose == "disks":
        # Auto Scaling starts the nodes. Its role has no policy on keys, so the key's policy must name it, in a
        # condition: a principal must exist, and a new account does not have that role yet.
        scaling = names.arn(
            target,
            "iam",
            "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
            region="",
        )
        statements += _use_and_grant(
            "NodeDisks",
            {"AWS": "*"},
            {"StringEquals": {"kms:CallerAccount": account}, "ArnEquals": {"aws:PrincipalArn": scaling}},
        )
    if purpose == "lake" and region == target.region:
        # Macie searches the lake if the environment enables it (LAKE-8). Without Macie its role does not exist.
        macie = names.arn(
            target, "iam", "role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie", region=""
        )
        statements.append(
            Statement(
                Sid="DataDiscovery",
                Effect="Allow",
                Principal={"AWS": "*"},
                Action="kms:Decrypt",
                Resource="*",
                Condition={"StringEquals": {"kms:CallerAccount": account}, "ArnEquals": {"aws:PrincipalArn": macie}},
            )
        )
    return document(*statements)


def _use_and_grant(
    sid: str, principal: Mapping[str, object], condition: Mapping[str, Mapping[str, object]], *, grant: bool = True
) -> list[Statement]:
    """Use under a condition; grants only by AWS services on a resource's behalf."""
    use = Statement(
        Sid=f"{sid}Use", Effect="Allow", Principal=principal, Action=_USE, Resource="*", Condition=condition
    )
    if not grant:
        return [use]
    for_resource = {**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        use,
        Statement(
            Sid=f"{sid}Grant",
            Effect="Allow",
            Principal=principal,
            Action="kms:CreateGrant",
            Resource="*",
            Condition=for_resource,
        ),
    ]
