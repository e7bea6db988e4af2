"""Cloud Storage (LAKE-1 to LAKE-8)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance import access
from terrace.assurance.checks import Subject
from terrace.assurance.checks.gcp.lookup import seconds, unset, uses
from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, equal, includes
from terrace.assurance.view import Resource, at, blocks
from terrace.calls import Absent
from terrace.capabilities.extension import EXTENSIONS
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.gcp import names

_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}  # the others: the lake's
_DAY = 86400
_SENSITIVE = ("AUTH_TOKEN", "CREDIT_CARD_NUMBER", "EMAIL_ADDRESS", "GCP_CREDENTIALS", "IBAN_CODE", "PERSON_NAME")
_REPORTS = ("publish_summary_to_cscc", "publish_to_stackdriver")


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


def of_extensions(stack: Subject) -> list[Resource]:
    """The buckets of extensions, to which the rules apply that do not depend on a bucket's purpose."""
    return stack.view.all("google_storage_bucket", EXTENSIONS)


def judged(stack: Subject) -> list[Resource]:
    """The buckets of the lake and of extensions."""
    return [*(one for _, one in buckets(stack)), *of_extensions(stack)]


def lock(stack: Subject, name: Bucket, days: int) -> Iterator[Observation]:
    """Whether a bucket's objects are immutable for at least `days`, in the environment's mode."""
    resource = bucket(stack, name)
    period = seconds(resource.get("retention_policy.retention_period"))
    yield at_least(str(resource), "retention period in days", None if period is None else period / _DAY, days)
    locked = stack.environment.lake.immutability.mode == "compliance" and stack.target.protected
    yield equal(str(resource), "is_locked", bool(resource.get("retention_policy.is_locked")), locked)


@check("LAKE-1")
def public_access_blocked(stack: Subject) -> Iterator[Observation]:
    for resource in judged(stack):
        yield equal(str(resource), "public_access_prevention", resource.get("public_access_prevention"), "enforced")
        uniform = resource.get("uniform_bucket_level_access")
        yield equal(str(resource), "uniform_bucket_level_access", uniform, True)
    known = {*judged(stack)}
    for resource in stack.all("google_storage_bucket"):
        yield equal(str(resource), "belongs to the lake or an extension", resource in known, True)


@check("LAKE-2")
def encrypted(stack: Subject) -> Iterator[Observation]:
    for name, resource in buckets(stack):
        spans = bool(resource.get("custom_placement_config"))
        key = resource.get("encryption.default_kms_key_name")
        yield uses(stack, resource, key, "default_kms_key_name", _KEY.get(name, "lake"), "both" if spans else "home")
        for kind in ("google_managed", "customer_supplied"):
            mode = resource.get(f"encryption.{kind}_encryption_enforcement_config.restriction_mode")
            yield equal(str(resource), f"{kind} encryption", mode, "FullyRestricted")
    for resource in of_extensions(stack):
        yield uses(stack, resource, resource.get("encryption.default_kms_key_name"), "default_kms_key_name", "lake")


@check("LAKE-3")
def versioned_and_immutable(stack: Subject) -> Iterator[Observation]:
    for resource in judged(stack):
        protected = bool(resource.get("versioning.enabled") or resource.get("retention_policy"))
        yield Observation(
            str(resource), f"versioning or retention policy = {str(protected).lower()}", protected, "true"
        )
        soft = seconds(resource.get("soft_delete_policy.retention_duration_seconds"))
        yield at_least(str(resource), "soft delete in days", None if soft is None else soft / _DAY, 7)
        yield equal(str(resource), "force_destroy", bool(resource.get("force_destroy")), False)
        if stack.target.protected:
            yield equal(str(resource), "deletion_policy", resource.get("deletion_policy"), "PREVENT")
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
        partial = [one for one in resource.blocks("lifecycle_rule") if _narrowed(one) and one not in rules]
        yield equal(str(resource), "rules for a part of the objects", len(partial), 0)
        # a rule for superseded versions only has no effect on the others
        live = [at(rule, "condition.age", 0) for rule in deletions if at(rule, "condition.with_state") != "ARCHIVED"]
        expected = [spec.expire_after_days] if spec.expire_after_days else []
        yield equal(str(resource), "expires after days", live, expected)
        superseded = [
            at(rule, "condition.days_since_noncurrent_time")
            for rule in deletions
            if at(rule, "condition.with_state") == "ARCHIVED"
        ]
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
def declared_only(stack: Subject) -> Iterator[Observation]:
    return access.observations(stack, "LAKE-7")


@check("LAKE-8")
def sensitive_data_discovery(stack: Subject) -> Iterator[Observation]:
    if not stack.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    job = stack.one("google_data_loss_prevention_job_trigger", "lake/discovery")
    options = "inspect_job.storage_config.cloud_storage_options"
    bronze = names.bucket(stack.target, "bronze")
    yield equal(str(job), "url", job.get(f"{options}.file_set.url"), f"gs://{bronze}/**")
    every = seconds(job.get("triggers.schedule.recurrence_period_duration"))
    yield at_most(str(job), "days between runs", None if every is None else every / _DAY, 7)
    yield equal(str(job), "status", job.get("status", "HEALTHY"), "HEALTHY")
    kinds = [str(one.get("name")) for one in job.blocks("inspect_job.inspect_config.info_types")]
    yield includes(str(job), "info types", kinds, _SENSITIVE)
    actions = job.blocks("inspect_job.actions")
    reported = [name for name in _REPORTS if any(blocks(one, name) for one in actions)]
    yield equal(str(job), "reports to", reported, list(_REPORTS))
    yield from unset(
        job, f"{options}.file_set.regex_file_set", f"{options}.file_types", f"{options}.files_limit_percent",
        "inspect_job.inspect_config.rule_set", "inspect_job.inspect_config.exclude_info_types",
        "inspect_job.storage_config.timespan_config.start_time", "inspect_job.storage_config.timespan_config.end_time",
    )  # fmt: skip
