"""Bootstrap stacks: the trust in pipelines, for the tokens of each CI system and each form of them.

`python -m tests.trust_stacks DIR CLOUD` writes one stack for each of IDENTITIES: seconds for all of them.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from terrace.capabilities.identity import IdentitySpec
from terrace.environment import load, target
from terrace.environment.schema import Environment
from tests.conftest import ROOT

TrustStacks = Callable[[str], dict[str, dict[str, Any]]]
"""The stacks of a cloud, by the name in IDENTITIES."""

_GUID = "00000000-0000-4000-8000-00000000000{}".format
_GITLAB = {"project_id": "4242", "namespace_id": "99"}
_AZURE_DEVOPS = {"organization_id": _GUID("a"), "project_id": _GUID("b")}
_CONNECTIONS = {"plan": _GUID("d"), "apply": _GUID("e")}
IDENTITIES: dict[str, dict[str, Any]] = {
    "github": {"owner_id": "583231", "repository_id": "1296269"},
    "gitlab": {"ci": "gitlab", "repository": "acme/data/terrace", "gitlab": _GITLAB},
    "gitlab, self-managed": {
        "ci": "gitlab",
        "repository": "acme/data/terrace",
        "gitlab": {**_GITLAB, "url": "https://gitlab.example.com:8443"},
    },
    "azure-devops": {
        "ci": "azure-devops",
        "repository": "acme/Data Platform/terrace",
        "azure_devops": {**_AZURE_DEVOPS, "tenant_id": _GUID("c"), "connection_ids": _CONNECTIONS},
    },
    "azure-devops, its own issuer": {
        "ci": "azure-devops",
        "repository": "acme/Data Platform/terrace",
        "azure_devops": _AZURE_DEVOPS,
    },
}


def environment(cloud: str, identity: str, name: str = "dev") -> Environment:
    """An environment of this repository with one of IDENTITIES."""
    found = load(name, project=ROOT, cloud=cloud).environment
    spec = {**found.identity.model_dump(exclude_unset=True), **IDENTITIES[identity]}
    return found.model_copy(update={"identity": IdentitySpec.model_validate(spec)})


def written(directory: Path, cloud: str) -> dict[str, dict[str, Any]]:
    """The stack of each of IDENTITIES on a cloud, written to a directory if it is not there yet."""
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / f"{cloud}.lock"):
        if not (directory / cloud).exists():
            command = [sys.executable, "-m", "tests.trust_stacks", str(directory / cloud), cloud]
            subprocess.run(command, cwd=ROOT, check=True)
    return {
        name: json.loads((directory / cloud / "stacks" / _id(name) / "cdk.tf.json").read_text()) for name in IDENTITIES
    }


def _id(identity: str) -> str:
    return "".join(one for one in identity if one.isalnum())


def _synthesize(directory: str, cloud: str) -> None:
    from terrace import engine

    app = engine.app(directory)
    from terrace.stacks.bootstrap import Bootstrap

    for name in IDENTITIES:
        made = environment(cloud, name)
        Bootstrap(app, _id(name), made, target(made))
    app.synth()


if __name__ == "__main__":
    _synthesize(*sys.argv[1:])
