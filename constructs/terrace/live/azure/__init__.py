"""Azure read live through its own SDK: the functions of `terrace.live` for this cloud. No CDK, no Terraform state."""

from collections.abc import Collection

from terrace.assurance.guarantees import BY_ID
from terrace.assurance.guarantees import GUARANTEES as TABLE
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.live import Result
from terrace.live.azure import (  # noqa: F401  importing registers the checks
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
from terrace.live.azure.checks import CHECKS, judge, opened
from terrace.live.azure.leftovers import leftovers
from terrace.live.azure.preflight import preflight
from terrace.live.evaluation import unread

__all__ = ["GUARANTEES", "leftovers", "preflight", "verify"]

GUARANTEES = tuple(guarantee.id for guarantee in TABLE if guarantee.id in CHECKS)
"""What can be read back on Azure, in the table's order."""


def verify(environment: Environment, target: Target, *, only: Collection[str] = ()) -> list[Result]:
    """See terrace.live.verify."""
    unknown = sorted(set(only) - set(BY_ID))
    if unknown:
        raise UsageError(f"no such guarantee: {', '.join(unknown)}", hint="`terrace verify` lists them all, as DB-2")
    deployment = opened(environment, target)
    wanted = set(only) or set(GUARANTEES)
    return [
        judge(guarantee, deployment) if guarantee in CHECKS else unread(guarantee, "no API of Azure shows it")
        for guarantee in BY_ID
        if guarantee in wanted
    ]
