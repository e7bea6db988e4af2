"""Projects with three environments on three clouds, for a CI system."""

import json
import shutil
from pathlib import Path

from ruamel.yaml import YAML

from terrace.capabilities.ci import CiName
from tests.conftest import ROOT
from tests.trust_stacks import IDENTITIES

_IDENTITY = {"github": None, "gitlab": "gitlab", "azure-devops": "azure-devops, its own issuer"}


def project(root: Path, system: CiName) -> Path:
    """A project with dev on AWS, staging on Azure and prod on Google Cloud; all keep their state in the cloud."""
    shutil.copytree(ROOT / "environments", root / "environments")
    shutil.copytree(ROOT / "modules", root / "modules")
    shutil.copy(ROOT / "cdktf.json", root)
    for name, cloud in {"dev": "aws", "staging": "azure", "prod": "gcp"}.items():
        path = root / "environments" / f"{name}.yaml"
        text = path.read_text().replace("backend: local", "backend: remote")
        path.write_text(text.replace("cloud: aws", f"cloud: {cloud}"))
    if identity := _IDENTITY[system]:
        yaml, base = YAML(), root / "environments" / "base.yaml"
        content = yaml.load(base)
        content["identity"] |= json.loads(json.dumps(IDENTITIES[identity]))
        yaml.dump(content, base)
    return root
