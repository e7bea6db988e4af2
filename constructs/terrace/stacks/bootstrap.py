"""The bootstrap: what a person makes before the pipelines run and what outlives the environment, on any cloud.

The identities of the pipelines, and the limit that they and the foundation's identities are under. So a pipeline
neither makes its own rights nor loses them when it destroys the environment.
"""

from constructs import Construct

from terrace import engine
from terrace.capabilities.target import Target
from terrace.environment.schema import Environment


class Bootstrap(engine.Stack):
    """The bootstrap stack of one environment; its id is the environment's name and `-bootstrap`."""

    def __init__(self, scope: Construct, id: str, environment: Environment, target: Target) -> None:
        super().__init__(scope, id, environment, target, layer="bootstrap")
        platform = engine.platform(environment.cloud)
        governance = platform.Ceiling(self, "governance", target).handle
        platform.Pipelines(
            self,
            "pipelines",
            environment.identity,
            target,
            streams=environment.streams is not None,
            governance=governance,
        )
        self.ignore_tags(environment)
