"""S3 (LAKE-1 to LAKE-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.aws import lookup
from terrace.assurance.checks.aws.lookup import condition, covers, statements, values
from terrace.assurance.evaluation import (
    Absent,
    NotRequired,
    Observation,
    at_least,
    at_most,
    check,
    empty,
    equal,
    includes,
)
from terrace.assurance.view import Resource, at
from terrace.aws import names
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket

_BLOCKS = ("block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets")
_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups"}  # the others: the lake's
_WRITES = ("s3:PutObject", "s3:DeleteObject")


def bucket(stack: Subject, name: Bucket, *, recovery: bool = False) -> Resource:
    """A bucket, under its own name. Raises Absent."""
    full = names.bucket(stack.target, name, recovery=recovery)
    for resource in stack.all("aws_s3_bucket"):
        if resource.get("bucket") == full:
            return resource
    raise Absent(f"no aws_s3_bucket {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource, bool]]:
    """Each bucket: what it is for, and whether it is the copy in the recovery region; those come last."""
    for name in BUCKETS:
        yield name, bucket(stack, name), False
    if stack.target.recovery_region and stack.environment.lake.replicate:
        for name in REPLICATED:
            yield name, bucket(stack, name, recovery=True), True


def _part(stack: Subject, of: Resource, type: str) -> Resource:
    """What configures one side of a bucket. Raises Absent."""
    found = stack.view.pointing(type, "bucket", of)
    if len(found) != 1:
        raise Absent(f"{len(found) or 'no'} {type} of {of}")
    return found[0]


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether a bucket's objects are immutable in the environment's mode for these days."""
    of = bucket(stack, name)
    yield equal(str(of), "object_lock_enabled", of.get("object_lock_enabled"), True)
    found = _part(stack, of, "aws_s3_bucket_object_lock_configuration")
    retention = found.get("rule.default_retention", {})
    mode = stack.environment.lake.immutability.mode.upper()
    yield equal(str(found), "mode", at(retention, "mode"), mode)
    yield at_least(str(found), "days", at(retention, "days") or at(retention, "years", 0) * 365, days)


@check("LAKE-1")
def never_public(stack: Subject) -> Iterator[Observation]:
    for _, of, _copy in buckets(stack):
        blocks = _part(stack, of, "aws_s3_bucket_public_access_block")
        yield empty(str(blocks), "flags that are off", [flag for flag in _BLOCKS if blocks.get(flag) is not True])
        ownership = _part(stack, of, "aws_s3_bucket_ownership_controls")
        yield equal(str(ownership), "object_ownership", ownership.get("rule.object_ownership"), "BucketOwnerEnforced")
    ours = {of for _, of, _copy in buckets(stack)}
    yield empty("lake", "other buckets", [str(one) for one in stack.all("aws_s3_bucket") if one not in ours])


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, of, copy in buckets(stack):
        found = _part(stack, of, "aws_s3_bucket_server_side_encryption_configuration")
        rule = found.get("rule.apply_server_side_encryption_by_default", {})
        # the services that write access logs cannot use a customer key: S3 User Guide, "Enabling access logging"
        wanted = "AES256" if name == "access" else "aws:kms"
        yield equal(str(found), "sse_algorithm", at(rule, "sse_algorithm"), wanted)
        if wanted == "aws:kms":
            key = at(rule, "kms_master_key_id")
            yield lookup.uses(stack, found, key, "kms_master_key_id", _KEY.get(name, "lake"), recovery=copy)


@check("LAKE-2")
def refuses_plain_http(stack: Subject) -> Iterator[Observation]:
    for name, of, copy in buckets(stack):
        policy = _part(stack, of, "aws_s3_bucket_policy")
        full = names.bucket(stack.target, name, recovery=copy)
        refused = any(_refuses(statement, full) for statement in statements(policy.get("policy") or {}))
        yield Observation(str(policy), f"plain HTTP is {'refused' if refused else 'accepted'}", refused, "refused")


def _refuses(statement: dict[str, Any], bucket: str) -> bool:
    everything = covers(values(statement.get("Action")), "s3:GetObject")
    everybody = statement.get("Principal") in ("*", {"AWS": "*"})
    objects = any(resource.endswith(f":::{bucket}/*") for resource in values(statement.get("Resource")))
    secure = [value.lower() for value in condition(statement, "Bool", "aws:SecureTransport")]
    return statement.get("Effect") == "Deny" and everything and everybody and objects and secure == ["false"]


