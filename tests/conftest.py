"""Shared by all tests: the project's root, and each environment's stack, synthesized once per run."""

import functools
import gc
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from filelock import FileLock

from terrace.environment import load, names
from terrace.project import basis

if TYPE_CHECKING:
    from tests.people_stacks import PeopleStacks
    from tests.pipeline_stacks import PipelineStacks
    from tests.streams_project import StreamsStacks
    from tests.trust_stacks import TrustStacks

ROOT = Path(__file__).resolve().parent.parent

# Terraform and its providers, which the tests start, live for seconds: to collect their garbage takes a fifth of their
# processor time. Above the limit they do collect it.
os.environ.setdefault("GOGC", "off")
os.environ.setdefault("GOMEMLIMIT", "1GiB")
# Python's garbage is collected rarely: each collection reads the stacks and schemas that the tests keep.
gc.set_threshold(100_000, 50, 100)

FOUNDATION_MODULES = ("airflow", "jaeger", "opencost", "opensearch", "prometheus", "spark", "superset")
"""The modules of this repository's environments that use the foundation."""
WITH_LOGIN = ("jaeger", "opencost", "opensearch", "prometheus")
"""Those that have a host with login `oidc`."""
ACCOUNTS = {
    "aws": {"dev": "111122223333", "staging": "444455556666", "prod": "777788889999"},
    "azure": {
        "dev": "00000000-0000-4000-8000-000000000001",
        "staging": "00000000-0000-4000-8000-000000000011",
        "prod": "00000000-0000-4000-8000-000000000021",
    },
    "gcp": {"dev": "acme-data-dev", "staging": "acme-data-staging", "prod": "acme-data-prod"},
}
"""The accounts in environments/clouds/."""


@dataclass(frozen=True)
class SynthesizedStack:
    """A stack as synthesized: resources by type, with the construct path below the stack's id."""

    document: dict[str, Any]

    def all(self, type: str) -> list[tuple[str, dict[str, Any]]]:
        """(construct path, attributes) of each resource of a type, in order of path."""
        found = self.document["resource"].get(type, {})
        return sorted((path_of(body), body) for body in found.values())

    def one(self, type: str, path: str) -> dict[str, Any]:
        """The attributes of the resource at a construct path; the path is below the stack's id."""
        matches = [body for at, body in self.all(type) if at == path]
        assert matches, f"no {type} at {path}; paths: {[at for at, _ in self.all(type)]}"
        return matches[0]

    def resolve(self, reference: str) -> str:
        """The construct path of the resource that `${type.name.attribute}` refers to."""
        type, name = reference.removeprefix("${").split(".")[:2]
        return path_of(self.document["resource"][type][name])


def path_of(body: dict[str, Any]) -> str:
    """The construct path of a resource, without the stack's id."""
    return str(body["//"]["metadata"]["path"]).split("/", 1)[1]


class Foundations(Protocol):
    """The foundation stack of an environment and what it rests on, on its own cloud or on another one."""

    def __call__(self, environment: str, cloud: str | None = None) -> SynthesizedStack: ...


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary directory of a run, the same for all its workers."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def foundation(shared: Path) -> Foundations:
    """Foundation stacks, synthesized on first use: all of a cloud at once, once for all workers of a run."""

    def of(environment: str, cloud: str | None = None) -> SynthesizedStack:
        cloud = cloud or own_cloud(environment)
        out = shared / f"cdktf.out-{cloud}"
        with FileLock(shared / f"synth-{cloud}.lock"):
            if not (out / "done").exists():
                surrounding = {n: v for n, v in os.environ.items() if not n.startswith("TERRACE_")}
                surrounding |= {"TERRACE_OUT": str(out), "TERRACE_CLOUD": cloud}
                subprocess.run([sys.executable, "-m", "stacks", *names(ROOT)], cwd=ROOT, env=surrounding, check=True)
                (out / "done").touch()
        return SynthesizedStack(basis.joined(json.loads((out / "stacks" / environment / "cdk.tf.json").read_text())))

    return of


@functools.cache
def own_cloud(environment: str) -> str:
    """The cloud that an environment's file names."""
    return load(environment, project=ROOT).environment.cloud


@pytest.fixture(scope="session")
def pipeline_stacks(shared: Path) -> "PipelineStacks":
    """Foundations of a repository with ids (tests/pipeline_stacks.py), each synthesized on first use, once for all
    workers of a run.
    """
    from tests import pipeline_stacks as stacks

    return functools.cache(lambda cloud: stacks.synthesized(shared, cloud))


@pytest.fixture(scope="session")
def people_stacks(shared: Path) -> "PeopleStacks":
    """Foundations in which a group of people reads files (tests/people_stacks.py), each synthesized on first use, once
    for all workers of a run."""
    from tests import people_stacks as stacks

    return functools.cache(lambda cloud: stacks.synthesized(shared, cloud))


@pytest.fixture(scope="session")
def streams_stacks(shared: Path) -> "StreamsStacks":
    """Foundations with managed streams (tests/streams_project.py), each synthesized on first use, once for all workers
    of a run."""
    from tests import streams_project as stacks

    return functools.cache(lambda cloud, size="medium": stacks.synthesized(shared, cloud, size))


@pytest.fixture(scope="session")
def trust_stacks(shared: Path) -> "TrustStacks":
    """Stacks with the trust in pipelines only, by cloud, one for each CI system (tests/trust_stacks.py), synthesized on
    first use, once for all workers of a run."""
    from tests.trust_stacks import written

    return functools.cache(lambda cloud: written(shared / "trust", cloud))


LONG = (
    "tests/demo/test_run.py",
    "tests/conformance/",
    "tests/test_adoption.py/",
    "tests/cli/test_drift.py",
    "tests/deployment/test_marks.py",
    "tests/deployment/test_ignored_tags.py",
    "tests/deployment/test_adoption.py",
    "tests/cli/test_recover.py",
    "tests/cli/test_ci_comment.py",
    "tests/deployment/test_computed.py",
    "tests/deployment/test_upgrade.py",
    "tests/docs/test_add_a_module.py/",
    "tests/docs/test_blocks.py",
    "tests/docs/test_extending.py",
    "tests/assurance/test_gate.py::test_every_mutant",
    "tests/cli/test_destroy.py::test_destroy_lists_leftovers",
    "tests/assurance/test_gate_plans.py::test_a_mutant",
    "tests/assurance/access/test_plan_difference.py",
    "tests/bootstrap/",
)
"""Tests that take more than twenty seconds, by the beginning of their ids: the longest first. Those of an entry that
ends with a slash share fixtures, and stay together."""


@pytest.hookimpl(trylast=True)  # after -m and -k
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long tests first, so that no worker waits for one that another worker has started last.

    Each worker begins with an equal part of the tests, and takes some of another one's when it has none left.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long: dict[str, list[pytest.Item]] = {}
    for start in LONG:
        for item in items:
            if item.nodeid.startswith(start.removesuffix("/")):
                long.setdefault(start if start.endswith("/") else item.nodeid, []).append(item)
    first = [[item for group in list(long.values())[worker::workers] for item in group] for worker in range(workers)]
    started = {item.nodeid for own in first for item in own}
    others = iter([item for item in items if item.nodeid not in started])
    count, ordered = len(items), []
    for worker, own in enumerate(first, start=1):
        ordered += own
        ordered += itertools.islice(others, max(count * worker // workers - len(ordered), 0))
    items[:] = ordered
