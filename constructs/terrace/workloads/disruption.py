"""PodDisruptionBudgets: a drained node takes one pod of a component at a time."""

from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """A PodDisruptionBudget for each component with several pods that its labels select.

    Two budgets that select one pod block every drain, so a module turns its chart's own budgets off.
    """
    result: list[Object] = []
    for name, component in module.contract.components.items():
        size = component.sizes.get(module.size)
        if not component.pods or component.per_node or size is None or size.replicas < 2:
            continue
        result.append(
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": metadata(f"{module.name}-{name}", module, context),
                "spec": {
                    "maxUnavailable": 1,
                    "selector": {"matchLabels": dict(component.pods)},
                    "unhealthyPodEvictionPolicy": "AlwaysAllow",  # a pod that is not ready does not block a drain
                },
            }
        )
    return result
