"""A storage account for a bucket of the platform: private, versioned, encrypted, with a lifecycle (LAKE-1 to LAKE-4).

All buckets are created here, so that they differ only by arguments. A bucket is an account with a container of the
bucket's name: keys, network, versions and lifecycle are settings of the account, so buckets cannot share one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cdktn import TerraformResource
from cdktn_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
)
from cdktn_provider_azurerm.storage_account import (
    StorageAccount,
    StorageAccountBlobProperties,
    StorageAccountBlobPropertiesContainerDeleteRetentionPolicy,
    StorageAccountBlobPropertiesDeleteRetentionPolicy,
    StorageAccountCustomerManagedKey,
    StorageAccountIdentity,
    StorageAccountNetworkRules,
    StorageAccountSasPolicy,
)
from cdktn_provider_azurerm.storage_container import StorageContainer
from cdktn_provider_azurerm.storage_container_immutability_policy import StorageContainerImmutabilityPolicy
from cdktn_provider_azurerm.storage_management_policy import (
    StorageManagementPolicy,
    StorageManagementPolicyRule,
    StorageManagementPolicyRuleActions,
    StorageManagementPolicyRuleActionsBaseBlob,
    StorageManagementPolicyRuleActionsSnapshot,
    StorageManagementPolicyRuleActionsVersion,
    StorageManagementPolicyRuleFilters,
)
from constructs import Construct

from terrace.azure import names, providers
from terrace.azure.firewall import private_path
from terrace.capabilities.keys import KeysHandle, KeyUser
from terrace.capabilities.lake import ExtraBucketHandle, LakeHandle, LifecycleSpec
from terrace.capabilities.target import Target

_ACCESS_LOGS = ("StorageRead", "StorageWrite", "StorageDelete")


@dataclass(frozen=True)
class BucketHandle:
    """A bucket and the resources that depend on it."""

    scope: Construct
    account: StorageAccount
    containers: tuple[StorageContainer, ...]
    dependencies: tuple[TerraformResource, ...]

    def log_requests(
        self, *, to: str, after: Sequence[TerraformResource], id: str = "access-log"
    ) -> MonitorDiagnosticSetting:
        """LAKE-6: write the bucket's request logs to another bucket."""
        return MonitorDiagnosticSetting(
            self.scope,
            id,
            name=id,
            target_resource_id=f"{self.account.id}/blobServices/default",
            storage_account_id=to,  # LAKE-6
            enabled_log=[MonitorDiagnosticSettingEnabledLog(category=category) for category in _ACCESS_LOGS],
            depends_on=list(after),
        )


def bucket(
    scope: Construct,
    name: str,
    target: Target,
    *,
    lifecycle: LifecycleSpec,
    key: str,
    user: KeyUser,
    lock_days: int | None,
    lock_mode: str,
    containers: Sequence[str] = (),
    recovery: bool = False,
    after: Sequence[TerraformResource] = (),
) -> BucketHandle:
    """A private, versioned, encrypted account with its lifecycle and containers (default: one of the bucket's name)."""
    storage = account(
        scope,
        "account",
        target,
        name=names.bucket(target, name, recovery=recovery),
        key=key,
        user=user,
        recovery=recovery,
        after=after,
    )
    blobs = [
        StorageContainer(
            scope,
            f"container-{container}",
            name=container,
            storage_account_id=storage.id,
            container_access_type="private",  # LAKE-1
        )
        for container in containers or (name,)
    ]
    dependencies: list[TerraformResource] = [storage, *blobs]
    if lock_days is not None:
        dependencies += [
            StorageContainerImmutabilityPolicy(  # LAKE-3
                scope,
                f"lock-{container.node.id.removeprefix('container-')}",
                storage_container_resource_manager_id=container.id,
                immutability_period_in_days=lock_days,
                protected_append_writes_all_enabled=True,  # for append blobs, which logs are
                locked=lock_mode == "compliance",
            )
            for container in blobs
        ]
    StorageManagementPolicy(  # LAKE-4
        scope, "lifecycle", storage_account_id=storage.id, rule=_lifecycle_rules(lifecycle), depends_on=dependencies
    )
    return BucketHandle(scope, storage, tuple(blobs), tuple(dependencies))


