"""What Artifact Registry refuses of repositories."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("artifactregistry", "repositories")
def repository(found: Json, call: Call) -> Iterator[str]:
    """Source: Artifact Registry documentation, "Create standard repositories": 63 characters, a format for ever."""
    name = str(found.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        yield f"Invalid repository id '{name}': [a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
    there = call.store.get(call.key)
    if there and there.get("format") != found.get("format"):
        yield "The format of a repository cannot be changed."


@refuses("artifactregistry", "repositories")
def remote(found: Json, call: Call) -> Iterator[str]:
    """Source: Artifact Registry documentation, "Remote repositories": a source, and only they have one."""
    if (found.get("mode") == "REMOTE_REPOSITORY") != bool(found.get("remoteRepositoryConfig")):
        yield "remoteRepositoryConfig must be specified for remote repositories, and only for them."
