"""The variables alone point azure-identity and a client at the emulator; the shell's own login is ignored."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrace.emulator import Emulator, start
from terrace.emulator.azure import is_foreign

_PROGRAM = """
import os
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
client = ResourceManagementClient(DefaultAzureCredential(), os.environ["AZURE_SUBSCRIPTION_ID"])
client.resource_groups.create_or_update("seen", {"location": "germanywestcentral"})
print([group.name for group in client.resource_groups.list()])
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start("azure", tmp_path_factory.mktemp("environment"), parent=os.getpid())
    yield running
    running.stop()


def test_the_variables_are_enough_for_an_sdk_client(emulator: Emulator, tmp_path: Path) -> None:
    shell = os.environ | {
        "AZURE_CLIENT_ID": "real",
        "AZURE_CLIENT_CERTIFICATE_PATH": "real.pem",
        "ARM_USE_OIDC": "true",
    }
    child = emulator.child_environment(shell)
    assert "AZURE_CLIENT_CERTIFICATE_PATH" not in child and "ARM_USE_OIDC" not in child
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], env=child, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "['seen']", done.stderr
    assert [resource.id.rpartition("/")[2] for resource in emulator.inventory()] == ["seen"]
    assert emulator.refused() == {} and emulator.unsupported() == []


@pytest.mark.parametrize("name", ["ARM_CLIENT_SECRET", "azure_tenant_id", "IDENTITY_ENDPOINT", "MSI_SECRET"])
def test_variables_of_a_login_are_foreign(name: str) -> None:
    assert is_foreign(name)


def test_other_variables_are_not_foreign() -> None:
    assert not is_foreign("HOME") and not is_foreign("CHARM_COLOR")
