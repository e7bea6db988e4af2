"""Whether the state of a stack is in the home that the environment names: otherwise a plan would create all again."""

from collections.abc import Callable
from pathlib import Path

from terrace.calls import CredentialsError, Unreadable
from terrace.errors import AnswerIsNo, TerraceError
from terrace.state import state_name
from terrace.state.homes import Homes, last_home
from terrace.state.moves import moved_to
from terrace.words import counted


class StateElsewhere(AnswerIsNo):
    """The resources are in a state that the environment does not name."""


def require_state_is_here(homes: Homes, layer: str, data_directory: Path, on_message: Callable[[str], None]) -> None:
    """Raise StateElsewhere if another home holds the resources of a stack, or if its state was moved away.

    `data_directory` is Terraform's, with its record of the last home. A home of which this machine has no record, and
    which cannot be read, is a message: there may be none. Raises Unreadable if the last home cannot be read.
    """
    environment = homes.environment
    state, last = state_name(environment.name, environment.cloud, layer), last_home(data_directory)
    command = f"terrace state migrate {environment.name}"
    try:
        named = homes.named
        if last and homes.at(last).place == named.place:
            if to := moved_to(named, state):
                raise StateElsewhere(
                    f"the state was moved to {to}, but the environment names {named.place}",
                    hint=f"use the environment's file of today, or move the state back: {command} --from HOME",
                )
            return
        found = homes.elsewhere(state, last)
    except (Unreadable, CredentialsError) as error:
        if last and last != "local":
            raise TerraceError(
                f"this machine last used a state in {homes.at(last).place}, which cannot be read: {error}",
                hint=f"{error.hint}; if it no longer exists, delete {data_directory / 'terraform.tfstate'}".lstrip(
                    "; "
                ),
            ) from error
        if not last:
            on_message(f"other places of the state were not searched: {error}")
        return
    if found:
        name, other, summary = found
        raise StateElsewhere(
            f"{counted(summary.resources, 'resource')} of {environment.name} on {environment.cloud} "
            f"{'is' if summary.resources == 1 else 'are'} in the state in {other.place}, but the environment names "
            f"{named.place}, which has none",
            hint=f"move the state with `{command}{'' if last else f' --from {name}'}`, or restore the setting state",
        )
