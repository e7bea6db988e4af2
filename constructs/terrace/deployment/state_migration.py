"""Moves the state of a deployment to the home that the environment names now."""

from terrace.deployment.deployment import Deployment
from terrace.errors import AnswerIsNo, TerraceError
from terrace.state import StateHome, state_name, states
from terrace.state.homes import Homes
from terrace.state.moves import write_note
from terrace.words import counted

_KEPT_WITH_STATES = ("/evidence.jsonl", "/backups/")
"""Objects beside a state that move with it; bundles of plans and marks of runs belong to the old home."""


def migrate(deployment: Deployment, homes: Homes, source: str) -> states.Summary:
    """Move the state of a deployment from the home `source` to the one that the environment names.

    It is copied byte for byte, under Terraform's locks of both. The old one stays, with a note that later plans read.
    Safe to repeat. Raises AnswerIsNo if the other home holds resources of another state, Locked, Conflict.
    """
    old, new = homes.at(source), homes.named
    stack = deployment.environment, deployment.cloud, deployment.layer
    state = state_name(*stack)
    for home in (old, new):
        states.require_unlocked(home, *stack)
    with old.hold(state), new.hold(state) as write:
        content, wanted = _require_movable(deployment, old, new)
        write(content)
        if (found := _summary(new, state)) != wanted:
            raise TerraceError(
                f"the copied state is not the same: {_text(found)}, expected {_text(wanted)}",
                where=new.place,
                hint=f"the state in {old.place} is unchanged",
            )
        _copy_objects(deployment, old, new)
        write_note(old, state, new, wanted)
    deployment.terraform(deployment.stack())
    return wanted


def _require_movable(deployment: Deployment, old: StateHome, new: StateHome) -> tuple[bytes, states.Summary]:
    """The state to move and what it holds. Raises AnswerIsNo if there is none, or if both homes hold resources."""
    state = state_name(deployment.environment, deployment.cloud, deployment.layer)
    stored, present = old.read(state), _summary(new, state)
    wanted = states.summary(stored.content, where=old.place) if stored else None
    if stored is None or wanted is None or not wanted.resources:
        raise AnswerIsNo(f"there is no state of {deployment.stack_id} with resources", where=old.place)
    if present and present.resources and present != wanted:
        raise AnswerIsNo(
            f"both homes have a state of {deployment.stack_id}: {_text(wanted)} in {old.place}, {_text(present)} in "
            f"{new.place}",
            hint="read both with `terrace state list`; `terrace state restore` goes back to a version of the right one",
        )
    return stored.content, wanted


def _copy_objects(deployment: Deployment, old: StateHome, new: StateHome) -> None:
    """Copy evidence and backups that the new home does not have."""
    folder = f"{deployment.environment}/{deployment.cloud}/"
    present = set(new.names(folder))
    for name in old.names(folder):
        if name not in present and any(part in name for part in _KEPT_WITH_STATES) and (found := old.read(name)):
            new.write(name, found.content, new=True)


def _summary(home: StateHome, state: str) -> states.Summary | None:
    stored = home.read(state)
    return states.summary(stored.content, where=home.place) if stored else None


def _text(summary: states.Summary | None) -> str:
    if summary is None:
        return "none"
    return f"serial {summary.serial}, {counted(summary.resources, 'resource')}, lineage {summary.lineage}"
