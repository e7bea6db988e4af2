"""What the steps run on: an emulated object store and a real database, prepared by the platform's own job."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from terrace import emulator
from terrace.capabilities.cloud import implementation
from terrace.capabilities.outputs import DatabaseOutputs
from terrace.capabilities.spec import present
from terrace.deployment.mirror import NoProviders
from terrace.errors import TerraceError
from terrace.flow import foundation as foundations
from terrace.flow import server as servers
from terrace.flow.cloud import CloudPlanes
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
    """What the steps run on: an emulated object store and a real database, prepared by the platform's own job. With
    `rights`, the emulated cloud allows modules what the foundation's policies and roles do, and nothing else."""

    product: Product
    engines: Engines
    emulator: emulator.Emulator
    server: Server
    home: Path
    rights: bool

    @property
    def cloud(self) -> CloudPlanes:
        return cast(CloudPlanes, implementation("terrace.flow", self.product.context.environment.cloud))

    @property
    def database(self) -> DatabaseOutputs:
        return present(self.product.context.outputs.database)

    def environment(self, user: str) -> dict[str, str]:
        """The variables of a job whose log-in is `user`."""
        return self.emulator.environment() | self.server.environment(user, self.database.name) | {
            "FLOW_WIRING": str(_wiring(self)), "HOME": str(self.home), "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
        }  # fmt: skip


@contextmanager
def running(
    product: Product,
    engines: Engines,
    home: Path,
    on_step: Callable[[str], None],
    *,
    foundation: bool = True,
    provider_mirror: Path | None = None,
) -> Iterator[Plane]:
    """Start it, and stop it at the end: on a foundation applied to the emulated cloud; without `foundation`, and
    where the cloud's provider cannot be had, on a lake and a server alone. Raises what its parts raise."""
    context = product.context
    name = context.environment.cloud
    cloud = cast(CloudPlanes, implementation("terrace.flow", name))
    on_step(f"start the emulated {name}")
    if (earlier := emulator.status(name, home / "emulator")) is not None:
        earlier.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)

    def start(*, rights: bool) -> emulator.Emulator:
        return emulator.start(
            name, home / "emulator", account=emulator.account_of(name, context.target.settings),
            region=context.target.region,
            options=emulator.Options(engines=True, postgres=engines.postgres, rights=rights), parent=os.getpid(),
        )  # fmt: skip

    emulated = start(rights=foundation)
    try:
        outputs, said = None, "none: data planes alone"
        if foundation:
            try:
                outputs, said = foundations.applied(
                    product, emulated, provider_mirror=provider_mirror, on_step=on_step
                )  # fmt: skip
            except NoProviders as error:
                said = f"none: {error}"
                emulated.stop()
                emulated = start(rights=False)  # nothing has made the modules' identities
        applied = outputs is not None
        if outputs is None:
            on_step("make the lake and the database server")
            outputs = cloud.make(emulated, context, product.declared.layers)
        product = replace(product, context=replace(context, outputs=outputs), foundation=said)
        on_step("start PostgreSQL")
        admin = cloud.administrator(emulated, product.context)
        server = servers.behind(emulated, present(outputs.database).host, admin, home / "passwords", engines.postgres)
        made = Plane(product, engines, emulated, server, home, rights=applied and cloud.AS_MODULES)
        on_step("prepare the database")
        _bootstrap(made, admin[1])
        yield made
    finally:
        emulated.stop()


def _bootstrap(plane: Plane, password: str) -> None:
    """Run the scripts of the platform's own job, then let the modules of the flow in."""
    context = plane.product.context
    scripts = plane.home / "bootstrap"
    scripts.mkdir(exist_ok=True)
    for name, text in bootstrap.files(context).items():
        (scripts / name).write_text(text)
    database = plane.database
    credentials = plane.home / "credentials"
    credentials.mkdir(mode=0o700, exist_ok=True)
    (credentials / "password").write_text(password)
    env = plane.server.environment(plane.server.admin, "postgres") | {"CREDENTIALS_PATH": str(credentials)}
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
    given = {
        "product": plane.product.declared.name,
        "retention_days": plane.product.declared.retention_days,
        "contract": plane.product.contract,
        "lake": dict(context.outputs.lake),
        "files": {module: plane.cloud.files(plane.emulator, context, module) for module in LAKE_MODULES},
        "database": plane.database.name,
        "roles": dict(plane.database.roles),
        "catalogue": {"database": CATALOGUE, "role": plane.database.roles[CATALOGUE]},
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(given, default=str))
    return file
