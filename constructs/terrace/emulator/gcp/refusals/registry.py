"""Refusals of Artifact Registry."""

import re
from collections.abc import Iterator

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import refuses


@refuses("artifactregistry", "repositories")
def repository(resource: Json, call: Call) -> Iterator[str]:
    """Source: Artifact Registry documentation, "Create standard repositories": 63 characters; fixed format."""
    name = str(resource.get("name", "")).rpartition("/")[2]
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", name):
        yield f"Invalid repository id '{name}': [a-z]([a-z0-9-]{{0,61}}[a-z0-9])?"
    current = call.store.get(call.key)
    if current and current.get("format") != resource.get("format"):
        yield "The format of a repository cannot be changed."


@refuses("artifactregistry", "repositories")
def remote(resource: Json, call: Call) -> Iterator[str]:
    """Source: Artifact Registry documentation, "Remote repositories": they need a source; others have none."""
    if (resource.get("mode") == "REMOTE_REPOSITORY") != bool(resource.get("remoteRepositoryConfig")):
        yield "remoteRepositoryConfig must be specified for remote repositories, and only for them."
