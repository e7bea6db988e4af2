"""The flow: each step is a job of the data product in a process of its own, with the identities of modules.

Every step has the same effect once or many times, so that a flow that was interrupted is run again from its beginning.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from terrace import emulator
from terrace.capabilities.outputs import DatabaseOutputs
from terrace.capabilities.spec import present
from terrace.environment.data_access import answer
from terrace.errors import AnswerIsNo, TerraceError
from terrace.flow import server as servers
from terrace.flow.engines import Engines
from terrace.flow.product import Product
from terrace.flow.server import Server
from terrace.workloads import bootstrap
from terrace.workloads.values import values

CATALOGUE = "airflow"
"""The module in whose database the catalogue of Iceberg tables is."""
LAKE_MODULES = ("airflow", "spark")
CHECKS = {
    "great-expectations": ("checks.json", ("suites", "pages")),
    "data-contracts": ("contracts.json", ("contracts",)),
}
"""The modules that check tables: the file that their program reads, and the values in it."""
_LINES = 12

OnJob = Callable[["subprocess.Popen[str]"], None]


class JobFailed(TerraceError):
    """A job of the data product failed."""


class Refused(AnswerIsNo):
    """A check does not hold: what comes after it was not run."""


@dataclass
class Evidence:
    """What flowed. `failures` are sentences; `reasons` maps a reason to the events that were quarantined for it;
    `checks` are what modules say of tables before silver is published and before gold is made; `rights` are the
    questions that groups of people asked, with the expected and the given answers."""

    product: str
    environment: str
    foundation: str
    rows: int
    seed: int
    events: int = 0
    quarantined: int = 0
    duplicates: int = 0
    late: int = 0
    silver: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    raw: int = 0
    checks: list[dict[str, Any]] = field(default_factory=list)
    dbt: str = ""
    marts: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    rights: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


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


@contextmanager
def plane(product: Product, engines: Engines, home: Path, on_step: Callable[[str], None]) -> Iterator[Plane]:
    """Start it, and stop it at the end. Raises what its parts raise."""
    context = product.context
    database = present(context.outputs.database)
    on_step("start the emulated aws")
    if (earlier := emulator.status("aws", home / "emulator")) is not None:
        earlier.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    running = emulator.start(
        "aws", home / "emulator", account=emulator.account_of("aws", context.target.settings),
        region=context.target.region, options=emulator.Options(), parent=os.getpid(),
    )  # fmt: skip
    try:
        _buckets(product, running)
        on_step("start PostgreSQL")
        with servers.running(
            engines.postgres, database.host, tls=engines.tls, admin=database.admin,
            password=os.urandom(16).hex(), database=database.name,
        ) as server:  # fmt: skip
            made = Plane(product, engines, running, server, home)
            on_step("prepare the database")
            _bootstrap(made)
            yield made
    finally:
        running.stop()


def flow(
    plane: Plane,
    rows: int,
    seed: int,
    *,
    on_step: Callable[[str], None] = lambda step: None,
    on_job: OnJob = lambda process: None,
) -> Evidence:
    """Run every step. `on_step` receives the name of each when it begins, `on_job` the process of each job.

    Raises JobFailed, and Refused at a check that does not hold.
    """
    product = plane.product
    found = Evidence(product.declared.name, product.context.environment.name, product.foundation, rows, seed)
    drop = plane.home / "drop"

    @contextmanager
    def step(name: str) -> Iterator[None]:
        on_step(name)
        started = time.monotonic()
        yield
        found.seconds[name] = round(time.monotonic() - started, 1)

    with step("events"):
        for old in drop.glob("*"):
            old.unlink()
        _job(plane, "events.py", str(drop), str(rows), str(seed), on_job=on_job)
    with step("bronze"):
        _job(plane, "bronze.py", str(drop), on_job=on_job)
    with step("contract"):
        compare = product.context.modules["data-contracts"].folder / "runner" / "compare.py"
        _run("contract.py", _command(plane, "contract.py", str(compare)), _environment(plane, ""), on_job)
    with step("silver"):
        facts = _job(plane, "silver.py", on_job=on_job)
        for name in ("events", "quarantined", "duplicates", "late", "silver", "reasons"):
            setattr(found, name, facts[name])
    with step("raw"):
        found.raw = _job(plane, "load.py", on_job=on_job)["rows"]
        _people(plane)
    with step("checks of raw"):
        found.checks += _checks(plane, "raw", on_job)
    with step("publish"):
        _job(plane, "publish.py", on_job=on_job)
    with step("dbt"):
        found.dbt = _dbt(plane, on_job)
        _people(plane)
    with step("checks of marts"):
        found.checks += _checks(plane, "marts", on_job)
    with step("gold"):
        facts = _job(plane, "gold.py", on_job=on_job)
        found.marts, found.checksums = facts["marts"], facts["checksums"]
    with step("rights"):
        found.rights = _rights(plane)
    found.failures += _failures(found)
    return found


def _failures(found: Evidence) -> Iterator[str]:
    accounted = found.quarantined + found.duplicates + found.silver
    if accounted != found.events:
        yield f"{found.events} events came in, and {accounted} are accounted for"
    if found.events != found.rows:
        yield f"{found.rows} events were sent, and {found.events} are in bronze"
    if sum(found.reasons.values()) != found.quarantined:
        yield "a quarantined event has no reason"
    if found.raw != found.silver:
        yield f"silver has {found.silver} rows, and raw {found.raw}"
    for one in found.rights:
        if one["expected"] != one["given"]:
            yield f"{one['group']} reads {one['column']}: {one['given']}; expected: {one['expected']}"


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


def _environment(plane: Plane, user: str) -> dict[str, str]:
    return plane.server.environment(user, plane.database.name) | {
        "FLOW_WIRING": str(_wiring(plane)), "HOME": str(plane.home), "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    }  # fmt: skip


def _job(plane: Plane, name: str, *arguments: str, on_job: OnJob) -> Mapping[str, Any]:
    """Run a job of the product, and return what it reports. Raises JobFailed."""
    done = _run(name, _command(plane, name, *arguments), _environment(plane, ""), on_job)
    facts: Mapping[str, Any] = json.loads(done.strip().splitlines()[-1])
    return facts


def _command(plane: Plane, name: str, *arguments: str) -> list[str]:
    return [str(plane.engines.python), str(plane.product.folder / "jobs" / name), *arguments]


def _run(name: str, command: list[str], env: Mapping[str, str], on_job: OnJob) -> str:
    with subprocess.Popen(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        on_job(process)
        out, err = process.communicate()
    if process.returncode == AnswerIsNo.exit_code and out.strip():  # Python ends so too, but without output
        raise Refused(f"{name} refuses:\n{out.strip()}")
    if process.returncode:
        lines = [line for line in (err.strip() or out.strip()).splitlines() if line.strip()]
        raise JobFailed(f"{name} ended with {process.returncode}:\n" + "\n".join(lines[-_LINES:]))
    return out


def _checks(plane: Plane, schema: str, on_job: OnJob) -> list[dict[str, Any]]:
    """What the modules that check tables say of a schema, each run as its pod runs: its own program, what the platform
    renders for it, and its log-in. Raises Refused."""
    context, server, found = plane.product.context, plane.server, []
    for name, (file, given) in CHECKS.items():
        module, role, home = context.modules[name], plane.database.roles[name], plane.home / name
        home.mkdir(exist_ok=True)
        rendered = values(module, context)
        if "pages" in rendered:  # on this machine's disk, not in artifacts
            pages = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(home / "pages")}
            rendered["pages"]["store_backend"] = pages
        content = rendered[given[0]] if len(given) == 1 else {one: rendered[one] for one in given}
        (home / file).write_text(json.dumps(content))
        password = home / "password"
        password.touch(mode=0o600)
        password.write_text(server.let_in(role))
        env = server.environment(role, plane.database.name) | {
            "HOME": str(home), "PGPASSFILE": str(password), "GX_ANALYTICS_ENABLED": "false",
        }  # fmt: skip
        program = str(module.folder / "chart" / "files" / "run.py")
        out = _run(f"{name}, {schema}", [str(plane.engines.python), program, str(home), schema], env, on_job)
        said = [line for line in out.splitlines() if line.startswith(("holds", "passed"))]
        found += [{"module": name, "says": line.partition(" ")[2].strip()} for line in said]
    return found


def _dbt(plane: Plane, on_job: OnJob) -> str:
    """Build the models with the profile that the module dbt renders; returns dbt's summary."""
    context = plane.product.context
    home = plane.home / "dbt"
    home.mkdir(exist_ok=True)
    profile = values(context.modules["dbt"], context)["profile"] | {"port": plane.server.port}
    rendered = {"terrace": {"target": "platform", "outputs": {"platform": profile}}}
    (home / "profiles.yml").write_text(json.dumps(rendered))  # JSON is YAML
    env = _environment(plane, plane.database.roles["dbt"]) | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    project = plane.product.folder / "dbt"
    command = [
        str(plane.engines.bin / "dbt"), "--no-use-colors", "build", "--project-dir", str(project), "--profiles-dir",
        str(home), "--log-path", str(home / "logs"), "--target-path", str(home / "target"),
    ]  # fmt: skip
    out = _run("dbt", command, env, on_job)
    return next((line.partition("Done. ")[2] for line in out.splitlines() if "Done. " in line), "")


