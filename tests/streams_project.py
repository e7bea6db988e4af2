"""A project with an environment `flow`: a dev with managed streams, topics of a data product, and modules that use
them."""

import json
import shutil
from pathlib import Path
from typing import Any, Protocol

import yaml
from filelock import FileLock

from terrace.environment import Loaded, load
from terrace.project import basis
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from tests.conftest import ROOT, SynthesizedStack

NAME = "flow"
_LINES = """\
streams: {size: small}
topics:
  orders: {partitions: 6}
data_products:
  - name: orders
    owner: sales
    classification: internal
    layers: [bronze]
    retention_days: 30
    topics: [orders]
    modules: {ingest: write, sink: read}
modules:
  ingest: {enabled: true}
  sink: {enabled: true}
"""
_MODULE = """\
summary: A module that uses topics
category: processing
home: https://example.com
licence: Apache-2.0
version: 1.0.0
needs:
  topics: {topics}
  lake: {lake}
components:
  main:
    sizes:
      small: {cpu: 100m, memory: 128Mi}
      medium: {cpu: 100m, memory: 128Mi}
      large: {cpu: 100m, memory: 128Mi}
observability: {without_metrics: It is an example that nothing watches.}
"""
_MODULES = {
    "ingest": ("{orders: write, returns: write}", "{bronze: write}"),
    "sink": ("{orders: read}", "{bronze: read}"),
}


class StreamsStacks(Protocol):
    """The environment on a cloud with streams of a size, and its foundation with what it rests on."""

    def __call__(self, cloud: str, size: str = "medium") -> tuple[Loaded, SynthesizedStack]: ...


def synthesized(shared: Path, cloud: str, size: str = "medium") -> tuple[Loaded, SynthesizedStack]:
    """The environment and its stack, in a project below the run's directory."""
    folder = shared / f"streams-{cloud}-{size}"
    saved = folder / "stack.json"
    with FileLock(shared / f"streams-{cloud}-{size}.lock"):
        if not saved.exists():
            made = Project(project(folder, cloud, size))
            synthesize(made, NAME, state="local")
            shutil.copy(made.stack(NAME) / "cdk.tf.json", saved)
    document: dict[str, Any] = json.loads(saved.read_text())
    return load(NAME, project=folder / "project"), SynthesizedStack(basis.joined(document))


def project(folder: Path, cloud: str, size: str = "small") -> Path:
    """The project's folder, made below `folder`; the environment is on `cloud`."""
    made, lines = folder / "project", _LINES.replace("size: small", f"size: {size}")
    (made / "environments" / "clouds").mkdir(parents=True)
    (made / "cdktf.json").symlink_to(ROOT / "cdktf.json")
    (made / "modules").mkdir()
    for name, (topics, lake) in _MODULES.items():
        (made / "modules" / name).mkdir()
        text = _MODULE.replace("{topics}", topics).replace("{lake}", lake)
        (made / "modules" / name / "module.yaml").write_text(text)
        (made / "modules" / name / "README.md").write_text(f"# {name}\n")
    environments = ROOT / "environments"
    base = yaml.safe_load((environments / "base.yaml").read_text())
    base |= {"modules": {}, "data_products": [], "access": []}
    (made / "environments" / "base.yaml").write_text(yaml.safe_dump(base, sort_keys=False))
    dev = (
        (environments / "dev.yaml").read_text().replace("name: dev\n", "").replace("cloud: aws\n", f"cloud: {cloud}\n")
    )
    dev = dev.partition("\nmodules:")[0] + "\n"
    (made / "environments" / "plain.yaml").write_text(dev)
    (made / "environments" / f"{NAME}.yaml").write_text(f"extends: plain.yaml\nname: {NAME}\n{lines}")
    for one in ("aws", "azure", "gcp"):
        accounts = yaml.safe_load((environments / "clouds" / f"{one}.yaml").read_text())
        accounts["environments"] = {NAME: accounts["environments"]["dev"]}
        (made / "environments" / "clouds" / f"{one}.yaml").write_text(yaml.safe_dump(accounts))
    return made
