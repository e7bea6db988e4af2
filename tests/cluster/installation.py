"""The workloads of an environment, installed on the test cluster by the commands that a user types."""

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from terrace.environment import load
from terrace.modules import loading
from terrace.workloads import standins
from terrace.workloads.context import Context
from terrace.workloads.opening import opened
from tests.cluster.control_plane import Cluster
from tests.conftest import ROOT

ENVIRONMENT, CLOUD = "staging", "aws"
STACK = f"{ENVIRONMENT}-workloads"
DATA = (
    "airflow",
    "data-contracts",
    "data-profiler",
    "dbt",
    "great-expectations",
    "jupyterhub",
    "kafka",
    "landing",
    "mlflow",
    "nessie",
    "openmetadata",
    "postgrest",
    "spark",
    "superset",
    "trino",
)
"""The modules of the data platform, all of which are enabled, in their smallest size."""
_IMAGE = {"tag": "1", "digest": f"sha256:{'0' * 64}"}
"""Of modules that run an image of the user's; without one, they have no jobs."""
_COPIED = ("environments", "modules", "policies", "stacks")
_REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
_KEY = "AKIAEXAMPLEEXAMPLE00"  # the form of a key id; the test cluster verifies the form of a token only


@dataclass(frozen=True)
class Project:
    """A copy of this project whose foundation, as far as it knows, is the test cluster."""

    root: Path
    cluster: Cluster

    @property
    def context(self) -> Context:
        environment = load(ENVIRONMENT, project=self.root, cloud=CLOUD).environment
        return opened(environment, root=self.root, outputs=self.root / ".terrace" / "outputs")

    def run(self, *arguments: str, code: int = 0, seconds: int = 1800) -> str:
        """Run `terrace` and return what it prints. The exit code has to be `code`."""
        binaries = str(Path(sys.executable).parent)
        finished = subprocess.run(
            [f"{binaries}/terrace", *arguments],
            cwd=self.root,
            env={
                **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
                "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
                "TERRACE_STATE": "local",
                "TERRACE_CLOUD": CLOUD,
                "AWS_ACCESS_KEY_ID": _KEY,
                "AWS_SECRET_ACCESS_KEY": "example",
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_COLOR": "1",
            },
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        output = finished.stdout + finished.stderr
        assert finished.returncode == code, f"terrace {' '.join(arguments)}: exit {finished.returncode}\n{output}"
        return output


def _enable_data_modules(path: Path) -> None:
    yaml = YAML()
    document = yaml.load(path)
    modules = document.setdefault("modules", {})
    for name in DATA:
        own = "image" in loading.load(ROOT / "modules" / name, f"modules/{name}").contract.settings
        settings = {"settings": {"image": _IMAGE}} if own else {}
        modules[name] = {**modules.get(name, {}), "enabled": True, "size": "small", **settings}
    clients = document.setdefault("identity", {}).setdefault("oidc", {}).setdefault("clients", {})
    clients.update({name: f"terrace-{name}" for name in DATA})
    with path.open("w") as file:
        yaml.dump(document, file)


def project(directory: Path, cluster: Cluster) -> Project:
    """Copy the project to `directory`, with the cluster's address in the outputs of a foundation."""
    for folder in _COPIED:
        shutil.copytree(ROOT / folder, directory / folder)
    shutil.copy(ROOT / "cdktf.json", directory)
    _enable_data_modules(directory / "environments" / f"{ENVIRONMENT}.yaml")
    found = Project(directory, cluster)
    context = found.context
    text = context.outputs.model_dump_json().replace(standins.STAND_IN, "test-")
    outputs = json.loads(text)
    authority = base64.b64encode(cluster.ca.read_bytes()).decode()
    outputs["cluster"] |= {"endpoint": cluster.url, "certificate_authority": authority}
    # An address with a host, as the policies tell the environment's own images by it.
    outputs["repositories"] = {name: f"{_REGISTRY}/{name}" for name in outputs["repositories"]}
    path = directory / ".terrace" / "outputs" / standins.file_name(context.environment)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(outputs))
    return found
