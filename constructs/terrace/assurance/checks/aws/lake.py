"""S3 and Macie (LAKE-1 to LAKE-8)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import condition, covers, statements, values
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.aws import names
from terrace.calls import Absent
from terrace.capabilities.extension import EXTENSIONS
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket

_BLOCKS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups"}  # the others: the lake's


def bucket(stack: Subject, name: Bucket, *, recovery: bool = False) -> Resource:
    """A bucket of the stack. Raises Absent."""
    full = names.bucket(stack.target, name, recovery=recovery)
    for resource in stack.all("aws_s3_bucket"):
        if resource.get("bucket") == full:
            return resource
    raise Absent(f"no aws_s3_bucket {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource, bool]]:
    """Each bucket with its purpose, and whether it is a copy in the recovery region; copies come last."""
    for name in BUCKETS:
        yield name, bucket(stack, name), False
    if stack.target.recovery_region and stack.environment.lake.replicate:
        for name in REPLICATED:
            yield name, bucket(stack, name, recovery=True), True


def of_extensions(stack: Subject) -> list[Resource]:
    """The buckets of extensions, to which the rules apply that do not depend on a bucket's purpose."""
    return stack.view.all("aws_s3_bucket", EXTENSIONS)


def _part(stack: Subject, resource: Resource, type: str) -> Resource:
    """The single resource of a type that configures a bucket. Raises Absent."""
    config = stack.view.pointing(type, "bucket", resource)
    if len(config) != 1:
        raise Absent(f"{len(config) or 'no'} {type} of {resource}")
    return config[0]


