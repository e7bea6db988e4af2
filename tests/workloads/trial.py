"""Projects with small modules of their own, for tests of values, releases and checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from terrace.capabilities.identity import ModuleSpec
from terrace.environment import load
from terrace.modules import loading, resolution
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from tests.conftest import ROOT

MODULE = """\
summary: A module of the tests
category: applications
home: https://example.com
licence: Apache-2.0
version: 1.0.0
"""
CHART = """\
chart: {name: NAME, version: 1.0.0}
images: [{repository: registry.example.com/app, tag: v1}]
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app.kubernetes.io/name: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app.kubernetes.io/name: {{ .Release.Name }}}}
    spec:
      automountServiceAccountToken: false
      securityContext: {runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: app
          image: {{ .Values.image }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {memory: 32Mi}}
          livenessProbe: {httpGet: {path: /, port: 8080}}
          readinessProbe: {httpGet: {path: /, port: 8080}}
"""


@dataclass(frozen=True)
class Trial:
    """A module of a test: lines of module.yaml after the common ones, its template, and its chart's files."""

    module: str = ""
    template: str = ""
    chart: Mapping[str, str] | None = None


def app(*, module: str = "", template: str = "", **files: str) -> Trial:
    """A module with a chart of its own, which the policies admit; `files` replace some of the chart's."""
    chart = {
        "values.yaml": "replicas: 1\nimage: registry.example.com/app:v1\n",
        "templates/deployment.yaml": DEPLOYMENT,
        **{name.replace("__", "/").replace("_yaml", ".yaml"): text for name, text in files.items()},
    }
    return Trial(CHART + module, template or "replicas: 1\n", chart)


def write(project: Path, modules: Mapping[str, Trial]) -> None:
    """Write modules to a project."""
    for name, trial in modules.items():
        folder = project / "modules" / name
        folder.mkdir(parents=True)
        (folder / "module.yaml").write_text(MODULE + dedent(trial.module).replace("NAME", name))
        (folder / "README.md").write_text(f"# {name}\n")
        if trial.template:
            (folder / "values.yaml.j2").write_text(dedent(trial.template))
        for file, text in (trial.chart or {}).items():
            path = folder / "chart" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if trial.chart is not None and "Chart.yaml" not in trial.chart:
            (folder / "chart" / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")


def context_of(
    project: Path,
    modules: Mapping[str, Trial],
    *,
    environment: str = "dev",
    cloud: str = "aws",
    choices: Mapping[str, ModuleSpec] | None = None,
) -> Context:
    """The workloads of one of this project's environments with the modules of a test instead of its own."""
    write(project, modules)
    loaded = load(environment, project=ROOT, cloud=cloud).environment
    folders = {name: folder for name, folder in loading.folders(project).items() if name in modules}
    chosen = {name: (choices or {}).get(name) or ModuleSpec(enabled=True) for name in modules}
    resolved = resolution.resolve(chosen, folders, project=project, cloud=loaded.cloud, tier=loaded.tier, gpu=False)
    assert not resolved.problems, "\n".join(map(str, resolved.problems))
    return opened(loaded.with_modules(resolved.enabled), root=project, outputs=project / "outputs")
