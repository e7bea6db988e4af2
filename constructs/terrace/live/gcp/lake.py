"""Checks of Cloud Storage (LAKE-1 to LAKE-8)."""

from collections.abc import Iterator
from typing import Any

from terrace.assurance.evaluation import NotRequired, Observation, at_least, at_most, check, empty, equal, includes
from terrace.capabilities.keys import Purpose
from terrace.capabilities.lake import BUCKETS, REPLICATED, Bucket
from terrace.environment import data_access
from terrace.gcp import names
from terrace.live.gcp import grants, keys
from terrace.live.gcp.checks import Deployment, days, named

_KEY: dict[Bucket, Purpose] = {"audit": "audit", "backups": "backups", "access": "logs"}  # all others: the lake's key
_VERBS = {
    "roles/storage.objectViewer": "read",
    "roles/storage.objectUser": "write",
    "roles/storage.objectCreator": "add",
}
_SOFT_DELETE_DAYS = 7  # the least for every bucket
_SECURE_TRANSPORT = "storage.secureHttpTransport"


def bucket(deployment: Deployment, name: Bucket) -> dict[str, Any]:
    """A bucket. Raises Absent."""
    return deployment.call("storage", "buckets.get", bucket=names.bucket(deployment.target, name), projection="full")


def buckets(deployment: Deployment) -> Iterator[tuple[Bucket, str, dict[str, Any]]]:
    """Each bucket, its name and its body. Raises Absent."""
    for name in BUCKETS:
        yield name, names.bucket(deployment.target, name), bucket(deployment, name)


def spans(deployment: Deployment, name: Bucket) -> bool:
    """Whether a bucket has to be in both regions."""
    return bool(deployment.environment.lake.replicate and deployment.target.recovery_region and name in REPLICATED)


def lock(deployment: Deployment, name: Bucket, least: int) -> Iterator[Observation]:
    """Whether the bucket's objects are immutable for these days, in the environment's mode."""
    resource = f"bucket {names.bucket(deployment.target, name)}"
    policy = bucket(deployment, name).get("retentionPolicy", {})
    yield at_least(resource, "days of retention", days(policy.get("retentionPeriod")), least)
    final = deployment.environment.lake.immutability.mode == "compliance"
    yield equal(resource, "isLocked", bool(policy.get("isLocked")), final)


@check("LAKE-1")
def never_public(deployment: Deployment) -> Iterator[Observation]:
    for _, name, found in buckets(deployment):
        access = found.get("iamConfiguration", {})
        yield equal(f"bucket {name}", "publicAccessPrevention", access.get("publicAccessPrevention"), "enforced")
        uniform = access.get("uniformBucketLevelAccess", {}).get("enabled", False)
        yield equal(f"bucket {name}", "uniformBucketLevelAccess", uniform, True)
        yield empty(f"bucket {name}", "public grants", grants.public(grants.on_bucket(deployment, name)))


@check("LAKE-2")
def encrypted(deployment: Deployment) -> Iterator[Observation]:
    for bucket_name, name, found in buckets(deployment):
        encryption = found.get("encryption", {})
        place: names.Place = "both" if spans(deployment, bucket_name) else "home"
        key = encryption.get("defaultKmsKeyName")
        yield keys.used(deployment, f"bucket {name}", "defaultKmsKeyName", key, _KEY.get(bucket_name, "lake"), place)
    if names.settings(deployment.target).owns_account:
        yield policy_on(deployment, _SECURE_TRANSPORT)  # blocks plain HTTP


def policy_on(deployment: Deployment, constraint: str) -> Observation:
    """Whether an organisation policy is enforced on the project. Raises Absent."""
    policy = deployment.call("orgpolicy", "projects.policies.get", name=f"{deployment.project}/policies/{constraint}")
    rules = policy.get("spec", {}).get("rules", [])
    on = any(rule.get("enforce") or rule.get("denyAll") for rule in rules)
    return equal(f"policy {constraint}", "is enforced", on, True)


@check("LAKE-3")
def versioned(deployment: Deployment) -> Iterator[Observation]:
    for _, name, found in buckets(deployment):
        kept = bool(found.get("versioning", {}).get("enabled")) or "retentionPolicy" in found
        fact = f"{'retains' if kept else 'loses'} overwritten objects"
        yield Observation(f"bucket {name}", fact, kept, "versioning or a retention policy")
        soft = days(found.get("softDeletePolicy", {}).get("retentionDurationSeconds"))
        yield at_least(f"bucket {name}", "days of soft delete", soft, _SOFT_DELETE_DAYS)
    yield from lock(deployment, "bronze", deployment.environment.lake.immutability.days)