@check("LAKE-3")
def versioned(stack: Subject) -> Iterator[Observation]:
    for _, of, _copy in buckets(stack):
        found = _part(stack, of, "aws_s3_bucket_versioning")
        yield equal(str(found), "status", found.get("versioning_configuration.status"), "Enabled")
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def tiered(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.lake.lifecycle.items():
        found = _part(stack, bucket(stack, name), "aws_s3_bucket_lifecycle_configuration")
        rules = [rule for rule in found.blocks("rule") if rule.get("status") == "Enabled" and _whole_bucket(rule)]
        moves = {
            str(move.get("storage_class")): move.get("days", 0) for rule in rules for move in _all(rule, "transition")
        }
        yield at_most(str(found), "first move after days", min(moves.values(), default=None), spec.cool_after_days)
        yield at_most(str(found), "last move after days", max(moves.values(), default=None), spec.archive_after_days)
        ends = [days for rule in rules if (days := at(rule, "expiration.days"))]
        yield equal(str(found), "expires after days", ends[0] if ends else None, spec.expire_after_days)
        old = [days for rule in rules if (days := at(rule, "noncurrent_version_expiration.noncurrent_days"))]
        yield equal(str(found), "superseded versions end after days", old[:1], [spec.superseded_after_days])


def _whole_bucket(rule: dict[str, Any]) -> bool:
    filters = _all(rule, "filter")
    return not rule.get("prefix") and not any(value for one in filters for value in one.values())


def _all(block: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = block.get(name) or []
    return found if isinstance(found, list) else [found]


@check("LAKE-5")
def copied(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("no copies are asked for (lake.replicate)")
    for name in REPLICATED:
        found = _part(stack, bucket(stack, name), "aws_s3_bucket_replication_configuration")
        copy = bucket(stack, name, recovery=True)
        yield equal(str(copy), "provider", copy.get("provider"), "aws.recovery")
        rules = [rule for rule in found.blocks("rule") if rule.get("status") == "Enabled" and not _narrowed(rule)]
        copies = [str(at(rule, "destination.bucket")) for rule in rules]
        yield includes(str(found), "copies to", copies, [names.bucket_arn(stack.target, name, recovery=True)])
        for rule in rules:
            sealed = at(rule, "source_selection_criteria.sse_kms_encrypted_objects.status")
            yield equal(str(found), "copies what is encrypted", sealed, "Enabled")


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(rule.get("prefix")) or any(value for one in _all(rule, "filter") for value in one.values())


@check("LAKE-6")
def logged(stack: Subject) -> Iterator[Observation]:
    access = bucket(stack, "access")
    for name, of, copy in buckets(stack):
        if name == "access" or copy:
            continue  # nothing reads the copies but a recovery, which CloudTrail records
        found = _part(stack, of, "aws_s3_bucket_logging")
        yield equal(str(found), "target_bucket", str(stack.view.target(found.get("target_bucket"))), str(access))


@check("LAKE-7")
def as_declared(stack: Subject) -> Iterator[Observation]:
    modules = {name: module for name, module in stack.environment.modules.items() if module.enabled}
    if not modules:
        raise NotRequired("no module is enabled (modules)")
    for module, spec in modules.items():
        role = stack.one("aws_iam_role", f"workloads/module-{module}")
        attached = stack.view.pointing("aws_iam_role_policy_attachment", "role", role)
        yield empty(str(role), "attached policies", [str(one.get("policy_arn")) for one in attached])
        yield equal(str(role), "lake", _told(_rights(stack, role)), _told(dict(spec.lake)))


def _rights(stack: Subject, role: Resource) -> dict[str, str]:
    """What a role's inline policies let it do with objects: bucket (or what else is named) to read or write."""
    short: dict[str, str] = {names.bucket(stack.target, name): name for name in BUCKETS}
    rights: dict[str, str] = {}
    for policy in stack.view.pointing("aws_iam_role_policy", "role", role):
        for statement in statements(policy.get("policy") or {}):
            actions = values(statement.get("Action"))
            writes = any(covers(actions, action) for action in _WRITES)
            if statement.get("Effect") != "Allow" or not (writes or covers(actions, "s3:GetObject")):
                continue
            for resource in values(statement.get("Resource")):
                named = resource.partition(":::")[2].partition("/")[0] or resource
                place = short.get(named, named)
                rights[place] = "write" if writes or rights.get(place) == "write" else "read"
    return rights


def _told(rights: dict[Any, Any]) -> str:
    return ", ".join(f"{verb} {place}" for place, verb in sorted(rights.items())) or "nothing"