def account(
    scope: Construct,
    id: str,
    target: Target,
    *,
    name: str,
    key: str,
    user: KeyUser,
    recovery: bool = False,
    shared_keys: bool = False,
    after: Sequence[TerraformResource] = (),
) -> StorageAccount:
    """A storage account reached by identity only, on private paths, over TLS, under a customer-managed key.

    `shared_keys` is for flow logs, whose writer supports no identity; such an account has no versioning either.
    """
    group = providers.recovery(scope, target) if recovery else providers.home(scope, target)
    days = 7 if target.tier == "dev" else 30
    return StorageAccount(
        scope,
        id,
        name=name,
        location=group.location,
        resource_group_name=group.name,
        account_kind="StorageV2",
        account_tier="Standard",
        access_tier="Hot",
        account_replication_type="ZRS" if len(target.zones) > 1 else "LRS",
        public_network_access_enabled=shared_keys,  # LAKE-1, NET-3
        network_rules=StorageAccountNetworkRules(
            default_action="Deny", bypass=["AzureServices", "Logging", "Metrics"]
        ),  # LAKE-1
        allow_nested_items_to_be_public=False,  # LAKE-1
        shared_access_key_enabled=shared_keys,  # LAKE-1
        default_to_oauth_authentication=True,
        local_user_enabled=False,  # LAKE-1
        sftp_enabled=False,
        cross_tenant_replication_enabled=False,  # LAKE-1
        allowed_copy_scope="AAD",
        sas_policy=StorageAccountSasPolicy(expiration_period="00.08:00:00", expiration_action="Log"),
        https_traffic_only_enabled=True,  # LAKE-2
        min_tls_version="TLS1_2",  # LAKE-2
        infrastructure_encryption_enabled=True,
        queue_encryption_key_type="Account",
        table_encryption_key_type="Account",
        identity=StorageAccountIdentity(type="UserAssigned", identity_ids=[user.id]),
        customer_managed_key=StorageAccountCustomerManagedKey(
            key_vault_key_id=key, user_assigned_identity_id=user.id
        ),  # LAKE-2
        blob_properties=StorageAccountBlobProperties(
            versioning_enabled=not shared_keys,  # LAKE-3
            change_feed_enabled=not shared_keys,
            change_feed_retention_in_days=None if shared_keys else 90,
            last_access_time_enabled=True,
            delete_retention_policy=StorageAccountBlobPropertiesDeleteRetentionPolicy(days=days),  # LAKE-3
            container_delete_retention_policy=StorageAccountBlobPropertiesContainerDeleteRetentionPolicy(days=days),
        ),
        tags=dict(target.tags),
        depends_on=list(after),
    )


def _lifecycle_rules(spec: LifecycleSpec) -> list[StorageManagementPolicyRule]:
    """LAKE-4: block blobs change tier and expire; append blobs, which logs are, support no tiers and only expire."""
    rules = [
        StorageManagementPolicyRule(
            name="age",
            enabled=True,
            filters=StorageManagementPolicyRuleFilters(blob_types=["blockBlob"]),
            actions=StorageManagementPolicyRuleActions(
                base_blob=StorageManagementPolicyRuleActionsBaseBlob(
                    tier_to_cool_after_days_since_modification_greater_than=spec.cool_after_days,
                    # cold has instant reads, archive has not
                    tier_to_cold_after_days_since_modification_greater_than=spec.archive_after_days,
                    delete_after_days_since_modification_greater_than=spec.expire_after_days,
                ),
                version=StorageManagementPolicyRuleActionsVersion(
                    delete_after_days_since_creation=spec.superseded_after_days
                ),
                snapshot=StorageManagementPolicyRuleActionsSnapshot(
                    delete_after_days_since_creation_greater_than=spec.superseded_after_days
                ),
            ),
        )
    ]
    if spec.expire_after_days:
        ends = StorageManagementPolicyRuleActionsBaseBlob(
            delete_after_days_since_modification_greater_than=spec.expire_after_days
        )
        rules.append(
            StorageManagementPolicyRule(
                name="age-logs",
                enabled=True,
                filters=StorageManagementPolicyRuleFilters(blob_types=["appendBlob"]),
                actions=StorageManagementPolicyRuleActions(base_blob=ends),
            )
        )
    return rules


class ExtraBucket(Construct):
    """A bucket of an extension, as those of the lake."""

    handle: ExtraBucketHandle

    def __init__(
        self,
        scope: Construct,
        id: str,
        target: Target,
        *,
        lifecycle: LifecycleSpec,
        keys: KeysHandle,
        lake: LakeHandle,
    ) -> None:
        super().__init__(scope, id)
        made = bucket(
            self,
            id,
            target,
            lifecycle=lifecycle,
            key=keys.home["lake"],
            user=keys.users["lake"],
            lock_days=None,
            lock_mode="",
            after=keys.ready,
        )
        made.log_requests(to=names.account_id(target, "access"), after=lake.ready)
        path = private_path(self, "path", target, to=made.account.id, service="blob")  # NET-3
        ready = (*made.dependencies, path)
        self.handle = ExtraBucketHandle(names.bucket(target, id), names.container_id(target, id), ready)
