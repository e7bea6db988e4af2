"""The job that prepares PostgreSQL: its objects, and its scripts against a real server."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.emulator.engines import programs
from terrace.errors import ContractError
from terrace.modules.contract import DatabaseNeed
from terrace.workloads import bootstrap
from terrace.workloads.context import Context
from tests.workloads import postgres
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import HOST, Server

PROGRAMS = programs()
needs_server = pytest.mark.skipif(PROGRAMS is None, reason="no PostgreSQL server is installed (Debian: postgresql)")

ADMIN, SECRET = "platform_admin", "admin-password"
MODULE_PASSWORD = "module-password"

Run = Callable[[Context], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def fresh() -> Iterator[Path]:
    """The data of a server that was never started."""
    assert PROGRAMS
    with postgres.prepared(PROGRAMS) as home:
        yield home


@pytest.fixture
def server(fresh: Path) -> Iterator[Server]:
    """A server as a cloud makes it: a platform database, and an administrator who is no superuser."""
    assert PROGRAMS
    with postgres.server(PROGRAMS, fresh) as running:
        running.sql(
            f"create role {ADMIN} login createdb createrole password '{SECRET}'",
            *(f"create role {name}" for name in ("rds_iam", "rds_superuser", "azure_pg_admin", "cloudsqlsuperuser")),
            f"create database platform owner {ADMIN}",
            f"grant create on database platform to {ADMIN}",
            # what an administrator may grant, PostgreSQL 16 and later ask for
            f"grant rds_iam, rds_superuser, pg_read_all_data to {ADMIN} with admin option",
        )
        yield running


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """Run the job's scripts, in the environment of its container, with the admin secret as a file."""
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "password").write_text(SECRET)

    def go(context: Context) -> subprocess.CompletedProcess[str]:
        scripts = tmp_path / "scripts"
        scripts.mkdir(exist_ok=True)
        for name, text in bootstrap.files(context).items():
            (scripts / name).write_text(text)
        job = _job(context)
        own = {one["name"]: one["value"] for one in job["spec"]["template"]["spec"]["containers"][0]["env"]}
        here = {"PATH", "PGHOSTADDR", "PGPORT", "PGSSLROOTCERT"}
        local = {key: value for key, value in server.environment("", "").items() if key in here}
        env = own | local | {"CREDENTIALS_PATH": str(credentials), "PGSSLMODE": "verify-full", "PGUSER": ADMIN}
        return subprocess.run(["sh", scripts / "run.sh"], env=env, capture_output=True, text=True, timeout=60)

    return go


def _job(context: Context) -> dict[str, Any]:
    return next(iter(of(bootstrap.objects(context), "Job").values()))


def _plain(context: Context, extension: str = "pg_trgm", roles: Mapping[str, str] | None = None) -> Context:
    """With one extension, by default one that any owner of a database may create, and the test server's host."""
    warehouse = context.modules["warehouse"]
    needs = warehouse.needs.model_copy(update={"database": DatabaseNeed(extensions=(extension,))})
    changed = replace(warehouse, contract=warehouse.contract.model_copy(update={"needs": needs}))
    database = context.outputs.database
    place = {"host": HOST, "roles": roles or database.roles}
    outputs = context.outputs.model_copy(update={"database": database.model_copy(update=place)})
    environment = context.environment.with_modules({**context.modules, "warehouse": changed})
    return replace(context, environment=environment, outputs=outputs)


def _let_in(server: Server, *roles: str) -> None:
    """Give roles a password, as a cloud's token would let them in."""
    server.sql(*(f"alter role \"{role}\" password '{MODULE_PASSWORD}'" for role in roles))


