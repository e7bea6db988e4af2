"""Google Cloud read live through Google's clients: the functions of `terrace.live` for this cloud. No CDK, no
Terraform state. The clients are an extra (`terrace[gcp]`), imported on first use.
"""

from collections.abc import Collection

from terrace.assurance.guarantees import BY_ID
from terrace.assurance.guarantees import GUARANTEES as TABLE
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.live import Result
from terrace.live.evaluation import unread
from terrace.live.gcp import (  # noqa: F401  importing registers the checks
    audit,
    backup,
    cache,
    cluster,
    cost,
    database,
    entry,
    governance,
    identity,
    keys,
    lake,
    network,
    observability,
    registry,
    secrets,
)
from terrace.live.gcp.checks import CHECKS, judge, opened
from terrace.live.gcp.leftovers import leftovers
from terrace.live.gcp.preflight import preflight

__all__ = ["GUARANTEES", "leftovers", "preflight", "verify"]

GUARANTEES = tuple(guarantee.id for guarantee in TABLE if guarantee.id in CHECKS)
"""What can be read back on Google Cloud, in the table's order."""


def verify(environment: Environment, target: Target, *, only: Collection[str] = ()) -> list[Result]:
    """See terrace.live.verify."""
    unknown = sorted(set(only) - set(BY_ID))
    if unknown:
        raise UsageError(f"no such guarantee: {', '.join(unknown)}", hint="`terrace verify` lists them all, as DB-2")
    deployment = opened(environment, target)
    wanted = set(only) or set(GUARANTEES)
    return [
        judge(guarantee, deployment) if guarantee in CHECKS else unread(guarantee, "no API of Google Cloud shows it")
        for guarantee in BY_ID
        if guarantee in wanted
    ]
