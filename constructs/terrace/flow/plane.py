"""What the steps run on: an emulated object store and a real database, prepared by the platform's own job."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terrace import emulator
from terrace.capabilities.outputs import DatabaseOutputs
from terrace.capabilities.spec import present
from terrace.errors import TerraceError
from terrace.flow import server as servers
from terrace.flow.engines import Engines
from terrace.flow.product import Product
from terrace.flow.server import Server
from terrace.workloads import bootstrap

CATALOGUE = "airflow"
"""The module in whose database the catalogue of Iceberg tables is."""
LAKE_MODULES = ("airflow", "spark")


class JobFailed(TerraceError):
    """A job of the data product failed."""


@dataclass(frozen=True)
class Plane:
    """What the steps run on: an emulated object store and a real database, prepared by the platform's own job."""

    product: Product
    engines: Engines
    emulator: emulator.Emulator
    server: Server
    home: Path

    @property
    def database(self) -> DatabaseOutputs:
        return present(self.product.context.outputs.database)

    def environment(self, user: str) -> dict[str, str]:
        """The variables of a job whose log-in is `user`."""
        return self.server.environment(user, self.database.name) | {
            "FLOW_WIRING": str(_wiring(self)), "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
        }  # fmt: skip


@contextmanager
def running(product: Product, engines: Engines, home: Path, on_step: Callable[[str], None]) -> Iterator[Plane]:
    """Start it, and stop it at the end. Raises what its parts raise."""
    context = product.context
    database = present(context.outputs.database)
    on_step("start the emulated aws")
    if (earlier := emulator.status("aws", home / "emulator")) is not None:
        earlier.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    emulated = emulator.start(
        "aws", home / "emulator", account=emulator.account_of("aws", context.target.settings),
        region=context.target.region, options=emulator.Options(), parent=os.getpid(),
    )  # fmt: skip
    try:
        _buckets(product, emulated)
        on_step("start PostgreSQL")
        with servers.running(
            engines.postgres, database.host, tls=engines.tls, admin=database.admin,
            password=os.urandom(16).hex(), database=database.name,
        ) as server:  # fmt: skip
            made = Plane(product, engines, emulated, server, home)
            on_step("prepare the database")
            _bootstrap(made)
            yield made
    finally:
        emulated.stop()


def _buckets(product: Product, running: emulator.Emulator) -> None:
    """The layers of the product, where no foundation has made them."""
    client = _client("s3", running, ("emulated", "emulated", ""))
    for layer in product.declared.layers:
        bucket = product.context.outputs.lake[layer].removeprefix("s3://").strip("/")
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": running.region},
            ObjectLockEnabledForBucket=layer == "bronze",
        )  # fmt: skip


def _client(service: str, running: emulator.Emulator, credentials: tuple[str, str, str]) -> Any:
    import boto3

    key, secret, token = credentials
    client: Any = boto3.client  # its overloads want a literal name
    return client(
        service, endpoint_url=f"http://127.0.0.1:{running.backend_port}", region_name=running.region,
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token or None,
    )  # fmt: skip


def _bootstrap(plane: Plane) -> None:
    """Run the scripts of the platform's own job, then let the modules of the flow in."""
    context = plane.product.context
    scripts = plane.home / "bootstrap"
    scripts.mkdir(exist_ok=True)
    for name, text in bootstrap.files(context).items():
        (scripts / name).write_text(text)
    database = plane.database
    admin = next(
        line.rsplit(":", 1)[1]
        for line in (plane.server.home / "passwords").read_text().splitlines()
        if f":{database.admin}:" in line
    )
    credentials = plane.home / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    (credentials / "password").write_text(admin)
    env = plane.server.environment(database.admin, "postgres") | {"CREDENTIALS_PATH": str(credentials)}
    done = subprocess.run(["sh", scripts / "run.sh"], env=env, capture_output=True, text=True)
    (credentials / "password").unlink()
    if done.returncode:
        raise JobFailed(f"the job database-bootstrap failed: {done.stderr.strip()}")
    for module in sorted({CATALOGUE, "dbt"}):
        plane.server.let_in(database.roles[module])


def _wiring(plane: Plane) -> Path:
    """The file that tells the jobs how to reach the platform."""
    context = plane.product.context
    file = plane.home / "wiring.json"
    if file.exists():
        return file
    sts = _client("sts", plane.emulator, ("emulated", "emulated", ""))
    credentials = {}
    for module in LAKE_MODULES:
        session = sts.assume_role(RoleArn=context.outputs.identities[module], RoleSessionName=module)["Credentials"]
        credentials[module] = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    given = {
        "product": plane.product.declared.name,
        "retention_days": plane.product.declared.retention_days,
        "contract": plane.product.contract,
        "lake": dict(context.outputs.lake),
        "region": context.target.region,
        "endpoint": f"http://127.0.0.1:{plane.emulator.backend_port}",
        "credentials": credentials,
        "database": plane.database.name,
        "catalogue": plane.database.roles[CATALOGUE],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(given, default=str))
    return file
