"""The line of the environment's files behind a construct."""

from terrace.capabilities.extension import EXTENSIONS
from terrace.environment.loading import Loaded
from terrace.environment.naming import WORKLOADS

# Environment sections whose name differs from the capability's.
_SECTIONS = {
    "alarms": "observability",
    "entry": "network.entry",
    "governance": "ownership",
    "hybrid": "network.hybrid",
    "pipelines": "identity",
    "workloads": "modules",
}


def capability_of(construct: str) -> str:
    """The path element below the stack's id: `database` for `dev/database/server`; "other" if there is none."""
    parts = construct.split("/")
    return parts[1] if len(parts) > 2 else "other"


def section_of(construct: str) -> str:
    """The section of the environment behind a construct of a foundation: `network.entry` for `dev/entry/zone`."""
    capability = capability_of(construct)
    return _SECTIONS.get(capability, capability)


def environment_line(loaded: Loaded, construct: str) -> str | None:
    """`file:line:column` of the section behind a construct: `database` for `dev/database/server`."""
    capability = capability_of(construct)
    if construct.partition("/")[0].endswith(WORKLOADS):
        return loaded.where(f"modules.{capability}") or None
    if capability == EXTENSIONS and (place := loaded.extensions.get(construct.split("/")[2])):
        return place  # the function of the project that made it
    section = section_of(construct)
    exists = section.partition(".")[0] in type(loaded.environment).model_fields
    return (loaded.where(section) or None) if exists else None
