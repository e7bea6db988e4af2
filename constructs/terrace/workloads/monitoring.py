"""Metrics endpoints: a PodMonitor per endpoint that the module declares (OBS-1).

Source: Prometheus operator, PodMonitor monitoring.coreos.com/v1.
"""

from terrace.modules.enabled import EnabledModule
from terrace.workloads.context import Context, Object
from terrace.workloads.metadata import metadata


def objects(module: EnabledModule, context: Context) -> list[Object]:
    """The PodMonitors of a module, if a module provides `metrics`."""
    if context.provider("metrics") is None:
        return []
    return [
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "PodMonitor",
            "metadata": metadata(f"{module.name}-{number}", module, context),
            "spec": {
                "selector": {"matchLabels": dict(scrape.pods)},
                "podMetricsEndpoints": [
                    {
                        "portNumber": module.contract.network.ports[scrape.port],
                        "path": scrape.path,
                        "relabelings": [{"targetLabel": "module", "replacement": module.name}],
                    }
                ],
            },
        }
        for number, scrape in enumerate(module.contract.observability.scrape, start=1)
    ]
