"""How a preflight looks for what a destroy will meet, on any cloud."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from terrace.errors import TerraceError
from terrace.live import Obstacle
from terrace.live.evaluation import Absent, CredentialsError

Site = TypeVar("Site")


def met(deployment: Site, looks: Iterable[Callable[[Site], Iterator[Obstacle]]]) -> list[Obstacle]:
    """What the looks find, what blocks first. What cannot be read is told; what is not there is no obstacle.

    Raises CredentialsError, which stands in the way of all of them.
    """
    found: list[Obstacle] = []
    for look in looks:
        try:
            found.extend(look(deployment))
        except Absent:
            continue
        except CredentialsError:
            raise
        except TerraceError as error:
            what = look.__name__.strip("_").replace("_", " ")
            found.append(Obstacle("note", what, f"could not be looked at: {error}", error.hint))
    return sorted(found, key=lambda obstacle: ("blocks", "kept", "note").index(obstacle.kind))
