"""Which line of the environment's files is behind a construct."""

from terrace.deployment.changes import capability_of
from terrace.environment.loading import Loaded

# Where the environment speaks of a capability, when it is not the section of the same name.
_SECTIONS = {
    "alarms": "observability",
    "entry": "network.entry",
    "governance": "ownership",
    "hybrid": "network.hybrid",
    "pipelines": "identity",
    "workloads": "modules",
}


def environment_line(loaded: Loaded, construct: str) -> str | None:
    """`file:line:column` of the section behind a construct: `dev/database/server` belongs to `database`."""
    capability = capability_of(construct)
    section = _SECTIONS.get(capability, capability)
    known = section.partition(".")[0] in type(loaded.environment).model_fields
    return (loaded.where(section) or None) if known else None
