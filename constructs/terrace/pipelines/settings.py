"""What a repository must be set to, so that pipelines are as safe as their files assume: compared and, on request, set.

`settings(client, stages, reviewers, values)` of each CI system's package yields the settings; `reviewer(client, text)`
is who approves deployments. A setting that is stricter than asked for stays as it is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from terrace.capabilities.ci import PIPELINES
from terrace.capabilities.cloud import implementation
from terrace.environment.schema import Environment

REVIEWED = ("staging", "prod")
"""Tiers whose deployments need an approval."""


class Client(Protocol):
    """What settings need of a CI system's API."""

    def send(self, method: str, path: str, body: object = None) -> Any: ...
    def path(self, path: str) -> str: ...


@dataclass(frozen=True)
class Call:
    """A request to a CI system's API; the path is below the repository."""

    method: Literal["POST", "PUT", "PATCH"]
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """One setting. `missing` is what is not as it must be, "" if all is; `calls` set it; without calls, `hint` says who
    can."""

    name: str
    missing: str = ""
    calls: tuple[Call, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Reviewer:
    """Who approves deployments: a team of the organisation (a group on GitLab), or a user, by its id."""

    type: Literal["Team", "User"]
    id: int | str


def apply(client: Client, wanted: Sequence[Setting]) -> None:
    """Set what is missing."""
    for setting in wanted:
        for call in setting.calls if setting.missing else ():
            client.send(call.method, call.path, call.body)


def variables(
    environment: Environment, values: Mapping[str, str], read: Callable[[str], str | None], **calls: Callable[..., Call]
) -> Iterator[Setting]:
    """The variables that the cloud's sign-in reads; none where every name is computed. `read` is the present value of
    one; the calls `create` and `update` set one."""
    cloud = implementation("terrace.pipelines.sign_in", environment.cloud)
    needed: Callable[[str, str], str] | None = getattr(cloud, "client_id_variable", None)
    for pipeline in PIPELINES if needed else ():
        assert needed is not None
        name = needed(environment.name, pipeline)
        found, given = read(name), values.get(name)
        if found is None:
            creating = (calls["create"](name, given),) if given else ()
            hint = f"give it: --variable {name}=CLIENT_ID"
            yield Setting(f"variable {name}", "it does not exist", creating, hint=hint)
        elif given and found != given:
            yield Setting(f"variable {name}", "it has another value", (calls["update"](name, given),))
        else:
            yield Setting(f"variable {name}")
