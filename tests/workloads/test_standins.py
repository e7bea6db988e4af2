"""terrace.workloads.standins: outputs of a foundation that does not exist yet."""

import json
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.outputs import Outputs
from terrace.environment import load, target
from terrace.errors import UsageError
from terrace.workloads import standins
from terrace.workloads.standins import STAND_IN
from tests.conftest import ROOT

KNOWN = {"version", "environment", "cloud", "region", "domain"}


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        return {name: leaf for key, inner in value.items() for name, leaf in leaves(inner, f"{path}.{key}").items()}
    if isinstance(value, list | tuple):
        return {name: leaf for i, inner in enumerate(value) for name, leaf in leaves(inner, f"{path}.{i}").items()}
    return {path.removeprefix("."): value}


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_stand_ins_meet_the_contract_and_are_marked(cloud: str, name: str) -> None:
    environment = load(name, project=ROOT, cloud=cloud).environment
    found = standins.outputs(environment, target(environment), Path("/nowhere"))
    assert isinstance(found, Outputs)
    unmarked = {
        path
        for path, value in leaves(found.model_dump(mode="json")).items()
        if isinstance(value, str) and STAND_IN not in value and path.partition(".")[0] not in KNOWN
    }
    assert {path for path in unmarked if not path.startswith(("cluster.", "database.schemas"))} == set()
    assert set(found.secrets) == set(found.identities) == set(environment.foundation_modules)
    assert standins.contained(found.model_dump_json())


def saved(tmp_path: Path, **changes: Any) -> tuple[Any, Path]:
    environment = load("dev", project=ROOT).environment
    content = standins.stand_ins(environment, target(environment)).model_dump(mode="json") | changes
    file = tmp_path / standins.file_name(environment)
    file.write_text(json.dumps(content))
    return environment, file


def test_outputs_of_a_file_are_used(tmp_path: Path) -> None:
    environment, file = saved(tmp_path, registry="registry.example.com")
    assert standins.outputs(environment, target(environment), file).registry == "registry.example.com"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": "prod"}, "environment is 'prod', but the environment's is 'dev'"),
        ({"region": "eu-west-1"}, "region is 'eu-west-1', but the environment's is 'eu-central-1'"),
        ({"version": 1}, "not the outputs of a foundation: version"),
        ({"domain": 3}, "not the outputs of a foundation: domain"),
    ],
)
def test_outputs_of_another_foundation_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    environment, file = saved(tmp_path, **changes)
    with pytest.raises(UsageError, match=message) as raised:
        standins.outputs(environment, target(environment), file)
    assert raised.value.hint == "write it again with `terrace output dev --cloud aws`"


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    environment, file = saved(tmp_path)
    file.write_text("{")
    with pytest.raises(UsageError, match="not the outputs of a foundation"):
        standins.outputs(environment, target(environment), file)