@needs_server
def test_modules_get_databases_and_a_second_run_changes_nothing(server: Server, run: Run, make: Make) -> None:
    context = _plain(make("aws"))
    first = run(context)
    assert first.returncode == 0, first.stderr
    assert "CREATE DATABASE" in first.stdout
    before = server.definitions()
    second = run(context)
    assert second.returncode == 0, second.stderr
    assert second.stdout == ""
    assert server.definitions() == before
    _let_in(server, "warehouse")
    made = server.try_sql(
        "create table t as select similarity('a', 'b'); select count(*) from t",
        user="warehouse", password=MODULE_PASSWORD, database="warehouse",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert server.sql("select pg_has_role('warehouse', 'rds_iam', 'member')") == "t"


@needs_server
def test_modules_reach_their_own_database_only(server: Server, run: Run, make: Make) -> None:
    assert run(_plain(make("aws"))).returncode == 0
    _let_in(server, "warehouse", "loader")
    for role, database in (
        ("warehouse", "loader"),
        ("loader", "warehouse"),
        ("loader", "platform"),
        ("loader", "postgres"),
    ):
        done = server.try_sql("select 1", user=role, password=MODULE_PASSWORD, database=database)
        expected = database != "postgres"  # which belongs to the server's superuser here
        assert (done.returncode != 0) == expected, (role, database, done.stderr)
        assert not expected or f'permission denied for database "{database}"' in done.stderr
    roles = server.sql("select count(*) from pg_roles where rolname in ('warehouse', 'loader') and "
                       "(rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)")  # fmt: skip
    assert roles == "0"


@needs_server
def test_wrong_rights_of_an_existing_role_are_revoked(server: Server, run: Run, make: Make) -> None:
    context = _plain(make("aws"))
    assert run(context).returncode == 0
    right = server.definitions()
    server.sql("alter role loader createdb createrole")
    granted = server.try_sql("grant pg_read_all_data, rds_superuser, warehouse to loader", user=ADMIN, password=SECRET)
    assert granted.returncode == 0, granted.stderr
    server.sql(
        "grant all on database warehouse, platform to loader",
        "grant connect on database warehouse to public",
        "grant create on database loader to loader with grant option",
    )
    server.sql("grant all on schema public to loader, public", database="warehouse")
    server.sql(
        "create table marts.orders (id int)",
        f"alter table marts.orders owner to {ADMIN}",
        "grant usage, create on schema marts to loader",
        "grant select on marts.orders to loader",
        database="platform",
    )
    assert server.definitions() != right
    done = run(context)
    assert done.returncode == 0, done.stderr
    server.sql("drop table marts.orders", database="platform")
    assert sorted(server.definitions().splitlines()) == sorted(right.splitlines())  # but for the order of grants
    assert run(context).stdout == ""


@needs_server
def test_a_rotated_admin_secret_is_read_anew(server: Server, run: Run, make: Make, tmp_path: Path) -> None:
    context = _plain(make("aws"))
    assert run(context).returncode == 0
    server.sql(f"alter role {ADMIN} password 'rotated'")
    refused = run(context)
    assert refused.returncode != 0
    assert "password authentication failed" in refused.stderr
    (tmp_path / "credentials" / "password").write_text("rotated")
    assert run(context).returncode == 0


@needs_server
def test_connections_need_tls(server: Server) -> None:
    plain = server.try_sql("select 1", tls="disable")
    assert plain.returncode != 0
    assert "no encryption" in plain.stderr


@needs_server
def test_no_name_is_read_as_sql(server: Server, run: Run, make: Make) -> None:
    hostile = "o'brien\"; drop database platform; --"
    context = _plain(make("aws"), roles={"warehouse": hostile, "loader": "loader"})
    done = run(context)
    assert done.returncode == 0, done.stderr
    names = server.sql("select count(*) from pg_roles where rolname = 'o''brien\"; drop database platform; --'")
    assert names == "1"
    assert server.sql("select count(*) from pg_database where datname = 'platform'") == "1"
    assert run(context).stdout == ""


@needs_server
def test_roles_of_azure_are_made_by_its_function(server: Server, run: Run, make: Make) -> None:
    server.sql(
        "create function pgaadauth_create_principal(name text, is_admin boolean, is_mfa boolean) returns text "
        "language plpgsql security definer as "
        "$$ begin execute format('create role %I login', name); return name; end $$"
    )
    context = _plain(make("azure"))
    first = run(context)
    assert first.returncode == 0, first.stderr
    assert server.sql("select count(*) from pg_roles where rolname in ('warehouse', 'loader')") == "2"
    assert run(context).stdout == ""


@needs_server
def test_roles_of_google_cloud_must_exist(server: Server, run: Run, make: Make) -> None:
    context = _plain(make("gcp"))
    missing = run(context)
    assert missing.returncode != 0
    assert 'role "warehouse@acme-data-dev.iam" does not exist' in missing.stderr
    server.sql(*(f'create role "{name}@acme-data-dev.iam" login' for name in ("warehouse", "loader")))
    first = run(context)
    assert first.returncode == 0, first.stderr
    assert run(context).stdout == ""


@needs_server
@pytest.mark.parametrize("extension", ["postgis", "pgaudit"])
def test_extensions_that_only_an_administrator_may_create(server: Server, run: Run, make: Make, extension: str) -> None:
    if server.sql(f"select count(*) from pg_available_extensions where name = '{extension}'") == "0":
        pytest.skip(f"the server has no extension {extension}")
    server.sql(f"alter role {ADMIN} superuser")  # as a cloud lets its administrators create allowed extensions
    context = _plain(make("aws"), extension)
    done = run(context)
    assert done.returncode == 0, done.stderr
    assert server.sql(f"select count(*) from pg_extension where extname = '{extension}'", database="warehouse") == "1"
    assert run(context).stdout == ""


def test_the_job_meets_the_restricted_standard_on_every_cloud(context: Context) -> None:
    template = _job(context)["spec"]["template"]
    pod = template["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in (*pod["initContainers"], *pod["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "@sha256:" in container["image"]
        assert container["resources"]["limits"]["memory"]
    assert {"app.kubernetes.io/name", "app.kubernetes.io/part-of", "owner"} <= template["metadata"]["labels"].keys()


def test_the_certificate_is_verified_where_the_cloud_has_a_public_or_downloadable_authority(context: Context) -> None:
    env = {one["name"]: one["value"] for one in _job(context)["spec"]["template"]["spec"]["containers"][0]["env"]}
    expected = {
        "aws": ("verify-full", "/run/terrace/ca.pem"),
        "azure": ("verify-full", "system"),
        "gcp": ("require", None),
    }
    assert (env["PGSSLMODE"], env.get("PGSSLROOTCERT")) == expected[context.environment.cloud]


def test_no_secret_is_in_the_objects(make: Make) -> None:
    objects = bootstrap.objects(make("aws"))
    secret = of(objects, "ExternalSecret")["database-admin"]
    assert secret["spec"]["data"][0]["remoteRef"] == {
        "key": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-1",
        "property": "password",
    }
    assert secret["spec"]["target"]["template"]["data"]["password"] == "{{ .password }}"
    assert not of(objects, "Secret")
    assert not of(bootstrap.objects(make("azure")), "ExternalSecret")


def test_a_change_of_the_plan_replaces_the_job(make: Make) -> None:
    name = _job(make("aws"))["metadata"]["name"]
    assert name == _job(make("aws"))["metadata"]["name"]
    assert name != _job(make("aws", modules=("vault", "law", "warehouse")))["metadata"]["name"]


def test_only_a_module_with_a_database_needs_the_job(make: Make) -> None:
    assert bootstrap.release(make("aws", modules=("vault", "door"))) is None
    release = bootstrap.release(make("aws"))
    assert release and release.after == ("vault",)
    with pytest.raises(ContractError, match="no enabled module provides secrets"):
        bootstrap.release(make("aws", modules=("loader",)))
    assert bootstrap.release(make("azure", modules=("loader",)))


def test_the_job_reaches_the_database_and_what_its_login_needs_only(context: Context) -> None:
    policies = of(bootstrap.objects(context), "NetworkPolicy")
    cloud = context.environment.cloud
    login = {"aws": "to-internet-443", "azure": "to-credentials", "gcp": "to-credentials"}[cloud]
    assert {"default-deny", "dns", "inside", "to-database", login} <= policies.keys()
    assert {name for name in policies if not name.startswith("to-credentials")} - {login} == {
        "default-deny", "dns", "inside", "to-database",
    }  # fmt: skip
