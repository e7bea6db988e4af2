"""The context of an environment's workloads: the one place where its parts come together."""

from pathlib import Path
from typing import cast

from terrace.capabilities.cloud import implementation
from terrace.capabilities.target import Target
from terrace.capabilities.workloads import CloudWorkloads
from terrace.environment import target
from terrace.environment.schema import Environment
from terrace.errors import UsageError
from terrace.workloads import standins
from terrace.workloads.context import Context


def opened(environment: Environment, *, root: Path, outputs: Path, account: Target | None = None) -> Context:
    """The workloads of an environment in the project `root`; `outputs` is the folder with the foundations' outputs.

    Raises UsageError for outputs of another environment, and for one without a cluster.
    """
    if environment.cluster is None:
        raise UsageError(
            f"{environment.name} has no cluster (cluster is off), so nothing runs in it",
            hint="add the section cluster, or use another environment",
        )
    account = account or target(environment)
    found = standins.outputs(environment, account, outputs / standins.file_name(environment))
    cloud = cast(CloudWorkloads, implementation("terrace", environment.cloud, "workloads"))
    return Context(environment, account, found, cloud, root)
