"""Notes about moved states: one that `terrace state migrate` has copied stays where it was, with a note beside it."""

import json
from datetime import UTC, datetime

from terrace.calls import Absent
from terrace.state import StateHome
from terrace.state.states import SUFFIX, Summary


def moved_to(home: StateHome, state: str) -> str:
    """The home that a state was moved to; "" if it was not moved."""
    try:
        stored = home.read(_name(state))
    except Absent:
        return ""
    if stored is None:
        return ""
    try:
        return str(json.loads(stored.content)["to"])
    except (ValueError, KeyError, TypeError):
        return "an unknown place (the note about its move is damaged)"


def write_note(home: StateHome, state: str, to: StateHome, moved: Summary) -> None:
    """Note beside a state that it is now in `to`, where an older note ends."""
    note = {
        "to": to.place,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "serial": moved.serial,
        "lineage": moved.lineage,
        "resources": moved.resources,
    }
    home.write(_name(state), json.dumps(note, indent=2).encode())
    to.delete(_name(state))


def _name(state: str) -> str:
    return f"{state.removesuffix(SUFFIX)}/moved.json"
