"""Tokens of clusters, on the emulated clouds: each cloud's log-in accepts or issues them."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.emulator import Emulator, start
from tests.conftest import ROOT


@pytest.fixture(scope="module", params=CLOUDS)
def emulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start(request.param, tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield running
    running.stop()


def token(environment: dict[str, str], cloud: str) -> "subprocess.CompletedProcess[str]":
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'constructs'}", "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "terrace.cli.main", "kube", "token", "dev", "--cloud", cloud]
    return subprocess.run(command, cwd=ROOT, env=environment | paths, capture_output=True, text=True, check=False)


def test_the_cloud_knows_the_token(emulator: Emulator) -> None:
    environment = emulator.child_environment(os.environ)
    ended = token(environment, emulator.cloud)
    assert ended.returncode == 0, ended.stderr
    credential = json.loads(ended.stdout)
    assert (credential["kind"], credential["apiVersion"]) == ("ExecCredential", "client.authentication.k8s.io/v1")
    expires = datetime.strptime(credential["status"]["expirationTimestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(minutes=1) < expires - datetime.now(UTC) < timedelta(hours=25)
    value = credential["status"]["token"]
    assert value and "\n" not in value
    if emulator.cloud == "aws":
        _check_signature(value, environment)


def _check_signature(value: str, environment: dict[str, str]) -> None:
    """The token is a request to STS for the caller's identity, signed with the name of the cluster.

    Source of the algorithm: AWS, "Create a signed AWS API request". The emulated STS has no presigned requests.
    """
    assert value.startswith("k8s-aws-v1.")
    encoded = value.removeprefix("k8s-aws-v1.")
    url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    query = dict(parse_qsl(url.query))
    assert url.hostname == "sts.eu-central-1.amazonaws.com"
    assert query["Action"] == "GetCallerIdentity" and query["X-Amz-Expires"] == "60"
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    signature = query.pop("X-Amz-Signature")
    canonical = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    headers = f"host:{url.hostname}\nx-k8s-aws-id:dpf-dev\n"
    request = f"GET\n/\n{canonical}\n{headers}\nhost;x-k8s-aws-id\n{hashlib.sha256(b'').hexdigest()}"
    date, _, scope = query["X-Amz-Credential"].partition("/")[2].partition("/")
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{query['X-Amz-Date']}\n{date}/{scope}\n{hashed}"
    key = f"AWS4{environment['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (date, *scope.split("/")):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    assert signature == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_credentials_the_error_names_the_way_to_get_some(cloud: str, tmp_path: Path) -> None:
    prefixes = ("AWS_", "ARM_", "AZURE_", "GOOGLE_", "GCLOUD_", "CLOUDSDK_", "TERRACE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    environment |= {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true"}
    ended = token(environment, cloud)
    assert ended.returncode == 3
    assert ended.stdout == ""
    assert "credentials" in ended.stderr and "hint: " in ended.stderr
    assert "Traceback" not in ended.stderr
