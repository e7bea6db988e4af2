"""The Kubernetes objects of a release: what its chart renders to."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from terrace.capabilities.spec import present
from terrace.modules.contract import ChartSpec, Service
from terrace.workloads import charts
from terrace.workloads.charts import LocalChart
from terrace.workloads.context import Context, Object
from terrace.workloads.helm import Helm
from terrace.workloads.policy_scope import CLUSTER_SCOPED
from terrace.workloads.release import WIRING, Release

APIS: Mapping[Service, tuple[str, ...]] = {
    "admission": ("kyverno.io/v1", "kyverno.io/v2", "policies.kyverno.io/v1"),
    "certificates": ("cert-manager.io/v1", "cert-manager.io/v1/Certificate"),
    "secrets": ("external-secrets.io/v1", "external-secrets.io/v1/ExternalSecret"),
    "gateway": ("gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1/HTTPRoute"),
    "metrics": (
        "monitoring.coreos.com/v1",
        "monitoring.coreos.com/v1/PodMonitor",
        "monitoring.coreos.com/v1/PrometheusRule",
        "monitoring.coreos.com/v1/ServiceMonitor",
    ),
    "scaling": ("keda.sh/v1alpha1", "keda.sh/v1alpha1/ScaledObject"),
}
"""The APIs that the provider of a service adds to the cluster. Charts ask for them before they render such objects."""


@dataclass(frozen=True)
class Rendered:
    """The objects of a release, or the reason why it was not rendered."""

    release: Release
    objects: tuple[Object, ...] = ()
    skipped: str = ""
    chart: LocalChart | None = None


@dataclass
class Renderer:
    """Renders releases, each combination of chart and values once.

    `directory` holds upstream charts; without it or without `helm`, releases that need them are skipped.
    """

    helm: Helm | None
    directory: Path | None
    runs: int = 0
    _charts: dict[ChartSpec | Path, LocalChart | None] = field(default_factory=dict)
    _known: dict[str, tuple[Object, ...]] = field(default_factory=dict)

    def render(self, release: Release, context: Context) -> Rendered:
        """The objects of a release, which the caller must not change. Raises HelmFailed, ChartRefused."""
        if release.chart == WIRING:
            return Rendered(release, tuple(release.values["objects"]))
        found = self._find(release.chart)
        if found is None:
            assert not isinstance(release.chart, Path)
            return Rendered(release, skipped=f"the chart {release.chart.name} {release.chart.version} is not at hand")
        if self.helm is None:
            return Rendered(release, skipped="helm is not installed", chart=found)
        key = cache_key(release, found, context)
        if key not in self._known:
            self._known[key] = self._run(release, found, context)
        return Rendered(release, self._known[key], chart=found)

    def again(self, release: Release, context: Context) -> tuple[Object, ...]:
        """The objects of a release that was rendered, from another run of helm."""
        found = self._find(release.chart)
        assert found is not None
        return self._run(release, found, context)

    def _find(self, chart: ChartSpec | Path) -> LocalChart | None:
        if chart not in self._charts:
            self._charts[chart] = charts.find(chart, self.directory)
        return self._charts[chart]

    def _run(self, release: Release, chart: LocalChart, context: Context) -> tuple[Object, ...]:
        assert self.helm is not None
        self.runs += 1
        return self.helm.template(release, chart.path, kubernetes=kubernetes_version(context), apis=apis(context))


def cache_key(release: Release, chart: LocalChart, context: Context) -> str:
    """A digest of everything that a render depends on."""
    inputs = [release.name, release.namespace, release.values, chart.sha256, kubernetes_version(context), apis(context)]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=dict).encode()).hexdigest()


def kubernetes_version(context: Context) -> str:
    """The version of the environment's cluster, with a patch number as helm expects it."""
    return f"{present(context.environment.cluster).version}.0"


def apis(context: Context) -> Sequence[str]:
    """The APIs that the enabled modules add to the cluster."""
    return [api for service, names in APIS.items() if context.provider(service) for api in names]


def installed(given: Object, release: Release) -> Object:
    """An object as Helm installs it: with its namespace, and marked with its release."""
    metadata: dict[str, Any] = dict(given["metadata"])
    if given["kind"] not in CLUSTER_SCOPED:
        metadata.setdefault("namespace", release.namespace)
    owner = {"meta.helm.sh/release-name": release.name, "meta.helm.sh/release-namespace": release.namespace}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **owner}
    return {**given, "metadata": metadata}
