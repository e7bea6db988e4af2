"""Checks of S3 and Macie (LAKE-1 to LAKE-8)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks.aws.lookup import condition, covers, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.aws import names
from terrace.capabilities.data_access import word
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.environment import data_access
from terrace.live.aws import keys
from terrace.live.aws.checks import Deployment

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups"}  # all others: the lake's key
_WRITES = ("s3:PutObject", "s3:DeleteObject")
_LISTS = ("s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads")


def buckets(deployment: Deployment) -> Iterator[tuple[Bucket, str, str]]:
    """Each bucket, its name and its region; copies in the recovery region come last."""
    for bucket in BUCKETS:
        yield bucket, names.bucket(deployment.target, bucket), deployment.target.region
    region = deployment.target.recovery_region
    if region and deployment.environment.lake.replicate:
        for bucket in REPLICATED:
            yield bucket, names.bucket(deployment.target, bucket, recovery=True), region


def lock(deployment: Deployment, bucket: Bucket) -> Iterator[Observation]:
    """Whether the bucket's objects are immutable in the environment's mode, bronze and audit for their days."""
    spec, name = deployment.environment.lake.immutability, names.bucket(deployment.target, bucket)
    days = deployment.environment.audit.retention_days if bucket == "audit" else spec.days
    answer = deployment.call("s3", "get_object_lock_configuration", Bucket=name)
    retention = answer["ObjectLockConfiguration"].get("Rule", {}).get("DefaultRetention", {})
    yield equal(name, "object lock mode", retention.get("Mode"), spec.mode.upper())
    kept = retention.get("Days") or (retention["Years"] * 365 if "Years" in retention else None)
    yield at_least(name, "object lock days", kept, days)


@check("LAKE-1")
def never_public(deployment: Deployment) -> Iterator[Observation]:
    for _, name, region in buckets(deployment):
        answer = deployment.call("s3", "get_public_access_block", region=region, Bucket=name)
        flags = answer["PublicAccessBlockConfiguration"]
        yield empty(name, "disabled public access blocks", [flag for flag in _BLOCKS if not flags.get(flag)])
        ownership = deployment.call("s3", "get_bucket_ownership_controls", region=region, Bucket=name)
        owner = ownership["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        yield equal(name, "ObjectOwnership", owner, "BucketOwnerEnforced")


@check("LAKE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for bucket, name, region in buckets(deployment):
        answer = deployment.call("s3", "get_bucket_encryption", region=region, Bucket=name)
        rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
        # log delivery cannot use a customer key: S3 User Guide, "Enabling access logging"
        expected = "AES256" if bucket == "access" else "aws:kms"
        yield equal(name, "SSEAlgorithm", rule.get("SSEAlgorithm"), expected)
        if expected == "aws:kms":
            purpose = _KEY.get(bucket, "lake")
            yield keys.used(deployment, name, "KMSMasterKeyID", rule.get("KMSMasterKeyID"), purpose, region)
        policy = deployment.call("s3", "get_bucket_policy", region=region, Bucket=name)["Policy"]
        refused = any(_refuses_plain_http(statement, name) for statement in statements(policy))
        yield Observation(name, f"plain HTTP is {'denied' if refused else 'allowed'}", refused, "denied")


def _refuses_plain_http(statement: dict[str, Any], bucket: str) -> bool:
    everything = covers(values(statement.get("Action")), "s3:GetObject")
    objects = any(resource.endswith(f":::{bucket}/*") for resource in values(statement.get("Resource")))
    secure = [value.lower() for value in condition(statement, "Bool", "aws:SecureTransport")]
    return statement.get("Effect") == "Deny" and everything and objects and secure == ["false"]


@check("LAKE-3")
def versioned(deployment: Deployment) -> Iterator[Observation]:
    for _, name, region in buckets(deployment):
        status = deployment.call("s3", "get_bucket_versioning", region=region, Bucket=name).get("Status")
        yield equal(name, "versioning", status, "Enabled")
    yield from lock(deployment, "bronze")


@check("LAKE-4")
def tiered(deployment: Deployment) -> Iterator[Observation]:
    for bucket, spec in deployment.environment.lake.lifecycle.items():
        name = names.bucket(deployment.target, bucket)
        rules = deployment.call("s3", "get_bucket_lifecycle_configuration", Bucket=name)["Rules"]
        active = [rule for rule in rules if rule.get("Status") == "Enabled" and _whole_bucket(rule)]
        moves = {move["StorageClass"]: move.get("Days") for rule in active for move in rule.get("Transitions", [])}
        yield at_most(name, "first transition after days", min(moves.values(), default=None), spec.cool_after_days)
        yield at_most(name, "last transition after days", max(moves.values(), default=None), spec.archive_after_days)
        ends = [rule["Expiration"]["Days"] for rule in active if "Days" in rule.get("Expiration", {})]
        yield equal(name, "expires after days", ends[0] if ends else None, spec.expire_after_days)
        old = [
            rule["NoncurrentVersionExpiration"].get("NoncurrentDays")
            for rule in active
            if "NoncurrentVersionExpiration" in rule
        ]
        yield equal(name, "superseded versions expire after days", old[0] if old else None, spec.superseded_after_days)


def _whole_bucket(rule: dict[str, Any]) -> bool:
    """Whether the rule is for every object; S3 returns an empty filter or prefix in several shapes."""
    return not rule.get("Prefix") and not any((rule.get("Filter") or {}).values())


@check("LAKE-5")
def copied(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    for bucket in REPLICATED:
        name = names.bucket(deployment.target, bucket)
        answer = deployment.call("s3", "get_bucket_replication", Bucket=name)
        rules = [rule for rule in answer["ReplicationConfiguration"]["Rules"] if rule.get("Status") == "Enabled"]
        copies = [rule["Destination"]["Bucket"] for rule in rules]
        yield includes(
            name, "replication destinations", copies, [names.bucket_arn(deployment.target, bucket, recovery=True)]
        )


@check("LAKE-6")
def logged(deployment: Deployment) -> Iterator[Observation]:
    target_bucket = names.bucket(deployment.target, "access")
    for bucket in BUCKETS:
        if bucket == "access":
            continue
        name = names.bucket(deployment.target, bucket)
        logging = deployment.call("s3", "get_bucket_logging", Bucket=name).get("LoggingEnabled", {})
        yield equal(name, "log bucket", logging.get("TargetBucket"), target_bucket)


@check("LAKE-7")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    environment = deployment.environment
    lakes = {f"module-{name}": environment.lake_access(one) for name, one in environment.foundation_modules.items()}
    lakes |= {f"group-{word(group)}": lake for group, lake in data_access.files(environment).items()}
    if not lakes:
        raise NotRequired("no enabled module uses the foundation (modules), and no group reads files (access)")
    for purpose, lake in lakes.items():
        role = names.role_name(deployment.target, purpose)
        attached = deployment.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=role)
        yield empty(f"role {role}", "attached policies", [policy["PolicyName"] for policy in attached])
        declared = {
            f"{verb} {bucket}/{folder}"
            for bucket, folders in lake.items()
            for folder, right in folders.items()
            for verb in (right, "list")
            if (right, verb) != ("add", "list")
        }
        yield equal(f"role {role}", "lake permissions", _told(_rights(deployment, role)), _told(declared))


@check("LAKE-8")
def searched(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    session = deployment.call("macie2", "get_macie_session")
    yield equal(f"Macie in {deployment.target.region}", "status", session.get("status"), "ENABLED")
    bronze = names.bucket(deployment.target, "bronze")
    jobs = [
        job
        for job in deployment.pages("macie2", "list_classification_jobs", "items")
        if any(bronze in one.get("buckets", []) for one in job.get("bucketDefinitions", []))
    ]
    active = [job["name"] for job in jobs if job["jobType"] == "SCHEDULED" and job["jobStatus"] in ("RUNNING", "IDLE")]
    yield at_least(f"bucket {bronze}", "scheduled searches", len(active), 1)


def _rights(deployment: Deployment, role: str) -> set[str]:
    """What a role's inline policies let it do with objects: `VERB BUCKET/FOLDER`, or what else is named."""
    found: set[str] = set()
    for policy in deployment.pages("iam", "list_role_policies", "PolicyNames", RoleName=role):
        document = deployment.call("iam", "get_role_policy", RoleName=role, PolicyName=policy)["PolicyDocument"]
        for statement in statements(document):
            actions = values(statement.get("Action"))
            if statement.get("Effect") != "Allow":
                continue
            writes, reads = any(covers(actions, action) for action in _WRITES), covers(actions, "s3:GetObject")
            if writes or reads:
                adds = actions == ["s3:PutObject"] and condition(statement, "Null", "s3:if-none-match") == ["false"]
                verb = "add" if adds else "write" if writes else "read"
                found |= {f"{verb} {_place(deployment, one)}" for one in values(statement.get("Resource"))}
            if any(covers(actions, action) for action in _LISTS):
                prefixes = condition(statement, "StringLike", "s3:prefix") or [""]
                for one in values(statement.get("Resource")):
                    found |= {f"list {_place(deployment, f'{one}/{prefix}')}" for prefix in prefixes}
    return found


def _place(deployment: Deployment, arn: str) -> str:
    """The folder that an ARN of objects names, as BUCKET/FOLDER."""
    short = {names.bucket(deployment.target, bucket): bucket for bucket in BUCKETS}
    bucket, _, key = arn.partition(":::")[2].partition("/")
    return f"{short[bucket]}/{key.removesuffix('/*')}" if bucket in short else arn


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"
