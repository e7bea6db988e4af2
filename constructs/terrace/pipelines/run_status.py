"""Whether a CI run still runs, as its CI system reports it."""

import os
from collections.abc import Mapping
from typing import NamedTuple

from terrace.capabilities import ci
from terrace.capabilities.ci import CI_SYSTEMS, TITLES
from terrace.errors import TerraceError


class Run(NamedTuple):
    """What a CI system reports about a run, in its own words. `result` is "" until the run has ended, `status` too if
    the CI system does not know the run."""

    status: str
    result: str = ""


def run_status(address: str, environ: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Whether the run has ended, and a sentence such as "GitHub reports that the run is in progress"; "" if it is not
    known.

    It is not known without a token that may read runs, for a run of another instance than the one in `environ`, and if
    the CI system does not respond.
    """
    for name in CI_SYSTEMS:
        try:
            run: Run | None = ci.system("terrace.pipelines", name).run(address, environ)
        except TerraceError:
            return False, ""
        if run is None:
            continue
        if run.result:
            return True, f"{TITLES[name]} reports that the run has ended: {run.result}"
        if run.status:
            return False, f"{TITLES[name]} reports that the run is {run.status}"
        return False, f"{TITLES[name]} does not know the run"
    return False, ""
