"""Stock moto and the emulator, each in its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests
from botocore.config import Config

from terrace.emulator import Emulator
from terrace.emulator.aws import DEFAULT_ACCOUNT

REGION = "eu-central-1"
_SESSION = boto3.Session(aws_access_key_id="emulated", aws_secret_access_key="emulated")
_CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=20)

# moto's own server; prints its port
_STOCK = """
from werkzeug.serving import make_server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

application = DomainDispatcherApplication(create_backend_app)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Aws:
    """Clients of one of the two servers, and common resources."""

    account = DEFAULT_ACCOUNT["account_id"]

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: dict[tuple[str, str], Any] = {}

    def __call__(self, service: str, region: str = REGION) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = _SESSION.client(
                service, region_name=region, endpoint_url=f"http://127.0.0.1:{self._port}", config=_CONFIG
            )
        return self._clients[service, region]

    def get(self, service: str, path: str) -> requests.Response:
        """A request that boto3 cannot send; the server finds the service by the header."""
        scope = f"AWS4-HMAC-SHA256 Credential=emulated/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host"
        return requests.get(f"http://127.0.0.1:{self._port}{path}", headers={"Authorization": scope}, timeout=20)

    @staticmethod
    def name(prefix: str = "test") -> str:
        return f"{prefix}-{uuid4().hex[:8]}"

    def role(self, name: str = "test") -> str:
        return f"arn:aws:iam::{self.account}:role/{name}"

    def subnets(self) -> list[str]:
        """Two subnets of a new VPC."""
        ec2 = self("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]["SubnetId"] for number in (1, 2)
        ]


@pytest.fixture(scope="session")
def patched(emulator: Emulator) -> Aws:
    return Aws(emulator.backend_port)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    environment = os.environ | {"MOTO_ACCOUNT_ID": DEFAULT_ACCOUNT["account_id"], "MOTO_ACM_VALIDATION_WAIT": "0"}
    with Path(tmp_path_factory.mktemp("stock"), "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _STOCK], stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
    assert process.stdout is not None
    yield Aws(int(process.stdout.readline()))
    process.terminate()
    process.wait(10)
