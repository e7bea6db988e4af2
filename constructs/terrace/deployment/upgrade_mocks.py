"""An upgrade on mocks of the providers: the old stack is applied, and the new one is planned on the same state.

It needs the providers' binaries for their schemas and no cloud. It lists exactly what the upgrade creates, changes and
destroys, with the effect of `moved`, `import` and `removed` blocks. A mock does not know what forces a replacement:
a changed name is a change in place here, and a rehearsal on an emulated cloud shows it.
Source: Terraform documentation, "Tests", `state_key` and `mock_provider`, version 1.11.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terrace.capabilities.cloud import Offline, facts
from terrace.deployment import offline
from terrace.deployment.changes import Summary, summarize
from terrace.deployment.deployment import Deployment
from terrace.deployment.terraform import construct_paths
from terrace.errors import TerraceError

_STATE_KEY = "upgrade"


def rehearse(deployment: Deployment, old: Mapping[str, Any], new: Mapping[str, Any], directory: Path) -> Summary:
    """What the plan of the new stack changes on mocks of the old one; `directory` is emptied first.

    Raises TerraceError if Terraform prints no plan, TerraformFailed.
    """
    shutil.rmtree(directory, ignore_errors=True)
    for name, stack in (("old", old), ("new", new)):
        (directory / name).mkdir(parents=True)
        module = {**offline.mockable(stack), "terraform": _providers(stack)}
        (directory / name / "cdk.tf.json").write_text(json.dumps(module), encoding="utf-8")
    (directory / "cdk.tf.json").write_text(json.dumps({"terraform": _providers(old, new)}), encoding="utf-8")
    test = _test(old, new, facts(deployment.cloud).offline)
    (directory / offline.TERRAFORM_TEST).write_text(json.dumps(test), encoding="utf-8")
    terraform, installer, source = deployment.uninitialized(directory)
    installer.init(source=str(source), on_event=deployment.on_event)
    planned = terraform.test(verbose=True, on_event=deployment.on_event).get("new")
    if planned is None:
        raise TerraceError("`terraform test` printed no plan", hint="use Terraform 1.11 or newer")
    return summarize(planned, construct_paths(old) | construct_paths(new), deployment.environment_line)


def _providers(*stacks: Mapping[str, Any]) -> dict[str, Any]:
    """The providers that stacks require, the later one's versions first. A module has no backend."""
    required: dict[str, Any] = {}
    for stack in stacks:
        required |= stack.get("terraform", {}).get("required_providers", {})
    return {"required_providers": required}


def _test(old: Mapping[str, Any], new: Mapping[str, Any], settings: Offline) -> dict[str, Any]:
    """A `.tftest.json` that applies one stack to mocks and plans the other on the same state."""
    resources: dict[str, dict[str, Any]] = {}
    for release, stack in (("old", old), ("new", new)):
        for type, group in stack.get("resource", {}).items():
            resources.setdefault(type, {}).update({f"{release}.{name}": body for name, body in group.items()})
    both = {"resource": resources, "provider": {**old.get("provider", {}), **new.get("provider", {})}}
    mocked = offline.mocked_test({**both, "stacks": [old, new]}, settings)
    runs = {
        "old": {"command": "apply", "module": {"source": "./old"}, "state_key": _STATE_KEY},
        "new": {"command": "plan", "module": {"source": "./new"}, "state_key": _STATE_KEY},
    }
    return {**mocked, "run": runs}
