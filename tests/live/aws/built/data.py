"""Lake, database, cache and secrets, as the constructs make them."""

import json
from typing import Any

from terrace.aws import names
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from tests.live.aws.built.ground import document
from tests.live.aws.site import Site

ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def lake(site: Site) -> None:
    for bucket in BUCKETS:
        _bucket(site, bucket, site.target.region)
    for bucket in REPLICATED:
        _bucket(site, bucket, site.away)
        copy = {
            "ID": "recovery",
            "Status": "Enabled",
            "Priority": 1,
            "Filter": {"Prefix": ""},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {"Bucket": names.bucket_arn(site.target, bucket, recovery=True)},
        }
        site.client("s3").put_bucket_replication(
            Bucket=names.bucket(site.target, bucket),
            ReplicationConfiguration={"Role": site.role_arn("replication"), "Rules": [copy]},
        )
    log_to = names.bucket(site.target, "access")
    for bucket in BUCKETS:
        if bucket != "access":
            site.client("s3").put_bucket_logging(
                Bucket=names.bucket(site.target, bucket),
                BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": log_to, "TargetPrefix": f"s3/{bucket}/"}},
            )


def _bucket(site: Site, bucket: Bucket, region: str) -> None:
    s3 = site.client("s3", region)
    recovery = region == site.away
    name = names.bucket(site.target, bucket, recovery=recovery)
    locked = bucket in ("bronze", "audit")
    s3.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": region},
        ObjectLockEnabledForBucket=locked,
        ObjectOwnership="BucketOwnerEnforced",
    )
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=ALL_BLOCKED)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": site.pairs(layer=bucket)})
    rule: dict[str, Any] = {"SSEAlgorithm": "AES256"}
    if bucket != "access":
        purpose = bucket if bucket in ("audit", "backups") else "lake"
        rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": site.key(purpose, region)}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]},
    )
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    s3.put_bucket_policy(Bucket=name, Policy=document(tls, *([delivery] if bucket == "access" else [])))
    spec = site.environment.lake.lifecycle[bucket]
    tiering: dict[str, Any] = {
        "ID": "tiering",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Transitions": [
            {"Days": spec.cool_after_days, "StorageClass": "STANDARD_IA"},
            {"Days": spec.archive_after_days, "StorageClass": "GLACIER_IR"},
        ],
        "NoncurrentVersionExpiration": {"NoncurrentDays": spec.superseded_after_days},
    }
    if spec.expire_after_days:
        tiering["Expiration"] = {"Days": spec.expire_after_days}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [tiering]})
    if locked:
        lock = site.environment.lake.immutability
        days = site.environment.audit.retention_days if bucket == "audit" else lock.days
        put_lock(site, name, lock.mode.upper(), days, region)


def put_lock(site: Site, name: str, mode: str, days: int, region: str | None = None) -> None:
    site.client("s3", region).put_object_lock_configuration(
        Bucket=name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": mode, "Days": days}},
        },
    )


def database(site: Site) -> None:
    rds, spec = site.client("rds"), site.environment.database
    rds.create_db_subnet_group(
        DBSubnetGroupName=site.prefix,
        DBSubnetGroupDescription=site.prefix,
        SubnetIds=site.ids["subnets"]["data"],
        Tags=site.pairs(),
    )
    group = f"{site.prefix}-pg16"
    rds.create_db_parameter_group(
        DBParameterGroupName=group, DBParameterGroupFamily="postgres16", Description=group, Tags=site.pairs()
    )
    set_parameters(
        site,
        {
            "rds.force_ssl": "1",
            "ssl_min_protocol_version": "TLSv1.2",
            "shared_preload_libraries": "pg_stat_statements,pgaudit",
            "rds.allowed_extensions": "pgaudit,postgis",
            "pgaudit.log": "ddl,role",
            "log_min_duration_statement": str(spec.slow_query_ms),
        },
    )
    window = f"{spec.maintenance_window.day}:{spec.maintenance_window.hour:02}:00-sun:04:00"
    common: dict[str, Any] = {
        "DBInstanceClass": "db.r6g.2xlarge",
        "MaxAllocatedStorage": spec.max_storage_gb,
        "EnableIAMDatabaseAuthentication": True,
        "PubliclyAccessible": False,
        "AutoMinorVersionUpgrade": True,
        "DeletionProtection": True,
        "EnablePerformanceInsights": True,
        "PerformanceInsightsKMSKeyId": site.key("database"),
        "PerformanceInsightsRetentionPeriod": spec.insights_days,
        "MonitoringInterval": 15,
        "MonitoringRoleArn": site.role_arn("database-monitoring"),
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "Tags": site.pairs(),
    }
    server = rds.create_db_instance(
        DBInstanceIdentifier=site.prefix,
        Engine="postgres",
        EngineVersion="16.6",
        AllocatedStorage=spec.storage_gb,
        StorageEncrypted=True,
        KmsKeyId=site.key("database"),
        MasterUsername="platform_admin",
        ManageMasterUserPassword=True,
        MasterUserSecretKmsKeyId=site.key("secrets"),
        MultiAZ=True,
        DBParameterGroupName=group,
        DBSubnetGroupName=site.prefix,
        BackupRetentionPeriod=spec.recovery_days,
        PreferredMaintenanceWindow=window,
        **common,
    )["DBInstance"]
    for number in range(1, spec.replicas + 1):
        rds.create_db_instance_read_replica(
            DBInstanceIdentifier=f"{site.prefix}-replica-{number}",
            SourceDBInstanceIdentifier=site.prefix,
            KmsKeyId=site.key("database"),
            DBParameterGroupName=group,
            **common,
        )
        rds.modify_db_instance(
            DBInstanceIdentifier=f"{site.prefix}-replica-{number}", PreferredMaintenanceWindow=window
        )
    site.client("rds", site.away).start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=server["DBInstanceArn"],
        BackupRetentionPeriod=spec.recovery_days,
        KmsKeyId=site.key("database", site.away),
    )
    site.ids["database"] = server["DBInstanceArn"]
    rotate(site, site.environment.secrets.database_rotation_days)


