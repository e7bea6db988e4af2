"""Whether a CI run still runs, asked of CI systems on loopback."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from terrace.pipelines.run_status import run_status
from tests.pipelines.fake_azure_devops import FakeAzureDevOps
from tests.pipelines.fake_gitlab import FakeGitLab
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


@pytest.fixture
def gitlab() -> Iterator[FakeGitLab]:
    with closing(FakeGitLab()) as running:
        yield running


@pytest.fixture
def azure_devops() -> Iterator[FakeAzureDevOps]:
    with closing(FakeAzureDevOps()) as running:
        yield running


def test_a_job_of_gitlab(gitlab: FakeGitLab) -> None:
    gitlab.jobs |= {"7": {"status": "waiting_for_resource"}, "8": {"status": "canceled"}}
    environ = {"CI_API_V4_URL": f"{gitlab.url}/", "GITLAB_TOKEN": "read"}
    jobs = f"{gitlab.url}/acme/data/terrace/-/jobs"
    assert run_status(f"{jobs}/7", environ) == (False, "GitLab reports that the run is waiting for resource")
    assert run_status(f"{jobs}/8", environ) == (True, "GitLab reports that the run has ended: canceled")
    assert run_status(f"{jobs}/9", environ) == (False, "GitLab does not know the run")


def test_a_run_of_azure_devops(azure_devops: FakeAzureDevOps) -> None:
    azure_devops.builds |= {
        "7": {"status": "inProgress"},
        "8": {"status": "completed", "result": "canceled"},
    }
    environ = {"SYSTEM_COLLECTIONURI": f"{azure_devops.url}/", "SYSTEM_ACCESSTOKEN": "read"}
    runs = f"{azure_devops.url}/data%20platform/_build/results?buildId="
    assert run_status(f"{runs}7", environ) == (False, "Azure DevOps reports that the run is in progress")
    assert run_status(f"{runs}8", environ) == (True, "Azure DevOps reports that the run has ended: canceled")
    assert run_status(f"{runs}9", environ) == (False, "Azure DevOps does not know the run")


def test_a_token_goes_to_no_other_instance(gitlab: FakeGitLab, azure_devops: FakeAzureDevOps) -> None:
    environ = {
        "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
        "GITLAB_TOKEN": "read",
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/",
        "SYSTEM_ACCESSTOKEN": "read",
    }
    assert run_status(f"{gitlab.url}/acme/terrace/-/jobs/7", environ) == (False, "")
    assert run_status(f"{azure_devops.url}/terrace/_build/results?buildId=7", environ) == (False, "")
    assert gitlab.requests == azure_devops.requests == []
