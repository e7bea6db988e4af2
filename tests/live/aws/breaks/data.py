"""Breaks of the guarantees about the database, the cache and the lake."""

from typing import Any

from terrace.aws import names
from tests.live.aws.breaks import breaks
from tests.live.aws.site import Site, document


def _modify_server(site: Site, **changes: Any) -> None:
    site.client("rds").modify_db_instance(DBInstanceIdentifier=site.prefix, ApplyImmediately=True, **changes)


def _set_parameter(site: Site, name: str, value: str) -> None:
    rds = site.client("rds")
    server = rds.describe_db_instances(DBInstanceIdentifier=site.prefix)["DBInstances"][0]
    rds.modify_db_parameter_group(
        DBParameterGroupName=server["DBParameterGroups"][0]["DBParameterGroupName"],
        Parameters=[{"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}],
    )


@breaks("DB-1")
def server_is_public(site: Site) -> None:
    _modify_server(site, PubliclyAccessible=True)


@breaks("DB-2")
def server_accepts_connections_without_tls(site: Site) -> None:
    _set_parameter(site, "rds.force_ssl", "0")


@breaks("DB-3")
def replica_has_another_key(site: Site) -> None:
    identifier, rds = f"{site.prefix}-replica-1", site.client("rds")
    replica = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    rds.modify_db_instance(DBInstanceIdentifier=identifier, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier=identifier,
        SourceDBInstanceIdentifier=site.prefix,
        DBInstanceClass=replica["DBInstanceClass"],
        KmsKeyId=site.key("logs"),
        DBParameterGroupName=replica["DBParameterGroups"][0]["DBParameterGroupName"],
        PubliclyAccessible=False,
        AutoMinorVersionUpgrade=True,
        DeletionProtection=True,
        EnablePerformanceInsights=True,
        PerformanceInsightsRetentionPeriod=replica["PerformanceInsightsRetentionPeriod"],
        MonitoringInterval=replica["MonitoringInterval"],
        EnableCloudwatchLogsExports=replica["EnabledCloudwatchLogsExports"],
        Tags=site.tags,
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=identifier, PreferredMaintenanceWindow=replica["PreferredMaintenanceWindow"]
    )


@breaks("DB-4")
def server_has_no_standby(site: Site) -> None:
    _modify_server(site, MultiAZ=False)


@breaks("DB-5")
def backups_are_kept_for_7_days(site: Site) -> None:
    _modify_server(site, BackupRetentionPeriod=7)


@breaks("DB-6")
def deletion_protection_is_off(site: Site) -> None:
    _modify_server(site, DeletionProtection=False)


@breaks("DB-7")
def statements_are_not_audited(site: Site) -> None:
    _set_parameter(site, "pgaudit.log", "none")


@breaks("DB-8")
def storage_cannot_grow(site: Site) -> None:
    _modify_server(site, MaxAllocatedStorage=600)


@breaks("DB-9")
def postgis_is_not_allowed(site: Site) -> None:
    _set_parameter(site, "rds.allowed_extensions", "pgaudit")


@breaks("DB-10")
def minor_versions_are_not_upgraded(site: Site) -> None:
    _modify_server(site, AutoMinorVersionUpgrade=False)


@breaks("CACHE-1")
def default_user_is_on(site: Site) -> None:
    site.client("elasticache").modify_user(UserId=f"{site.prefix}-default", AccessString="on ~* +@all")


def _recreate_cache(site: Site, **changes: Any) -> None:
    elasticache = site.client("elasticache")
    group = elasticache.describe_replication_groups(ReplicationGroupId=site.prefix)["ReplicationGroups"][0]
    member = elasticache.describe_cache_clusters(CacheClusterId=group["MemberClusters"][0])["CacheClusters"][0]
    same: dict[str, Any] = {
        "NumCacheClusters": len(group["MemberClusters"]),
        "AutomaticFailoverEnabled": group["AutomaticFailover"] == "enabled",
        "MultiAZEnabled": group["MultiAZ"] == "enabled",
        "TransitEncryptionMode": group["TransitEncryptionMode"],
        "Engine": member["Engine"],
        "EngineVersion": member["EngineVersion"],
        "CacheSubnetGroupName": member["CacheSubnetGroupName"],
    }
    copied = (
        "CacheNodeType",
        "AtRestEncryptionEnabled",
        "KmsKeyId",
        "TransitEncryptionEnabled",
        "UserGroupIds",
        "SnapshotRetentionLimit",
    )
    same |= {name: group[name] for name in copied}
    elasticache.delete_replication_group(ReplicationGroupId=site.prefix)
    elasticache.create_replication_group(
        ReplicationGroupId=site.prefix,
        ReplicationGroupDescription=group["Description"],
        Tags=site.tags,
        **{**same, **changes},
    )


@breaks("CACHE-2")
def cache_accepts_connections_without_tls(site: Site) -> None:
    _recreate_cache(site, TransitEncryptionEnabled=False, TransitEncryptionMode="preferred")


@breaks("CACHE-3")
def cache_does_not_fail_over(site: Site) -> None:
    _recreate_cache(site, AutomaticFailoverEnabled=False, MultiAZEnabled=False)


@breaks("LAKE-1")
def bucket_accepts_public_policies(site: Site) -> None:
    s3, bucket = site.client("s3"), names.bucket(site.target, "gold")
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**blocks, "BlockPublicPolicy": False})


@breaks("LAKE-2")
def bucket_accepts_plain_http(site: Site) -> None:
    site.client("s3").delete_bucket_policy(Bucket=names.bucket(site.target, "silver"))


@breaks("LAKE-3")
def bronze_is_immutable_for_one_day(site: Site) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    site.client("s3").put_object_lock_configuration(
        Bucket=names.bucket(site.target, "bronze"),
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
    )


@breaks("LAKE-4")
def bucket_has_no_lifecycle(site: Site) -> None:
    site.client("s3").delete_bucket_lifecycle(Bucket=names.bucket(site.target, "platinum"))


@breaks("LAKE-5")
def bucket_is_not_replicated(site: Site) -> None:
    site.client("s3").delete_bucket_replication(Bucket=names.bucket(site.target, "gold"))


@breaks("LAKE-6")
def access_is_not_logged(site: Site) -> None:
    site.client("s3").put_bucket_logging(Bucket=names.bucket(site.target, "gold"), BucketLoggingStatus={})


@breaks("LAKE-7")
def superset_may_write_to_bronze(site: Site) -> None:
    bronze = f"{names.bucket_arn(site.target, 'bronze')}/*"
    site.client("iam").put_role_policy(
        RoleName=site.role("module-superset"),
        PolicyName="more",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:PutObject", "Resource": bronze}),
    )


@breaks("LAKE-8")
def bronze_is_no_longer_searched(site: Site) -> None:
    macie = site.client("macie2")
    for job in macie.list_classification_jobs()["items"]:
        macie.update_classification_job(jobId=job["jobId"], jobStatus="CANCELLED")
