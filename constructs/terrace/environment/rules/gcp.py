"""What Google Cloud refuses though the provider plans it."""

from collections.abc import Iterator

from terrace.environment.naming import prefix
from terrace.environment.rules.cloud_rule import only
from terrace.environment.schema import Environment
from terrace.environment.sizes import machine
from terrace.errors import Problem

RECOVERY_DAYS = 7
"""Days of point-in-time recovery of Cloud SQL's edition Enterprise, whose machines are db-custom-...; Enterprise Plus
keeps 35. Source: Cloud SQL, "Point-in-time recovery"."""

LOG_DAYS = 3650
"""Source: Cloud Logging, "Quotas and limits", retention of a bucket."""

BANNED_FROM = 10_000
"""Requests of one address in an interval, at most, that a rule may count before it bans."""

OUR_ASN = 64514
"""Of the kit's Cloud Router; the other side's has to differ."""


@only("gcp")
def buckets_are_not_called_as_google_is(environment: Environment) -> Iterator[Problem]:
    """Sources: Cloud Storage, "Bucket naming requirements"; Pub/Sub, "Resource names"."""
    start, bucket = prefix(environment), environment.state.bucket
    if "google" in start or start.startswith("goog"):
        yield Problem(f"makes names with {start!r}; none of a bucket or topic may say goog.", path="project")
    if bucket and ("google" in bucket or bucket.startswith("goog")):
        yield Problem(f"{bucket!r} says goog, which no bucket's name may.", path="state.bucket")
    if bucket and "." in bucket:
        yield Problem(
            f"{bucket!r} has a dot: such buckets are for domains that were verified.",
            path="state.bucket",
            hint="Write - instead.",
        )


@only("gcp")
def the_office_has_another_number_than_the_router(environment: Environment) -> Iterator[Problem]:
    """Source: Cloud Router, "Establish BGP sessions"."""
    hybrid = environment.network.hybrid
    if hybrid is not None and hybrid.peer_asn == OUR_ASN:
        yield Problem(
            f"{OUR_ASN} is the Cloud Router's own.",
            path="network.hybrid.peer_asn",
            hint="Take another private one, as 65010.",
        )


@only("gcp")
def requests_can_be_counted(environment: Environment) -> Iterator[Problem]:
    """Source: Cloud Armor, "Rate limiting overview", rate-based ban."""
    requests = environment.network.entry.requests_per_five_minutes
    if requests > BANNED_FROM:
        yield Problem(
            f"{requests} requests are more than the {BANNED_FROM} from which Cloud Armor bans an address.",
            path="network.entry.requests_per_five_minutes",
        )


@only("gcp")
def exact_machines_take_the_pools_gpu(environment: Environment) -> Iterator[Problem]:
    """A gpu pool's machines get a T4, which only N1 takes. Source: Compute Engine, "GPU machine types"."""
    machines = environment.gcp.node_types if environment.gcp else {}
    for name, pool in environment.cluster.pools.items():
        if pool.kind == "gpu" and name in machines and not machines[name].startswith("n1-"):
            yield Problem(
                f"{machines[name]!r} takes no T4.", path=f"gcp.node_types.{name}", hint="Take an N1, as n1-standard-8."
            )


@only("gcp")
def the_edition_keeps_the_recovery(environment: Environment) -> Iterator[Problem]:
    database, exact = environment.database, environment.gcp.database_tier if environment.gcp else None
    tier = exact or machine("gcp", "database", database.size).name
    if tier.startswith("db-custom-") and database.recovery_days > RECOVERY_DAYS:
        yield Problem(
            f"{database.recovery_days} days are more than the {RECOVERY_DAYS} that {tier} keeps (DB-5).",
            path="database.recovery_days",
            hint="Take size medium or larger.",
        )


@only("gcp")
def records_can_be_kept(environment: Environment) -> Iterator[Problem]:
    days = environment.audit.retention_days
    if days > LOG_DAYS:
        yield Problem(
            f"{days} days are more than the {LOG_DAYS} that a log bucket keeps.",
            path="audit.retention_days",
            hint="Take 3288.",
        )
