"""The clouds' pages name every exception, in the words of the code, and where the rights to deploy are."""

import json
import re

import pytest

from terrace.capabilities.cloud import CLOUDS, facts
from tests.conftest import ROOT


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_page_has_the_exceptions_of_its_cloud(cloud: str) -> None:
    page = (ROOT / "docs" / "clouds" / f"{cloud}.md").read_text()
    exceptions = facts(cloud).exceptions
    rows = [line for line in page.splitlines() if line.count(" | ") == 3 and "| limitation |" not in line]
    wanted = [f"| {e.guarantee} | {e.reason} | {e.compensation} | {e.source} |" for e in exceptions]
    assert rows == wanted


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_page_leads_to_the_rights_to_deploy(cloud: str) -> None:
    page = (ROOT / "docs" / "clouds" / f"{cloud}.md").read_text()
    named = set(re.findall(rf"policies/deploy/{cloud}/[\w.$]*", page))
    assert f"policies/deploy/{cloud}/types.yaml" in named
    parts = re.findall(r"for part in ([\w ]+); do", page)
    files = {f"{part}.json" for part in (parts[0].split() if parts else re.findall(r"/(\w+)\.json", " ".join(named)))}
    assert files == {path.name for path in (ROOT / "policies" / "deploy" / cloud).glob("*.json")}


def test_azures_page_registers_every_provider_that_the_role_names() -> None:
    role = json.loads((ROOT / "policies" / "deploy" / "azure" / "role.json").read_text())
    page = (ROOT / "docs" / "clouds" / "azure.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("Register the providers"))
    named = set(re.findall(r"\w+", line.partition(", and the feature")[0]))
    wanted = {action.split("/")[0].removeprefix("Microsoft.") for action in role["Actions"]}
    assert wanted - named == {"Resources"}, "Resource Manager itself is always there"
