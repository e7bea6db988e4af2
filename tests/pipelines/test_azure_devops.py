"""Comments, work items, tokens and settings of an Azure DevOps organization on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrace.environment import Loaded, load
from terrace.errors import UsageError
from terrace.pipelines.azure_devops import AzureDevOps, client, issuer
from terrace.pipelines.azure_devops.settings import reviewer, settings
from terrace.pipelines.messages import post_comment, report_drift
from terrace.pipelines.settings import Reviewer, Setting, apply
from terrace.pipelines.sign_in import variables
from tests.pipelines.fake_api import FakeApi
from tests.pipelines.fake_azure_devops import FakeAzureDevOps
from tests.pipelines.projects import project
from tests.pipelines.test_messages import drift

APPROVING = [Reviewer("Team", "team platform")]


@pytest.fixture
def fake() -> Iterator[FakeAzureDevOps]:
    running = FakeAzureDevOps()
    yield running
    running.close()


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    root = project(tmp_path_factory.mktemp("project"), "azure-devops")
    return [load(name, project=root) for name in ("dev", "staging", "prod")]


def api(fake: FakeAzureDevOps) -> AzureDevOps:
    return client(
        {
            "SYSTEM_COLLECTIONURI": f"{fake.url}/",
            "SYSTEM_TEAMPROJECT": "Data Platform",
            "BUILD_REPOSITORY_NAME": "terrace",
            "SYSTEM_ACCESSTOKEN": "job",
        }
    )


def connect(fake: FakeAzureDevOps, stages: list[Loaded]) -> None:
    """The service connections that a person creates."""
    for loaded in stages:
        environment = loaded.environment
        for pipeline, (subject,) in environment.identity.workflows(environment.name, environment.tier).items():
            trust = {
                "workloadIdentityFederationIssuer": environment.identity.issuer,
                "workloadIdentityFederationSubject": subject,
            }
            name = f"terrace-{environment.name}-{pipeline}"
            fake.connections[name] = {"id": name, "name": name, "authorization": {"parameters": trust}}


def missing(found: list[Setting]) -> dict[str, str]:
    return {one.name: one.missing for one in found if one.missing}


def set_up(fake: FakeAzureDevOps, stages: list[Loaded]) -> AzureDevOps:
    """Everything set: pipelines and environments first, then what refers to them."""
    connect(fake, stages)
    azure = api(fake)
    for _ in range(2):
        apply(azure, list(settings(azure, stages, APPROVING)))
    return azure


def test_a_pull_request_has_one_comment(fake: FakeAzureDevOps) -> None:
    fake.threads["7"] = [{"id": 1, "comments": [{"content": "<!-- terrace:plan -->\nmine"}], "properties": {}}]
    azure = api(fake)
    done = [post_comment(azure, 7, text).done for text in ("first", "second", "second")]
    assert done == ["opened", "updated", "unchanged"]
    assert [one["comments"][0]["content"] for one in fake.threads["7"]] == [
        "<!-- terrace:plan -->\nmine",
        "<!-- terrace:plan -->\nsecond",
    ]
    assert fake.threads["7"][1]["status"] == "closed"


def test_a_work_item_is_opened_updated_and_closed(fake: FakeAzureDevOps) -> None:
    azure = api(fake)
    other = {"environment": "staging"}
    reports = [drift(), drift("a.a"), drift("a.a") | other, drift("a.a"), drift("a.a", "b.b"), drift(), drift()]
    done = [report_drift(azure, report).done for report in reports]
    assert done == ["none", "opened", "opened", "unchanged", "updated", "closed", "none"]
    states = [(one["fields"]["System.Title"], one["fields"]["System.State"]) for one in fake.items]
    assert states == [("Drift of dev on aws", "Done"), ("Drift of staging on aws", "To Do")]
    assert fake.items[0]["fields"]["System.History"] == "The last check found no drift."


def test_a_task_signs_in_as_its_service_connection(stages: list[Loaded], tmp_path: Path) -> None:
    """The token is written to a file, and azurerm requests new ones itself."""
    asked: list[Any] = []

    def token(query: Any, body: Any) -> tuple[int, Any]:
        asked.append(query)
        return 200, {"oidcToken": "a.b.c"}

    endpoint = FakeApi({"POST /oidctoken": token})
    given = {
        "SYSTEM_OIDCREQUESTURI": f"{endpoint.url}/oidctoken",
        "SYSTEM_ACCESSTOKEN": "job",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection",
        "AZURESUBSCRIPTION_CLIENT_ID": "client",
    }
    made, staging = issuer(given), stages[1].environment
    signed_in = variables(staging, "plan", made, tmp_path, {})
    assert Path(signed_in["AZURE_FEDERATED_TOKEN_FILE"]).read_text() == "a.b.c"
    assert signed_in["ARM_CLIENT_ID"] == signed_in["AZURE_CLIENT_ID"] == "client"
    assert signed_in["ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID"] == "connection"
    assert signed_in["ARM_OIDC_REQUEST_URL"] == given["SYSTEM_OIDCREQUESTURI"] and "job" not in signed_in.values()
    assert asked == [{"api-version": "7.1", "serviceConnectionId": "connection"}]
    endpoint.close()
    with pytest.raises(UsageError, match="not in a task that may request a token") as caught:
        issuer({})
    assert "AzureCLI@2" in caught.value.hint


def test_everything_is_missing_in_a_new_project_and_set_once(fake: FakeAzureDevOps, stages: list[Loaded]) -> None:
    names = ("dev", "staging", "prod")
    azure = api(fake)
    assert set(missing(list(settings(azure, stages, APPROVING)))) == {
        *(f"pipeline terrace-{name}" for name in ("plan", "apply", "drift")),
        "policies of the branch main",
        *(f"service connection terrace-{name}-{pipeline}" for name in names for pipeline in ("plan", "apply")),
        *(f"environment {name}" for name in names),
    }
    set_up(fake, stages)
    again = list(settings(azure, stages, APPROVING))
    assert missing(again) == {}
    approvals = [one["resource"]["name"] for one in fake.checks if one["type"]["name"] == "Approval"]
    assert approvals == ["staging", "prod"]


BREAKS: dict[str, Any] = {
    "which no cloud trusts": lambda f: f.connections["terrace-prod-apply"]["authorization"]["parameters"].update(
        workloadIdentityFederationSubject="sc://acme/other/terrace-prod-apply"
    ),
    "runs of other branches than main may use it": lambda f: f.checks.remove(
        next(one for one in f.checks if one["resource"]["id"] == "terrace-prod-apply")
    ),
    "an exclusive lock": lambda f: f.checks.remove(next(one for one in f.checks if "Lock" in one["type"]["name"])),
    "an approval by another one": lambda f: next(
        one for one in f.checks if one["type"]["name"] == "Approval"
    )["settings"].update(requesterCannotBeApprover=False),
    "deployments from main only": lambda f: next(
        one for one in f.checks if one["resource"]["type"] == "environment" and one["type"]["name"] == "Task Check"
    )["settings"]["inputs"].update(allowedBranches="refs/heads/main, refs/heads/*"),
    "an approved pull request": lambda f: f.policies[0]["settings"].update(creatorVoteCounts=True),
    "the pipeline terrace-plan": lambda f: f.policies[1].update(isBlocking=False),
}  # fmt: skip


@pytest.mark.parametrize("text", BREAKS)
def test_each_setting_is_read_back(fake: FakeAzureDevOps, stages: list[Loaded], text: str) -> None:
    azure = set_up(fake, stages)
    BREAKS[text](fake)
    found = missing(list(settings(azure, stages)))
    assert len(found) == 1 and text in next(iter(found.values()))


def test_a_reviewer_is_a_team(fake: FakeAzureDevOps) -> None:
    assert reviewer(api(fake), "team:platform").id == "team platform"
    with pytest.raises(UsageError, match="expected team:NAME"):
        reviewer(api(fake), "user:ada")
