"""Every deployment of a project: which there are, and one call for each of them in parallel."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Lock
from typing import Generic, TypeVar

from terrace.calls import Absent
from terrace.capabilities.cloud import CLOUDS
from terrace.deployment.deployment import Deployment
from terrace.environment import load, names
from terrace.environment.loading import find, merge
from terrace.errors import TerraceError
from terrace.project import synthesis
from terrace.project.discovery import Project
from terrace.project.stack_ids import LAYERS, Layer, stack_id
from terrace.state import home as state_home
from terrace.state import state_name

Result = TypeVar("Result")
_INIT = Lock()  # parallel `init` runs write to the same plugin cache


@dataclass(frozen=True, order=True)
class Member:
    """One stack of an environment on one cloud that may be deployed."""

    environment: str
    cloud: str
    layer: Layer

    def __str__(self) -> str:
        return f"{stack_id(self.environment, self.layer)} on {self.cloud}"


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """What a call returned for a member, or the error that it raised."""

    member: Member
    result: Result | None = None
    error: TerraceError | None = None


def members(project: Project, *, state: str = "", variables: Mapping[str, str] = os.environ) -> list[Member]:
    """The stacks of all environments that have a state; `state` overrides the environments' backend.

    A remote state home is asked on the environment's own cloud, and on another one if this machine has its outputs. If
    it cannot be read, its foundation is a member, so that the reason becomes the answer. So is that of an environment
    that cannot be read, once: on its own cloud, if that is known.
    """
    found: list[Member] = []
    for name in names(project.root):
        try:
            load(name, project=project.root)
        except TerraceError:
            found.append(Member(name, _declared_cloud(project, name), "foundation"))
            continue
        found += [
            Member(name, cloud, layer) for cloud in CLOUDS for layer in _layers(project, name, cloud, state, variables)
        ]
    return found


def _declared_cloud(project: Project, name: str) -> str:
    """The cloud in the files of an environment that is not valid; the first of all clouds if there is none."""
    try:
        declared = find(merge(name, project=project.root).root, "cloud")[0].value
    except TerraceError:
        declared = None
    return str(declared) if declared in CLOUDS else CLOUDS[0]


def _layers(project: Project, name: str, cloud: str, backend: str, variables: Mapping[str, str]) -> tuple[Layer, ...]:
    try:
        own = load(name, project=project.root).environment
        remote = (backend or own.state.backend) != "local"
        if remote and cloud != own.cloud and not (project.outputs / f"{name}-{cloud}.json").is_file():
            return ()
        # An environment may have no account on another cloud; a local state home is the same for all.
        environment = load(name, project=project.root, cloud=cloud).environment if remote else own
        home = state_home(environment, project=project, state=backend, variables=variables)
        stored = set(home.names(f"{name}/{cloud}/"))
    except Absent:
        return ()
    except TerraceError:
        return ("foundation",)
    return tuple(layer for layer in LAYERS if state_name(name, cloud, layer) in stored)


def each(found: Sequence[Member], call: Callable[[Member], Result], *, at_once: int) -> Iterator[Answer[Result]]:
    """Call a function for every member, `at_once` at a time, and yield the answers in the members' order.

    A TerraceError of one is its answer, and the others continue.
    """

    def answered(member: Member) -> Answer[Result]:
        try:
            return Answer(member, call(member))
        except TerraceError as error:
            return Answer(member, error=error)

    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(answered, found)


def isolated(deployment: Deployment) -> Deployment:
    """The deployment with its stack synthesized and initialized apart from those of other clouds.

    Raises SynthesisFailed, and what `terraform init` raises.
    """
    (written,) = synthesis.synthesize_on_clouds(
        deployment.project, [deployment.stack_id], [deployment.cloud], state=deployment.state
    )
    if written.failure:
        raise written.failure
    project = replace(deployment.project, stacks_in=deployment.cloud)
    apart = replace(deployment, project=project, synthesize=False)
    with _INIT:
        apart.terraform()
    return apart
