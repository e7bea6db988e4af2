"""The resource groups of the environment, in which every identity has its roles (ID-2)."""

from constructs import Construct

from terrace.azure import names, providers
from terrace.capabilities.governance import GovernanceHandle
from terrace.capabilities.target import Target


class Ceiling(Construct):
    """The home group and, if there is one, the recovery group; the handle's ceiling is the home group."""

    def __init__(self, scope: Construct, id: str, target: Target) -> None:
        super().__init__(scope, id)
        providers.make_groups(self, target)
        self.handle = GovernanceHandle(ceiling=names.group_id(target))
