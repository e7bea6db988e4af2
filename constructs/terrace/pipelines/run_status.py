"""Whether a CI run still runs, as GitHub reports it. Source: GitHub documentation, "REST API": workflow runs."""

import os
import re
from collections.abc import Mapping

from terrace.errors import TerraceError
from terrace.pipelines.github import client

_RUN = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/actions/runs/(\d+)")


def run_status(address: str, environ: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Whether the run has ended, and a sentence such as "GitHub reports that the run is in progress"; "" if it is not
    known.

    It is not known without a token (GITHUB_TOKEN or GH_TOKEN, which needs `actions: read`), for a run of another CI
    system, and if GitHub does not respond.
    """
    if not (found := _RUN.fullmatch(address)):
        return False, ""
    repository, id = found.groups()
    try:
        run = client(environ, repository=repository).get(f"actions/runs/{id}")
    except TerraceError:
        return False, ""
    if run is None:
        return False, "GitHub does not know the run"
    if run["status"] == "completed":
        return True, f"GitHub reports that the run has ended: {run['conclusion']}"
    return False, f"GitHub reports that the run is {str(run['status']).replace('_', ' ')}"