def judged(stack: Subject) -> list[Resource]:
    """The buckets of the lake and of extensions."""
    return [*(one for _, one, _copy in buckets(stack)), *of_extensions(stack)]


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether a bucket's objects are immutable for at least `days`, in the environment's mode."""
    resource = bucket(stack, name)
    yield equal(str(resource), "object_lock_enabled", resource.get("object_lock_enabled"), True)
    config = _part(stack, resource, "aws_s3_bucket_object_lock_configuration")
    retention = config.get("rule.default_retention", {})
    mode = stack.environment.lake.immutability.mode.upper()
    yield equal(str(config), "mode", at(retention, "mode"), mode)
    yield at_least(str(config), "days", at(retention, "days") or at(retention, "years", 0) * 365, days)


@check("LAKE-1")
def public_access_blocked(stack: Subject) -> Iterator[Observation]:
    for resource in judged(stack):
        blocks = _part(stack, resource, "aws_s3_bucket_public_access_block")
        yield empty(
            str(blocks), "disabled public access blocks", [flag for flag in _BLOCKS if blocks.get(flag) is not True]
        )
        ownership = _part(stack, resource, "aws_s3_bucket_ownership_controls")
        yield equal(str(ownership), "object_ownership", ownership.get("rule.object_ownership"), "BucketOwnerEnforced")
    if stack.target.settings.owns_account:
        account = stack.view.only("aws_s3_account_public_access_block")
        disabled = [flag for flag in _BLOCKS if account.get(flag) is not True]
        yield empty(str(account), "disabled public access blocks", disabled)
    known = {*judged(stack)}
    yield empty(
        "lake", "buckets outside the lake", [str(one) for one in stack.all("aws_s3_bucket") if one not in known]
    )


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, resource, copy in buckets(stack):
        config = _part(stack, resource, "aws_s3_bucket_server_side_encryption_configuration")
        rule = config.get("rule.apply_server_side_encryption_by_default", {})
        # the services that write access logs cannot use a customer key: S3 User Guide, "Enabling access logging"
        expected = "AES256" if name == "access" else "aws:kms"
        yield equal(str(config), "sse_algorithm", at(rule, "sse_algorithm"), expected)
        if expected == "aws:kms":
            key = at(rule, "kms_master_key_id")
            yield lookup.uses(stack, config, key, "kms_master_key_id", _KEY.get(name, "lake"), recovery=copy)
    for resource in of_extensions(stack):
        config = _part(stack, resource, "aws_s3_bucket_server_side_encryption_configuration")
        rule = config.get("rule.apply_server_side_encryption_by_default", {})
        yield lookup.uses(stack, config, at(rule, "kms_master_key_id"), "kms_master_key_id", "lake")


@check("LAKE-2")
def https_only(stack: Subject) -> Iterator[Observation]:
    for resource in judged(stack):
        policy = _part(stack, resource, "aws_s3_bucket_policy")
        full = str(resource.get("bucket"))
        denied = any(_denies_http(statement, full) for statement in statements(policy.get("policy") or {}))
        yield Observation(str(policy), f"plain HTTP is {'denied' if denied else 'allowed'}", denied, "denied")


def _denies_http(statement: dict[str, Any], bucket: str) -> bool:
    all_reads = covers(values(statement.get("Action")), "s3:GetObject")
    all_principals = statement.get("Principal") in ("*", {"AWS": "*"})
    objects = any(resource.endswith(f":::{bucket}/*") for resource in values(statement.get("Resource")))
    secure = [value.lower() for value in condition(statement, "Bool", "aws:SecureTransport")]
    return statement.get("Effect") == "Deny" and all_reads and all_principals and objects and secure == ["false"]


@check("LAKE-3")
def versioned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for resource in judged(stack):
        config = _part(stack, resource, "aws_s3_bucket_versioning")
        yield equal(str(config), "status", config.get("versioning_configuration.status"), "Enabled")
        yield equal(str(resource), "force_destroy", bool(resource.get("force_destroy")), False)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def lifecycle_rules(stack: Subject) -> Iterator[Observation]:
    for name, resource, _copy in buckets(stack):
        spec = stack.environment.lake.lifecycle[name]
        config = _part(stack, resource, "aws_s3_bucket_lifecycle_configuration")
        yield equal(str(config), "rules", len(config.blocks("rule")), 1)  # another one could expire objects earlier
        rules = [rule for rule in config.blocks("rule") if rule.get("status") == "Enabled" and _applies_to_bucket(rule)]
        moves = {
            str(move.get("storage_class")): move.get("days", 0) for rule in rules for move in _all(rule, "transition")
        }
        yield at_most(
            str(config), "first transition after days", min(moves.values(), default=None), spec.cool_after_days
        )
        yield at_most(
            str(config), "last transition after days", max(moves.values(), default=None), spec.archive_after_days
        )
        expirations = [days for rule in rules if (days := at(rule, "expiration.days"))]
        yield equal(str(config), "expires after days", expirations[0] if expirations else None, spec.expire_after_days)
        superseded = [days for rule in rules if (days := at(rule, "noncurrent_version_expiration.noncurrent_days"))]
        yield equal(str(config), "superseded versions expire after days", superseded[:1], [spec.superseded_after_days])


def _applies_to_bucket(rule: dict[str, Any]) -> bool:
    filters = _all(rule, "filter")
    return not rule.get("prefix") and not any(value for one in filters for value in one.values())


def _all(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    config = block.get(name) or []
    return config if isinstance(config, list) else [config]


@check("LAKE-5")
def replicated(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    for name in REPLICATED:
        config = _part(stack, bucket(stack, name), "aws_s3_bucket_replication_configuration")
        copy = bucket(stack, name, recovery=True)
        yield equal(str(copy), "provider", copy.get("provider"), "aws.recovery")
        rules = [rule for rule in config.blocks("rule") if rule.get("status") == "Enabled" and not _narrowed(rule)]
        copies = [str(at(rule, "destination.bucket")) for rule in rules]
        expected = [names.bucket_arn(stack.target, name, recovery=True)]
        yield equal(str(config), "replication destinations", copies, expected)
        for rule in rules:
            owner = at(rule, "destination.account") or names.account(stack.target)
            yield equal(str(config), "owner of copies", owner, names.account(stack.target))
            encrypted_objects = at(rule, "source_selection_criteria.sse_kms_encrypted_objects.status")
            yield equal(str(config), "sse_kms_encrypted_objects", encrypted_objects, "Enabled")


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(rule.get("prefix")) or any(value for one in _all(rule, "filter") for value in one.values())


@check("LAKE-6")
def access_logs_enabled(stack: Subject) -> Iterator[Observation]:
    access = bucket(stack, "access")
    for name, resource, copy in buckets(stack):
        if name == "access" or copy:
            continue  # only a recovery reads the copies, which CloudTrail records
        config = _part(stack, resource, "aws_s3_bucket_logging")
        yield equal(str(config), "target_bucket", str(stack.view.target(config.get("target_bucket"))), str(access))


@check("LAKE-7")
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "LAKE-7")


@check("LAKE-8")
def sensitive_data_discovery(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    if stack.target.settings.owns_account:
        macie = stack.view.only("aws_macie2_account")
        yield equal(str(macie), "status", macie.get("status", "ENABLED"), "ENABLED")
    job = stack.one("aws_macie2_classification_job", "lake/discovery-job")
    yield equal(str(job), "job_type", job.get("job_type"), "SCHEDULED")
    status = job.raw.get("job_status")  # Macie sets it, unless the stack does
    ended = status in ("CANCELLED", "USER_PAUSED")
    yield Observation(str(job), f"job_status = {status if ended else 'running'}", not ended, "running")
    yield equal(str(job), "sampling_percentage", job.get("sampling_percentage", 100), 100)
    yield equal(str(job), "initial_run", job.get("initial_run"), True)
    scheduled = bool(job.get("schedule_frequency.weekly_schedule") or job.get("schedule_frequency.daily_schedule"))
    yield equal(str(job), "runs every week or day", scheduled, True)
    yield from lookup.unnarrowed(job, "s3_job_definition.scoping", "s3_job_definition.bucket_criteria")
    definitions = blocks(job.get("s3_job_definition"), "bucket_definitions")
    buckets = [str(stack.view.target(one) or one) for each in definitions for one in each.get("buckets", [])]
    yield includes(str(job), "buckets", buckets, [str(bucket(stack, "bronze"))])
