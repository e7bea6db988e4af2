"""Cloud Storage (LAKE-1 to LAKE-7)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import roles, seconds, uses
from terrace.assurance.evaluation import Absent, NotRequired, Observation, at_least, at_most, check, empty, equal
from terrace.assurance.view import Resource, at
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.gcp import names

_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}  # the others: the lake's
_READ, _WRITE = "roles/storage.objectViewer", "roles/storage.objectUser"
_DAY = 86400


def bucket(stack: Subject, name: Bucket) -> Resource:
    """A bucket, under its own name. Raises Absent."""
    full = names.bucket(stack.target, name)
    for resource in stack.all("google_storage_bucket"):
        if resource.get("name") == full:
            return resource
    raise Absent(f"no google_storage_bucket {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource]]:
    """Each bucket and what it is for."""
    for name in BUCKETS:
        yield name, bucket(stack, name)


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether a bucket's objects are immutable for these days, in the environment's mode."""
    of = bucket(stack, name)
    period = seconds(of.get("retention_policy.retention_period"))
    yield at_least(str(of), "days of retention", None if period is None else period / _DAY, days)
    final = stack.environment.lake.immutability.mode == "compliance" and stack.target.protected
    yield equal(str(of), "is_locked", bool(of.get("retention_policy.is_locked")), final)


@check("LAKE-1")
def never_public(stack: Subject) -> Iterator[Observation]:
    for _, of in buckets(stack):
        yield equal(str(of), "public_access_prevention", of.get("public_access_prevention"), "enforced")
        uniform = of.get("uniform_bucket_level_access")
        yield equal(str(of), "uniform_bucket_level_access", uniform, True)
    grants = stack.all("google_storage_bucket_iam_member")
    public = [str(one) for one in grants if str(one.get("member")) in ("allUsers", "allAuthenticatedUsers")]
    yield empty("lake", "grants to everybody", public)
    ours = {of for _, of in buckets(stack)}
    yield empty("lake", "other buckets", [str(one) for one in stack.all("google_storage_bucket") if one not in ours])


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, of in buckets(stack):
        spans = bool(of.get("custom_placement_config"))
        key = of.get("encryption.default_kms_key_name")
        yield uses(stack, of, key, "default_kms_key_name", _KEY.get(name, "lake"), "both" if spans else "home")


@check("LAKE-3")
def versioned(stack: Subject) -> Iterator[Observation]:
    for _, of in buckets(stack):
        kept = bool(of.get("versioning.enabled")) or of.get("retention_policy") is not None
        yield Observation(
            str(of), f"{'keeps' if kept else 'loses'} what was overwritten", kept, "versions or retention"
        )
        soft = seconds(of.get("soft_delete_policy.retention_duration_seconds"))
        yield at_least(str(of), "days of soft delete", None if soft is None else soft / _DAY, 7)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def tiered(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.lake.lifecycle.items():
        of = bucket(stack, name)
        rules = [rule for rule in of.blocks("lifecycle_rule") if not _narrowed(rule)]
        moves = [at(rule, "condition.age", 0) for rule in rules if at(rule, "action.type") == "SetStorageClass"]
        yield at_most(str(of), "first move after days", min(moves, default=None), spec.cool_after_days)
        yield at_most(str(of), "last move after days", max(moves, default=None), spec.archive_after_days)
        ends = [rule for rule in rules if at(rule, "action.type") == "Delete"]
        live = [at(rule, "condition.age") for rule in ends if at(rule, "condition.with_state") == "LIVE"]
        yield equal(str(of), "expires after days", live[0] if live else None, spec.expire_after_days)
        old = [days for rule in ends if (days := at(rule, "condition.days_since_noncurrent_time"))]
        yield equal(str(of), "superseded versions end after days", old, [spec.superseded_after_days])


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(at(rule, "condition.matches_prefix") or at(rule, "condition.matches_suffix"))


@check("LAKE-5")
def spans_two_regions(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("no copies are asked for (lake.replicate)")
    wanted = sorted(str(region).upper() for region in (stack.target.region, stack.target.recovery_region))
    for name in REPLICATED:
        of = bucket(stack, name)
        places = sorted(of.get("custom_placement_config.data_locations", []))
        yield equal(str(of), "data_locations", places, wanted)
        yield equal(str(of), "rpo", of.get("rpo"), "ASYNC_TURBO")


@check("LAKE-6")
def logged(stack: Subject) -> Iterator[Observation]:
    access = names.bucket(stack.target, "access")
    for name, of in buckets(stack):
        if name != "access":
            yield equal(str(of), "log_bucket", of.get("logging.log_bucket"), access)


@check("LAKE-7")
def as_declared(stack: Subject) -> Iterator[Observation]:
    modules = {name: module for name, module in stack.environment.modules.items() if module.enabled}
    if not modules:
        raise NotRequired("no module is enabled (modules)")
    short: dict[str, str] = {names.bucket(stack.target, name): name for name in BUCKETS}
    verbs = {_READ: "read", _WRITE: "write"}
    for module, spec in modules.items():
        member = names.member(stack.target, f"module-{module}")
        grants = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
        rights = {
            short.get(str(one.get("bucket")), str(one.get("bucket"))): verbs.get(
                str(one.get("role")), str(one.get("role"))
            )
            for one in grants
        }
        yield equal(f"module {module}", "lake", _told(rights), _told(dict(spec.lake)))
        wide = [role for role in roles(stack, member) if role.startswith("roles/storage") or role.count(".") == 0]
        yield empty(f"module {module}", "roles on every bucket", wide)


def _told(rights: dict[Any, Any]) -> str:
    return ", ".join(f"{verb} {place}" for place, verb in sorted(rights.items())) or "nothing"
