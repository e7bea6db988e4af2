"""Whether a CI run still runs, asked of a GitHub on loopback."""

from terrace.pipelines.run_status import run_status
from tests.pipelines.forge import Forge

RUN = "https://github.com/acme/terrace/actions/runs"


def test_a_run_is_in_progress_ended_or_not_known(forge: Forge) -> None:
    forge.runs |= {"7": "", "8": "cancelled"}
    environ = {"GITHUB_API_URL": forge.api, "GITHUB_TOKEN": forge.start_job({"actions": "read"}, {})}
    assert run_status(f"{RUN}/7", environ) == (False, "GitHub reports that the run is in progress")
    assert run_status(f"{RUN}/8", environ) == (True, "GitHub reports that the run has ended: cancelled")
    assert run_status(f"{RUN}/9", environ) == (False, "GitHub does not know the run")


def test_without_the_right_to_read_it_or_elsewhere_it_is_not_known(forge: Forge) -> None:
    forge.runs["7"] = ""
    environ = {"GITHUB_API_URL": forge.api, "GITHUB_TOKEN": forge.start_job({}, {})}
    assert run_status(f"{RUN}/7", environ) == (False, "")
    assert run_status(f"{RUN}/7", {"GITHUB_API_URL": forge.api}) == (False, "")
    before = len(forge.requests)
    for address in ("", "https://gitlab.com/acme/terrace/-/jobs/7", f"{RUN}/7/../8"):
        assert run_status(address, environ) == (False, "")
    assert len(forge.requests) == before
