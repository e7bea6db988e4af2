"""The flow: each step is a job of the data product in a process of its own, with the identities of modules.

Every step has the same effect once or many times, so that a flow that was interrupted is run again from its beginning.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from terrace.capabilities.spec import present
from terrace.environment.data_access import answer
from terrace.errors import AnswerIsNo
from terrace.flow import lineage
from terrace.flow.lineage import Edge
from terrace.flow.plane import LAKE_MODULES, JobFailed, Plane
from terrace.workloads import bootstrap
from terrace.workloads.values import values

CHECKS = {
    "great-expectations": ("checks.json", ("suites", "pages")),
    "data-contracts": ("contracts.json", ("contracts",)),
}
"""The modules that check tables: the file that their program reads, and the values in it."""
_VERBS = {"write": ("read", "write", "delete"), "read": ("read",), "add": ("write",)}
"""What a right on a folder of the lake allows."""
_LINES = 12

OnJob = Callable[["subprocess.Popen[str]"], None]


class Refused(AnswerIsNo):
    """A check does not hold: what comes after it was not run."""


@dataclass
class Evidence:
    """What flowed. `failures` are sentences; `reasons` maps a reason to the events that were quarantined for it;
    `checks` are what modules say of tables before silver is published and before gold is made; `rights` are the
    questions that groups of people asked, with the expected and the given answers; `attempts` are what modules tried
    with files that is not theirs, and `requests` how many of their requests for files were allowed, both where rights
    are evaluated; `erasure` is what `erase` found. `lineage` is what each column is made from."""

    product: str
    environment: str
    foundation: str
    rows: int
    seed: int
    events: int = 0
    quarantined: int = 0
    duplicates: int = 0
    late: int = 0
    erased: int = 0
    silver: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    raw: int = 0
    checks: list[dict[str, Any]] = field(default_factory=list)
    dbt: str = ""
    marts: dict[str, int] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    rights: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, str]] = field(default_factory=list)
    requests: int = 0
    lineage: list[Edge] = field(default_factory=list)
    erasure: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


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
    step = _steps(found, on_step)
    with step("events"):
        for old in drop.glob("*"):
            old.unlink()
        _job(plane, "events.py", str(drop), str(rows), str(seed), on_job=on_job)
    with step("bronze"):
        _job(plane, "bronze.py", str(drop), on_job=on_job)
    _refine(plane, found, step, on_job)
    with step("rights"):
        found.rights = _rights(plane)
    if plane.rights:
        with step("attempts"):
            found.requests = _requests(plane)
            found.attempts = _attempts(plane, on_job)
    found.failures += _failures(found)
    return found


def erase(
    plane: Plane, found: Evidence, *, on_step: Callable[[str], None] = lambda step: None,
    on_job: OnJob = lambda process: None,
) -> None:  # fmt: skip
    """Answer a person after a flow: export what is known of them, and erase it from every layer. `found` and
    erasure.json get the evidence, which names them by a digest.

    Raises JobFailed, and Refused at a check that does not hold.
    """
    known = plane.home / "export.json"
    step = _steps(found, on_step)
    with step("export"):
        address = _job(plane, "subject.py", "someone", on_job=on_job)["address"]
        before = _job(plane, "subject.py", "export", str(known), given=address, on_job=on_job)
    with step("erase"):
        keys = _job(plane, "subject.py", "erase", str(known), on_job=on_job)["keys"]
        after = Evidence(found.product, found.environment, found.foundation, found.rows, found.seed)
        _refine(plane, after, _steps(after, lambda name: None), on_job)
        files = _job(plane, "maintain.py", on_job=on_job)
        left = _job(plane, "subject.py", "find", str(known), on_job=on_job)["found"]
        known.unlink()  # it was handed over
    environment = plane.product.context.environment
    found.erasure = {
        "subject": before["subject"],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "before": before["found"],
        "after": left,
        "keys": keys,
        "events": after.erased,
        "files": files,
        "checksums": after.checksums,
        # copies that no step can delete, and how long there are any
        "days": {
            "backups of the database": present(environment.database).recovery_days,
            "earlier versions of files in silver": present(environment.lake).lifecycle["silver"].superseded_after_days,
            "earlier versions of files in gold": present(environment.lake).lifecycle["gold"].superseded_after_days,
        },
    }
    (plane.home / "erasure.json").write_text(json.dumps(found.erasure, indent=2))
    found.failures += [f"{place} has {count} of an erased person" for place, count in left.items() if count]
    found.failures += [f"{place} had nothing of a person" for place, count in before["found"].items() if not count]
    found.failures += _failures(after)


def _steps(found: Evidence, on_step: Callable[[str], None]) -> Callable[[str], AbstractContextManager[None]]:
    """What tells that a step begins, and counts its seconds."""

    @contextmanager
    def step(name: str) -> Iterator[None]:
        on_step(name)
        started = time.monotonic()
        yield
        found.seconds[name] = round(time.monotonic() - started, 1)

    return step


def _refine(plane: Plane, found: Evidence, step: Callable[[str], AbstractContextManager[None]], on_job: OnJob) -> None:
    """What is made from bronze."""
    product = plane.product
    _events(plane).unlink(missing_ok=True)
    with step("contract"):
        compare = product.context.modules["data-contracts"].folder / "runner" / "compare.py"
        _run("contract.py", _command(plane, "contract.py", str(compare)), _environment(plane), on_job)
    with step("silver"):
        facts = _job(plane, "silver.py", on_job=on_job)
        for name in ("events", "quarantined", "duplicates", "late", "erased", "silver", "reasons"):
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
    found.lineage = lineage.edges(_events(plane), product.context.outputs.lake)
    columns = [
        f"{place}.{table['name']}.{column['name']}"
        for table in product.contract["schema"] if table["name"] in found.marts
        for column in table["properties"] for place in ("marts", "gold")
    ]  # fmt: skip
    found.failures += lineage.gaps(found.lineage, columns, "bronze.events")


def _failures(found: Evidence) -> Iterator[str]:
    accounted = found.quarantined + found.duplicates + found.silver + found.erased
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
    for one in found.attempts:
        if one["given"] != "refused":
            yield f"{one['module']} may not {one['verb']} in {one['folder']}: {one['given']}"


def _requests(plane: Plane) -> int:
    """How many different requests of the modules for files the emulated cloud has allowed."""
    own = {plane.product.context.outputs.identities[module] for module in LAKE_MODULES}
    return sum(one.allowed and one.identity in own for one in plane.emulator.decisions())


def _attempts(plane: Plane, on_job: OnJob) -> list[dict[str, str]]:
    """What each module is not given: folders of another product, and layers that it has no right to."""
    context = plane.product.context
    tried = []
    for module in LAKE_MODULES:
        access = context.environment.lake_access(context.modules[module])
        given: dict[tuple[str, str], str] = {
            (layer, folder): right for layer, rights in access.items() for folder, right in rights.items()
        }
        for layer, uri in sorted(context.outputs.lake.items()):
            for folder in (plane.product.declared.name, "of-others"):
                allowed = _VERBS.get(given.get((layer, folder), ""), ())
                tried += [
                    {"module": module, "verb": verb, "folder": f"{uri.rstrip('/')}/{folder}/"}
                    for verb in ("read", "write", "delete") if verb not in allowed
                ]  # fmt: skip
    asked = json.dumps([list(one.values()) for one in tried])
    answers = _job(plane, "attempts.py", given=asked, on_job=on_job)["answers"]
    return [one | {"given": answer} for one, answer in zip(tried, answers, strict=True)]


def _events(plane: Plane) -> Path:
    return plane.home / "openlineage.jsonl"


def _environment(plane: Plane, user: str = "") -> dict[str, str]:
    return plane.environment(user) | lineage.environment(_events(plane), plane.product.declared.name)


def _job(plane: Plane, name: str, *arguments: str, on_job: OnJob, given: str = "") -> Mapping[str, Any]:
    """Run a job of the product with `given` as its input, and return what it reports. Raises JobFailed."""
    done = _run(name, _command(plane, name, *arguments), _environment(plane), on_job, given)
    facts: Mapping[str, Any] = json.loads(done.strip().splitlines()[-1])
    return facts


def _command(plane: Plane, name: str, *arguments: str) -> list[str]:
    return [str(plane.engines.python), str(plane.product.folder / "jobs" / name), *arguments]


def _run(name: str, command: list[str], env: Mapping[str, str], on_job: OnJob, given: str = "") -> str:
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:  # fmt: skip
        on_job(process)
        out, err = process.communicate(given)
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
    places = [
        "--project-dir", str(project), "--profiles-dir", str(home), "--log-path", str(home / "logs"),
        "--target-path", str(home / "target"),
    ]  # fmt: skip
    out = _run("dbt", [str(plane.engines.bin / "dbt"), "--no-use-colors", "build", *places], env, on_job)
    _run("dbt-ol", [str(plane.engines.bin / "dbt-ol"), "send-events", *places], env, on_job)
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
        "select concat_ws('.', nspname, relname, attname) from pg_attribute "
        "join pg_class on pg_class.oid = attrelid join pg_namespace on pg_namespace.oid = relnamespace "
        "where relkind in ('r', 'v', 'm', 'p') and attnum > 0 and not attisdropped "
        f"and nspname in ({', '.join(repr(one) for one in plane.database.schemas)}) order by 1",
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
