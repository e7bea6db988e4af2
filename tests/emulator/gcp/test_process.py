"""A separate server, reached from a child process through the proxy with only the environment variables."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from terrace.emulator import Emulator, start
from terrace.emulator.gcp import DEFAULT_ACCOUNT, is_foreign

_CHILD = """
import json, google.auth, google.auth.transport.requests
from google.cloud import storage

credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = google.auth.transport.requests.AuthorizedSession(credentials)
on = session.post(f"https://serviceusage.googleapis.com/v1/projects/{project}/services/storage.googleapis.com:enable")
client = storage.Client()
bucket = client.create_bucket("dpf-lake", location="EUROPE-WEST3")
bucket.blob("a/b.txt").upload_from_string("hello")
bucket.labels = {"owner": "platform"}
bucket.patch()
bucket = client.get_bucket("dpf-lake")
text = bucket.blob("a/b.txt").download_as_text()
print(json.dumps([project, on.status_code, bucket.labels, text, [each.name for each in client.list_blobs("dpf-lake")]]))
bucket.delete(force=True)
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start("gcp", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield running
    running.stop()


def test_googles_credentials_and_client_reach_the_emulator(emulator: Emulator) -> None:
    real = {"GOOGLE_APPLICATION_CREDENTIALS": "/real.json", "GOOGLE_API_KEY": "real", "STORAGE_EMULATOR_HOST": "x"}
    child = subprocess.run(
        [sys.executable, "-c", _CHILD],
        env=emulator.child_environment({**os.environ, **real}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout) == [
        DEFAULT_ACCOUNT["project_id"],
        200,
        {"owner": "platform"},
        "hello",
        ["a/b.txt"],
    ]
    assert (emulator.inventory(), emulator.unsupported(), emulator.refused()) == ([], [], {})


def test_the_server_uses_little_memory_with_all_documents_loaded(emulator: Emulator) -> None:
    from urllib.request import Request, urlopen

    from tests.emulator.gcp.conftest import SERVICES

    for service in SERVICES:
        request = Request(
            f"http://127.0.0.1:{emulator.backend_port}/v1/x", headers={"Host": f"{service}.googleapis.com"}
        )
        request.add_header("Authorization", "Bearer emulated")
        with contextlib.suppress(OSError):  # an unknown path, which loads the service's document
            urlopen(request)
    assert psutil.Process(emulator.pid).memory_info().rss < 300 * 2**20


@pytest.mark.parametrize("name", ["GOOGLE_CREDENTIALS", "CLOUDSDK_CONFIG", "GCE_METADATA_HOST", "PUBSUB_EMULATOR_HOST"])
def test_variables_of_a_real_account_are_foreign(name: str) -> None:
    assert is_foreign(name)


def test_other_variables_are_not_foreign() -> None:
    assert not any(map(is_foreign, ("PATH", "HOME", "AWS_PROFILE")))
