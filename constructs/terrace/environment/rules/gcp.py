"""What Google Cloud rejects although the provider plans it."""

import re
from collections.abc import Iterator

from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only, reserved, tag_keys
from terrace.environment.schema import Environment
from terrace.environment.sizes import machine
from terrace.errors import Problem

RECOVERY_DAYS = 7
"""Days of point-in-time recovery in Cloud SQL's Enterprise edition, whose tiers are db-custom-...; Enterprise Plus has
35. Source: Cloud SQL, "Point-in-time recovery"."""

LOG_DAYS = 3650
"""Source: Cloud Logging, "Quotas and limits", retention of a bucket."""

RESERVED_RANGES = {
    "169.254.0.0/16": "Google Cloud uses for metadata and BGP sessions",
    "172.17.0.0/16": "Cloud SQL uses inside its instances",
    "192.0.0.0/24": "Google Cloud reserves",
    "199.36.153.0/24": "Google's APIs use",
}
"""Ranges that no network and no linked one may overlap. Sources: VPC documentation, "Subnets", prohibited ranges; Cloud
SQL documentation, "Private IP", on the Docker bridge network; Cloud Router documentation, BGP addresses."""

MAX_BAN_THRESHOLD = 10_000
"""The most requests from one address in an interval that a rate-based ban can count."""

ROUTER_ASN = 64514
"""The ASN of Terrace's Cloud Router; the peer's must differ."""

_TAG_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@only("gcp")
def bucket_names_are_allowed(environment: Environment) -> Iterator[Problem]:
    """Sources: Cloud Storage, "Bucket naming requirements"; Pub/Sub, "Resource names"."""
    start, bucket = prefix(environment), environment.state.bucket
    if _is_reserved(start):
        message = f"names would start with {start!r}; names of buckets and topics must not contain goog."
        yield Problem(message, path="project", hint="Use another project name.")
    if bucket and _is_reserved(bucket):
        yield Problem(f"{bucket!r} contains goog, which bucket names must not contain.", path="state.bucket")
    if bucket and "." in bucket:
        yield Problem(
            f"{bucket!r} contains a dot; such bucket names are reserved for verified domains.",
            path="state.bucket",
            hint="Use - instead.",
        )


def _is_reserved(name: str) -> bool:
    return "google" in name or name.startswith("goog")


@only("gcp")
def tag_keys_are_allowed(environment: Environment) -> Iterator[Problem]:
    """Source: Resource Manager documentation, "Requirements for labels"."""
    yield from tag_keys(environment, _TAG_KEY, "Google Cloud allows up to 63 characters of a-z, 0-9, _ and - in labels")


@only("gcp")
def peer_asn_differs_from_router_asn(environment: Environment) -> Iterator[Problem]:
    """Source: Cloud Router, "Establish BGP sessions"."""
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn == ROUTER_ASN:
        yield Problem(
            f"{ROUTER_ASN} is the ASN of the Cloud Router.",
            path="network.hybrid.peer_asn",
            hint="Use another private ASN, such as 65010.",
        )


@only("gcp")
def rate_limit_is_supported(environment: Environment) -> Iterator[Problem]:
    """Source: Cloud Armor, "Rate limiting overview", rate-based ban."""
    entry = environment.network.entry
    requests = entry.requests_per_five_minutes if entry else 0
    if requests > MAX_BAN_THRESHOLD:
        message = f"{requests} requests is too many; Cloud Armor bans an address after at most {MAX_BAN_THRESHOLD}."
        yield Problem(message, path="network.entry.requests_per_five_minutes")


@only("gcp")
def gpu_node_types_support_t4(environment: Environment) -> Iterator[Problem]:
    """Nodes of a gpu pool have a T4, which only N1 supports. Source: Compute Engine, "GPU machine types"."""
    types = environment.gcp.node_types if environment.gcp else {}
    for name, pool in environment.pools.items():
        if pool.kind == "gpu" and name in types and not types[name].startswith("n1-"):
            yield Problem(
                f"{types[name]!r} does not support the T4 GPU.",
                path=f"gcp.node_types.{name}",
                hint="Use an N1 type, such as n1-standard-8.",
            )


@only("gcp")
def database_supports_recovery_days(environment: Environment) -> Iterator[Problem]:
    database, exact_tier = environment.database, environment.gcp.database_tier if environment.gcp else None
    if database is None:
        return
    tier = exact_tier or machine("gcp", "database", database.size).name
    if tier.startswith("db-custom-") and database.recovery_days > RECOVERY_DAYS:
        yield Problem(
            f"{database.recovery_days} days is too long; {tier} supports at most {RECOVERY_DAYS} days (DB-5).",
            path="database.recovery_days",
            hint="Use size medium or larger.",
        )


@only("gcp")
def audit_retention_is_supported(environment: Environment) -> Iterator[Problem]:
    days = environment.audit.retention_days
    if days > LOG_DAYS:
        yield Problem(
            f"{days} days is too long; a log bucket keeps records for at most {LOG_DAYS} days.",
            path="audit.retention_days",
            hint="Use 3288.",
        )


@only("gcp")
def ranges_are_not_reserved(environment: Environment) -> Iterator[Problem]:
    yield from reserved(environment, RESERVED_RANGES)
