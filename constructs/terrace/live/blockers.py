"""What blocks a plan, read from the live cloud. Imports nothing of the cloud before it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from terrace.capabilities.blockers import Blocker, Planned
from terrace.environment.placement import target
from terrace.environment.schema import Environment
from terrace.live import deleted, removal


@dataclass(frozen=True)
class LiveBlockers:
    """See terrace.capabilities.blockers.Blockers. `on_message` receives what could not be read."""

    environment: Environment
    on_message: Callable[[str], None]

    def __call__(self, removed: Sequence[Planned], created: Sequence[Planned]) -> Sequence[Blocker]:
        of = self.environment, target(self.environment)
        return [*removal.blockers(*of, removed, self.on_message), *deleted.blockers(*of, created, self.on_message)]

    @property
    def lasting(self) -> frozenset[str]:
        return deleted.lasting(self.environment.cloud)
