"""An environment as docs/guides/leave-out.md writes it, on every cloud: what follows from `cache: off`."""

import json
import re
import shutil
from collections.abc import Callable
from functools import cache

import pytest

from terrace.assurance import checks
from terrace.assurance.checks import Subject
from terrace.assurance.evaluation import Result
from terrace.assurance.view import View
from terrace.capabilities.cloud import CLOUDS
from terrace.capabilities.outputs import Outputs
from terrace.environment import load, target
from terrace.environment.schema import Environment
from terrace.project.discovery import Project
from terrace.project.synthesis import synthesize
from terrace.workloads.standins import stand_ins
from tests.conftest import ROOT, Foundations

GUIDE = ROOT / "docs" / "guides" / "leave-out.md"
OF_CACHE = ("CACHE-1", "CACHE-2", "CACHE-3")
Stacks = Callable[[str], tuple[Environment, str]]


@pytest.fixture(scope="module")
def without_cache(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """An environment that extends dev with the guide's lines, and its stack."""
    written = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert len(written) == 1

    @cache
    def of(cloud: str) -> tuple[Environment, str]:
        project = tmp_path_factory.mktemp(f"without-cache-{cloud}")
        for folder in ("environments", "modules"):
            shutil.copytree(ROOT / folder, project / folder)
        shutil.copy(ROOT / "cdktf.json", project)
        dev = project / "environments" / "dev.yaml"
        text = re.sub(r"^cache:\n(  .*\n)+", "", dev.read_text(), flags=re.MULTILINE)
        dev.write_text(f"{text}\n{written[0]}")
        made = Project(project)
        synthesize(made, "dev", cloud=cloud, state="local")
        environment = load("dev", project=project, cloud=cloud).environment
        return environment, (made.stack("dev") / "cdk.tf.json").read_text()

    return of


def results(environment: Environment, stack: str) -> dict[str, Result]:
    subject = Subject(View(json.loads(stack)), environment, target(environment))
    return {result.guarantee.id: result for result in checks.evaluate(subject)}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guarantee_passes_and_those_of_the_cache_are_not_required(cloud: str, without_cache: Stacks) -> None:
    found = results(*without_cache(cloud))
    assert {id: result.reason for id, result in found.items() if not result.passes} == {}
    assert [found[id].status for id in OF_CACHE] == ["not_required"] * 3
    assert found["CACHE-1"].reason == "cache is off"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_cache_in_the_stack_after_all_is_broken_and_its_paths_are_undeclared(
    cloud: str, without_cache: Stacks, foundation: Foundations
) -> None:
    environment, _ = without_cache(cloud)
    found = results(environment, json.dumps(foundation("dev", cloud).document))
    assert {found[id].status for id in OF_CACHE} == {"broken"}
    assert "expected no resource, since cache is off" in found["CACHE-1"].reason
    assert found["NET-4"].status == "broken" and "nodes -> cache" in found["NET-4"].reason


@pytest.mark.parametrize("cloud", CLOUDS)
def test_nothing_of_the_cache_is_in_the_stack_or_its_outputs(cloud: str, without_cache: Stacks) -> None:
    environment, stack = without_cache(cloud)
    document = json.loads(stack)
    paths = [
        str(body["//"]["metadata"]["path"]).partition("/")[2]
        for group in document["resource"].values()
        for body in group.values()
    ]
    assert [path for path in paths if "cache" in path and not path.startswith("keys/")] == []
    assert "cache" not in document["output"]
    outputs = stand_ins(environment, target(environment))
    assert outputs.cache is None
    assert Outputs.model_validate(outputs.model_dump(exclude={"cache"})) == outputs
