"""How a preflight collects what a destroy will meet, on any cloud."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from terrace.calls import Absent, CredentialsError
from terrace.errors import TerraceError
from terrace.live import Obstacle

Deployment = TypeVar("Deployment")


def met(
    deployment: Deployment, preflight_checks: Iterable[Callable[[Deployment], Iterator[Obstacle]]]
) -> list[Obstacle]:
    """The obstacles that the checks yield, those that block first. What cannot be read is an obstacle; what does not
    exist is none. Raises CredentialsError, because every check would fail for the same reason.
    """
    obstacles: list[Obstacle] = []
    for check in preflight_checks:
        try:
            obstacles.extend(check(deployment))
        except Absent:
            continue
        except CredentialsError:
            raise
        except TerraceError as error:
            name = check.__name__.strip("_").replace("_", " ")
            obstacles.append(Obstacle("note", name, f"could not be read: {error}", error.hint))
    return sorted(obstacles, key=lambda obstacle: ("blocks", "retained", "note").index(obstacle.kind))