def rotate(site: Site, days: int) -> None:
    server = site.client("rds").describe_db_instances(DBInstanceIdentifier=site.prefix)["DBInstances"][0]
    site.client("secretsmanager").rotate_secret(
        SecretId=server["MasterUserSecret"]["SecretArn"],
        RotationRules={"AutomaticallyAfterDays": days},
        RotateImmediately=False,
    )


def set_parameters(site: Site, values: dict[str, str]) -> None:
    site.client("rds").modify_db_parameter_group(
        DBParameterGroupName=f"{site.prefix}-pg16",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
            for name, value in values.items()
        ],
    )


def cache(site: Site) -> None:
    elasticache, spec = site.client("elasticache"), site.environment.cache
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=site.prefix,
        CacheSubnetGroupDescription="data",
        SubnetIds=site.ids["subnets"]["data"],
        Tags=site.pairs(),
    )
    elasticache.create_user(
        UserId=f"{site.prefix}-default",
        UserName="default",
        Engine="valkey",
        AccessString="off ~* -@all",
        AuthenticationMode={"Type": "no-password-required"},
        Tags=site.pairs(),
    )
    elasticache.create_user(
        UserId=f"{site.prefix}-airflow",
        UserName=f"{site.prefix}-airflow",
        Engine="valkey",
        AccessString="on ~airflow:* +@all",
        AuthenticationMode={"Type": "iam"},
        Tags=site.pairs(),
    )
    elasticache.create_user_group(
        UserGroupId=site.prefix,
        Engine="valkey",
        UserIds=[f"{site.prefix}-default", f"{site.prefix}-airflow"],
        Tags=site.pairs(),
    )
    make_cache(site)
    site.ids["cache nodes"] = spec.replicas + 1


def make_cache(site: Site, **different: Any) -> None:
    spec = site.environment.cache
    asked: dict[str, Any] = {
        "ReplicationGroupId": site.prefix,
        "ReplicationGroupDescription": "cache",
        "Engine": "valkey",
        "EngineVersion": "8.0",
        "CacheNodeType": "cache.r6g.large",
        "NumCacheClusters": spec.replicas + 1,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "AtRestEncryptionEnabled": True,
        "KmsKeyId": site.key("cache"),
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
        "UserGroupIds": [site.prefix],
        "CacheSubnetGroupName": site.prefix,
        "SnapshotRetentionLimit": spec.snapshot_days,
        "Tags": site.pairs(),
    }
    site.client("elasticache").create_replication_group(**{**asked, **different})


def secrets(site: Site) -> None:
    manager = site.client("secretsmanager")
    for module in site.environment.modules:
        name = f"{site.prefix}/{module}/app"
        manager.create_secret(
            Name=name,
            KmsKeyId=site.key("secrets"),
            SecretString=json.dumps({"made": "for a test"}),
            AddReplicaRegions=[{"Region": site.away, "KmsKeyId": site.key("secrets", site.away)}],
            Tags=site.pairs(),
        )
        refuse = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": [site.role_arn(f"module-{module}")]}},
        }
        manager.put_resource_policy(SecretId=name, ResourcePolicy=document(refuse))


def build(site: Site) -> None:
    for step in (lake, database, cache, secrets):
        step(site)