def _people(plane: Plane) -> None:
    """The rights on new tables, as the module dbt gives them after a run."""
    plan = bootstrap.files(plane.product.context)["plan.json"]
    script = str(bootstrap.SQL / "people.sql")
    command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-v", f"plan={plan}", "-f", script]
    env = plane.server.environment(plane.database.roles["dbt"], plane.database.name)
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise JobFailed(f"people.sql failed: {done.stderr.strip()}")


def _rights(plane: Plane) -> list[dict[str, Any]]:
    """Ask the database for each column of each table as a member of each group; expected is what is declared."""
    context, name = plane.product.context, plane.database.name
    described = plane.server.sql(
        "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns "
        f"where table_schema in ({', '.join(repr(one) for one in plane.database.schemas)}) order by 1",
        database=name,
    ).splitlines()  # fmt: skip
    found = []
    for group in sorted({group for rule in context.environment.access for group in rule.groups}):
        person = f"person of {group}"
        plane.server.sql(f'drop role if exists "{person}"', f'create role "{person}" login in role "group_{group}"')
        plane.server.let_in(person)
        for path in described:
            schema, table, column = path.split(".")
            done = plane.server.ask(f'select "{column}" from {schema}."{table}" limit 1', database=name, user=person)
            refused = "permission denied" in done.stderr
            given = "denied" if refused else "clear" if not done.returncode else done.stderr.strip()
            # the database gives no masked values: a masked column is not granted
            allowed = answer(context.environment, group, schema, table, column) == "clear"
            found.append({"group": group, "column": path, "expected": "clear" if allowed else "denied", "given": given})
    return found
