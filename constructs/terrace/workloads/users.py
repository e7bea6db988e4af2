"""Which modules use a capability of the foundation."""

from collections.abc import Mapping

from terrace.workloads.context import Context

_ALL = ("cluster", "network")
"""What every module uses."""


def users(context: Context) -> Mapping[str, tuple[str, ...]]:
    """Capability to the names of the enabled modules that need it, in alphabetical order. Sources: `needs` of each
    module's contract; every module runs in the cluster and its network."""
    found: dict[str, list[str]] = {capability: sorted(context.modules) for capability in _ALL}
    for name, module in sorted(context.modules.items()):
        needs = module.needs
        used = {
            "database": needs.database,
            "cache": needs.cache,
            "lake": needs.lake,
            "entry": needs.hosts,
            "secrets": module.in_foundation,
            "registry": module.in_foundation,
            "workloads": module.in_foundation,
        }
        for capability, need in used.items():
            if need:
                found.setdefault(capability, []).append(name)
    return {capability: tuple(names) for capability, names in found.items()}
