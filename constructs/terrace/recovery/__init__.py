"""Restores deleted resources whose names a plan needs, so that the next plan adopts them."""

from collections.abc import Iterable

from terrace.capabilities.blockers import Blocker
from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


def restore(environment: Environment, target: Target, deleted: Iterable[Blocker]) -> None:
    """Restore what these blockers name, in their order: a pool comes before its providers. A resource that is restored
    already is left as it is.

    Raises CredentialsError, Unreadable.
    """
    cloud = implementation("terrace.recovery", environment.cloud)
    deployment = cloud.opened(environment, target)
    for one in deleted:
        cloud.RESTORE[one.address.partition(".")[0]](deployment, one.restore)