@check("LAKE-4")
def tiered(deployment: Deployment) -> Iterator[Observation]:
    for name, spec in deployment.environment.lake.lifecycle.items():
        found, resource = bucket(deployment, name), f"bucket {names.bucket(deployment.target, name)}"
        rules = [rule for rule in found.get("lifecycle", {}).get("rule", []) if not _narrowed(rule)]
        moves = [rule["condition"].get("age", 0) for rule in rules if rule["action"]["type"] == "SetStorageClass"]
        yield at_most(resource, "first transition after days", min(moves, default=None), spec.cool_after_days)
        yield at_most(resource, "last transition after days", max(moves, default=None), spec.archive_after_days)
        ends = [rule["condition"] for rule in rules if rule["action"]["type"] == "Delete"]
        live = [one.get("age") for one in ends if one.get("isLive")]
        yield equal(resource, "expires after days", live[0] if live else None, spec.expire_after_days)
        old = [one["daysSinceNoncurrentTime"] for one in ends if "daysSinceNoncurrentTime" in one]
        yield equal(resource, "superseded versions expire after days", old, [spec.superseded_after_days])


def _narrowed(rule: dict[str, Any]) -> bool:
    """Whether a rule is for some of the objects only."""
    return bool(rule.get("condition", {}).get("matchesPrefix") or rule.get("condition", {}).get("matchesSuffix"))


@check("LAKE-5")
def spans_two_regions(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.replicate:
        raise NotRequired("lake.replicate is false")
    expected = sorted(str(region).upper() for region in (deployment.target.region, deployment.target.recovery_region))
    for name in REPLICATED:
        found, resource = bucket(deployment, name), f"bucket {names.bucket(deployment.target, name)}"
        places = sorted(str(one).upper() for one in found.get("customPlacementConfig", {}).get("dataLocations", []))
        yield equal(resource, "dataLocations", places, expected)
        yield equal(resource, "rpo", found.get("rpo"), "ASYNC_TURBO")


@check("LAKE-6")
def logged(deployment: Deployment) -> Iterator[Observation]:
    access = names.bucket(deployment.target, "access")
    for bucket_name, name, found in buckets(deployment):
        if bucket_name != "access":
            yield equal(f"bucket {name}", "logBucket", found.get("logging", {}).get("logBucket"), access)


@check("LAKE-7")
def as_declared(deployment: Deployment) -> Iterator[Observation]:
    environment, target = deployment.environment, deployment.target
    lakes = {
        f"module {name}": (names.member(target, f"module-{name}"), environment.lake_access(module))
        for name, module in environment.foundation_modules.items()
    }
    for group, lake in data_access.files(environment).items():
        lakes[f"group {group}"] = (names.group_member(target, group), lake)
    if not lakes:
        raise NotRequired("no enabled module uses the foundation (modules), and no group reads files (access)")
    by_bucket = {bucket: grants.on_bucket(deployment, name) for bucket, name, _ in buckets(deployment)}
    everywhere = grants.on_project(deployment)
    for holder, (member, lake) in lakes.items():
        declared, limits = set[str](), dict[tuple[str, str], str]()
        for bucket, folders in lake.items():
            for folder, access in folders.items():
                declared.add(f"{access} {bucket}/{folder}")
                limits[bucket, names.below(target, bucket, folder)] = f"/{folder}"
        rights = {
            f"{_VERBS.get(one.role, one.role)} {bucket}"
            + limits.get((bucket, one.only), f" if {one.only}" if one.only else "")
            for bucket, found in by_bucket.items()
            for one in found
            if one.member == member
        }
        yield equal(holder, "lake permissions", _told(rights), _told(declared))
        wide = [role for role in grants.roles(everywhere, member) if role.startswith("roles/storage.")]
        basic = [role for role in grants.roles(everywhere, member) if role in ("roles/owner", "roles/editor")]
        yield empty(holder, "project roles on every bucket", wide + basic)


def _told(rights: set[str]) -> str:
    return ", ".join(sorted(rights)) or "nothing"


@check("LAKE-8")
def sensitive_data_sought(deployment: Deployment) -> Iterator[Observation]:
    if not deployment.environment.lake.sensitive_data_discovery:
        raise NotRequired("lake.sensitive_data_discovery is false")
    name = f"{deployment.place}/jobTriggers/{deployment.prefix}-bronze"
    job = deployment.call("dlp", "projects.locations.jobTriggers.get", name=name)
    resource = f"job trigger {named(name)}"
    yield equal(resource, "status", job.get("status"), "HEALTHY")
    read = job.get("inspectJob", {}).get("storageConfig", {}).get("cloudStorageOptions", {}).get("fileSet", {})
    yield equal(resource, "url", read.get("url"), f"gs://{names.bucket(deployment.target, 'bronze')}/**")
    every = [days(one.get("schedule", {}).get("recurrencePeriodDuration")) for one in job.get("triggers", [])]
    yield at_most(resource, "days between runs", next(iter(every), None), 7)
    actions = [key for one in job.get("inspectJob", {}).get("actions", []) for key in one]
    yield includes(resource, "reports to", actions, ["publishSummaryToCscc", "publishToStackdriver"])
