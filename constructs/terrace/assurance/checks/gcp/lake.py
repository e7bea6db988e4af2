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
    """A bucket of the stack. Raises Absent."""
    full = names.bucket(stack.target, name)
    for resource in stack.all("google_storage_bucket"):
        if resource.get("name") == full:
            return resource
    raise Absent(f"no google_storage_bucket {full}")


def buckets(stack: Subject) -> Iterator[tuple[Bucket, Resource]]:
    """Each bucket with its purpose."""
    for name in BUCKETS:
        yield name, bucket(stack, name)


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether a bucket's objects are immutable for at least `days`, in the environment's mode."""
    resource = bucket(stack, name)
    period = seconds(resource.get("retention_policy.retention_period"))
    yield at_least(str(resource), "retention period in days", None if period is None else period / _DAY, days)
    locked = stack.environment.lake.immutability.mode == "compliance" and stack.target.protected
    yield equal(str(resource), "is_locked", bool(resource.get("retention_policy.is_locked")), locked)


@check("LAKE-1")
def public_access_blocked(stack: Subject) -> Iterator[Observation]:
    for _, resource in buckets(stack):
        yield equal(str(resource), "public_access_prevention", resource.get("public_access_prevention"), "enforced")
        uniform = resource.get("uniform_bucket_level_access")
        yield equal(str(resource), "uniform_bucket_level_access", uniform, True)
    grants = stack.all("google_storage_bucket_iam_member")
    public = [str(one) for one in grants if str(one.get("member")) in ("allUsers", "allAuthenticatedUsers")]
    yield empty("lake", "grants to all users", public)
    lake_buckets = {resource for _, resource in buckets(stack)}
    yield empty(
        "lake",
        "buckets outside the lake",
        [str(one) for one in stack.all("google_storage_bucket") if one not in lake_buckets],
    )


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, resource in buckets(stack):
        spans = bool(resource.get("custom_placement_config"))
        key = resource.get("encryption.default_kms_key_name")
        yield uses(stack, resource, key, "default_kms_key_name", _KEY.get(name, "lake"), "both" if spans else "home")


@check("LAKE-3")
def versioned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for _, resource in buckets(stack):
        protected = bool(resource.get("versioning.enabled")) or resource.get("retention_policy") is not None
        yield Observation(
            str(resource), f"versioning or retention policy = {str(protected).lower()}", protected, "true"
        )
        soft = seconds(resource.get("soft_delete_policy.retention_duration_seconds"))
        yield at_least(str(resource), "soft delete in days", None if soft is None else soft / _DAY, 7)
    yield from lock(stack, "bronze", stack.environment.lake.immutability.days)


@check("LAKE-4")
def lifecycle_rules(stack: Subject) -> Iterator[Observation]:
    for name, spec in stack.environment.lake.lifecycle.items():
        resource = bucket(stack, name)
        rules = [rule for rule in resource.blocks("lifecycle_rule") if not _narrowed(rule)]
        moves = [at(rule, "condition.age", 0) for rule in rules if at(rule, "action.type") == "SetStorageClass"]
        yield at_most(str(resource), "first transition after days", min(moves, default=None), spec.cool_after_days)
        yield at_most(str(resource), "last transition after days", max(moves, default=None), spec.archive_after_days)
        deletions = [rule for rule in rules if at(rule, "action.type") == "Delete"]
        live = [at(rule, "condition.age") for rule in deletions if at(rule, "condition.with_state") == "LIVE"]
        yield equal(str(resource), "expires after days", live[0] if live else None, spec.expire_after_days)
        superseded = [days for rule in deletions if (days := at(rule, "condition.days_since_noncurrent_time"))]
        yield equal(str(resource), "superseded versions expire after days", superseded, [spec.superseded_after_days])


def _narrowed(rule: dict[str, Any]) -> bool:
    return bool(at(rule, "condition.matches_prefix") or at(rule, "condition.matches_suffix"))


@check("LAKE-5")
def replicated(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    expected = sorted(str(region).upper() for region in (stack.target.region, stack.target.recovery_region))
    for name in REPLICATED:
        resource = bucket(stack, name)
        locations = sorted(resource.get("custom_placement_config.data_locations", []))
        yield equal(str(resource), "data_locations", locations, expected)
        yield equal(str(resource), "rpo", resource.get("rpo"), "ASYNC_TURBO")


@check("LAKE-6")
def access_logs_enabled(stack: Subject) -> Iterator[Observation]:
    access = names.bucket(stack.target, "access")
    for name, resource in buckets(stack):
        if name != "access":
            yield equal(str(resource), "log_bucket", resource.get("logging.log_bucket"), access)


@check("LAKE-7")
def module_permissions(stack: Subject) -> Iterator[Observation]:
    modules = stack.environment.foundation_modules
    if not modules:
        raise NotRequired("no enabled module uses the foundation (modules)")
    layer_names: dict[str, str] = {names.bucket(stack.target, name): name for name in BUCKETS}
    verbs = {_READ: "read", _WRITE: "write"}
    for module, enabled in modules.items():
        member = names.member(stack.target, f"module-{module}")
        grants = [one for one in stack.all("google_storage_bucket_iam_member") if one.get("member") == member]
        rights = {
            layer_names.get(str(one.get("bucket")), str(one.get("bucket"))): verbs.get(
                str(one.get("role")), str(one.get("role"))
            )
            for one in grants
        }
        yield equal(f"module {module}", "lake permissions", _described(rights), _described(dict(enabled.needs.lake)))
        project_roles = [
            role for role in roles(stack, member) if role.startswith("roles/storage") or role.count(".") == 0
        ]
        yield empty(f"module {module}", "project roles on every bucket", project_roles)


def _described(rights: dict[Any, Any]) -> str:
    return ", ".join(f"{verb} {layer}" for layer, verb in sorted(rights.items())) or "nothing"
