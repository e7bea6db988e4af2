"""Why one resource cannot be removed or created, asked of the live cloud."""

from collections.abc import Callable, Iterator

from terrace.calls import Absent, CredentialsError
from terrace.capabilities.blockers import Blocker
from terrace.errors import TerraceError

Reason = tuple[str, str] | tuple[str, str, str]
"""A message that follows the resource's address, a remedy, and the id of what can be restored, if anything."""


def blockers_of(
    address: str, reasons: Callable[[], Iterator[Reason]], verb: str, on_message: Callable[[str], None]
) -> list[Blocker]:
    """The reasons as blockers of a resource; `verb` is removed or created. None for a resource that does not exist,
    and a message if the cloud cannot be read. Raises CredentialsError."""
    try:
        return [_blocker(address, *reason) for reason in reasons()]
    except Absent:
        return []
    except CredentialsError:
        raise
    except TerraceError as error:
        on_message(f"whether {address} can be {verb} is not known: {error}")
        return []


def _blocker(address: str, message: str, remedy: str, restore: str = "") -> Blocker:
    return Blocker(address, message, f"`terrace apply ENV --recover`, or {remedy}" if restore else remedy, restore)
