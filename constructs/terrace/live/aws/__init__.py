"""AWS read live through boto3: the functions of `terrace.live` for this cloud. No CDK, no Terraform state."""

from collections.abc import Collection

from terrace.assurance.guarantees import BY_ID
from terrace.assurance.guarantees import GUARANTEES as TABLE
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.live import Result
from terrace.live.aws import (  # noqa: F401  importing registers the checks
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
from terrace.live.aws.checks import CHECKS, Deployment, judge
from terrace.live.aws.leftovers import leftovers
from terrace.live.aws.preflight import preflight
from terrace.live.aws.session import Reader
from terrace.live.evaluation import unread

__all__ = ["GUARANTEES", "leftovers", "preflight", "verify"]

GUARANTEES = tuple(guarantee.id for guarantee in TABLE if guarantee.id in CHECKS)
"""What can be read back on AWS, in the table's order."""


def verify(environment: Environment, target: Target, *, only: Collection[str] = ()) -> list[Result]:
    """See terrace.live.verify."""
    unknown = sorted(set(only) - set(BY_ID))
    if unknown:
        raise UsageError(f"no such guarantee: {', '.join(unknown)}", hint="`terrace verify` lists them all, as DB-2")
    reader = Reader(target)
    reader.check_account()
    deployment = Deployment(environment, target, reader)
    wanted = set(only) or set(GUARANTEES)
    return [
        judge(guarantee, deployment) if guarantee in CHECKS else unread(guarantee, "no API of AWS shows it")
        for guarantee in BY_ID
        if guarantee in wanted
    ]
