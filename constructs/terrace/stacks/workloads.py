"""The workloads: the Helm releases that run in the cluster, on any cloud, and the resources of connectors."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from cdktn import TerraformResource
from constructs import Construct

from terrace import engine
from terrace.capabilities.spec import present
from terrace.overrides import override
from terrace.workloads import charts
from terrace.workloads.charts import LocalChart
from terrace.workloads.connectors import Connector, connectors
from terrace.workloads.context import Context
from terrace.workloads.release import Release
from terrace.workloads.releases import releases

FOLDER = "charts"
"""The folder beside the synthesized stack with the charts that come from this machine."""


class Workloads(engine.ClusterStack):
    """The workloads stack of one environment; its id is the environment's name and `-workloads`.

    `chart_directory` holds upstream charts; without it they come from their repositories. `charts` are the charts that
    have to be in FOLDER beside the stack, by their name in it.
    """

    def __init__(self, scope: Construct, id: str, context: Context, *, chart_directory: Path | None) -> None:
        cluster = present(context.outputs.cluster)
        super().__init__(scope, id, context.environment, context.target, layer="workloads", cluster=cluster)
        self.charts: dict[str, LocalChart] = {}
        built: dict[str, TerraformResource] = {}
        for release in releases(context):
            built[release.name] = self._release(release, built, chart_directory)
        for connector in connectors(context):
            self._connect(connector)

    def _release(
        self, release: Release, built: Mapping[str, TerraformResource], directory: Path | None
    ) -> TerraformResource:
        from cdktn_provider_helm.release import Release as HelmRelease

        chart, repository, version = self._chart(release, directory)
        parent = self.node.try_find_child(release.module) or Construct(self, release.module)
        assert isinstance(parent, Construct)
        return HelmRelease(
            parent,
            release.name,
            name=release.name,
            namespace=release.namespace,
            chart=chart,
            repository=repository,
            version=version,
            values=[_escaped(json.dumps(release.values, sort_keys=True, ensure_ascii=False, default=dict))],
            atomic=True,  # a failed upgrade is rolled back, a failed installation removed
            wait=True,
            wait_for_jobs=True,
            timeout=release.timeout_seconds,
            upgrade_install=True,  # takes over what a killed apply installed
            max_history=10,
            depends_on=[built[name] for name in release.after],
        )

    def _connect(self, connector: Connector) -> None:
        name = connector.spec.provider
        required = {"source": connector.spec.source, "version": connector.spec.versions}
        override(self, f"terraform.required_providers.{name}", required)
        override(self, f"provider.{name}", [connector.provider])
        for type, named in connector.resources.items():
            override(self, f"resource.{type}", named)
        for output, content in connector.outputs.items():
            override(self, f"output.{output}", content)

    def _chart(self, release: Release, directory: Path | None) -> tuple[str, str | None, str | None]:
        """Chart, repository and version: a path beside the stack, the same on any machine, or all three."""
        found = charts.find(release.chart, directory)
        if found:
            self.charts[found.file_name] = found
            # With a version, the plan of a release that may be installed already does not ask the cluster.
            return f"./{FOLDER}/{found.file_name}", None, str(charts.metadata(found.path)["version"])
        assert not isinstance(release.chart, Path)
        assert release.chart.repository
        return release.chart.name, release.chart.repository, release.chart.version

    def place_charts(self, directory: Path) -> None:
        """Copy the charts to the directory of the synthesized stack, instead of those of the last synthesis."""
        shutil.rmtree(directory / FOLDER, ignore_errors=True)
        for name, chart in self.charts.items():
            destination = directory / FOLDER / name
            destination.parent.mkdir(parents=True, exist_ok=True)
            if chart.path.is_file():
                shutil.copyfile(chart.path, destination)
                continue
            for file in charts.files(chart.path):
                (destination / file.relative_to(chart.path)).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, destination / file.relative_to(chart.path))


def _escaped(text: str) -> str:
    """Text that Terraform does not read as a template."""
    return text.replace("${", "$${").replace("%{", "%%{")
