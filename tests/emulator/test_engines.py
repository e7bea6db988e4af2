"""A cloud's PostgreSQL server runs on this machine, from its creation to its deletion."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import requests
from botocore.config import Config

from terrace.emulator import Emulator, Endpoint, Options, engines, start
from terrace.emulator.azure import CLIENT_ID, SECRET
from terrace.emulator.certificates import CertificateAuthority
from terrace.emulator.engines import Database, programs

PROGRAMS = programs()
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="needs a PostgreSQL server")


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], Emulator]]:
    running: list[Emulator] = []

    def begin(cloud: str) -> Emulator:
        running.append(start(cloud, tmp_path / cloud, parent=os.getpid(), options=Options(engines=True)))
        return running[0]

    yield begin
    for emulator in running:
        emulator.stop()


def ready(emulator: Emulator) -> Endpoint:
    for _ in range(600):
        for endpoint in emulator.endpoints():
            assert not endpoint.state.startswith("failed"), endpoint
            if endpoint.state == "ready":
                return endpoint
        time.sleep(0.1)
    raise AssertionError(emulator.log.read_text())


def sql(emulator: Emulator, endpoint: Endpoint, password: str, statement: str, database: str, tls: str) -> str:
    variables = {
        "PATH": os.environ["PATH"],
        "PGHOST": endpoint.host,
        "PGHOSTADDR": endpoint.address,
        "PGPORT": str(endpoint.port),
        "PGUSER": endpoint.user,
        "PGPASSWORD": password,
        "PGDATABASE": database,
        "PGSSLMODE": tls,
        "PGSSLROOTCERT": str(emulator.ca),
    }
    done = subprocess.run(
        ["psql", "-X", "-At", "-c", statement], env=variables, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip() or done.stderr


def gone(emulator: Emulator) -> bool:
    for _ in range(300):
        if not emulator.endpoints() and not psutil.Process(emulator.pid).children():
            return True
        time.sleep(0.1)
    return False


def aws(emulator: Emulator, service: str) -> Any:
    return boto3.client(
        service,
        region_name=emulator.region,
        endpoint_url=f"http://127.0.0.1:{emulator.backend_port}",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
        config=Config(proxies={}),
    )


def test_an_instance_of_rds_is_a_server_with_its_managed_password(started: Callable[[str], Emulator]) -> None:
    emulator = started("aws")
    rds, secrets = aws(emulator, "rds"), aws(emulator, "secretsmanager")
    rds.create_db_parameter_group(DBParameterGroupName="own", DBParameterGroupFamily="postgres16", Description="own")
    values = {"work_mem": "8192", "rds.force_ssl": "1", "shared_preload_libraries": "pg_stat_statements,none"}
    rds.modify_db_parameter_group(
        DBParameterGroupName="own",
        Parameters=[
            {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
            for name, value in values.items()
        ],
    )
    instance = rds.create_db_instance(
        DBInstanceIdentifier="main",
        Engine="postgres",
        EngineVersion="16",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        DBName="platform",
        MasterUsername="platform_admin",
        ManageMasterUserPassword=True,
        DBParameterGroupName="own",
    )["DBInstance"]
    secret = secrets.get_secret_value(SecretId=instance["MasterUserSecret"]["SecretArn"])["SecretString"]
    password = json.loads(secret)["password"]
    endpoint = ready(emulator)
    assert endpoint.host == rds.describe_db_instances()["DBInstances"][0]["Endpoint"]["Address"]
    told = "select current_user, current_setting('work_mem'), pg_has_role('rds_superuser', 'member')"
    assert sql(emulator, endpoint, password, told, "platform", "verify-full") == "platform_admin|8MB|t"
    assert sql(emulator, endpoint, password, "create role reader", "platform", "verify-full") == "CREATE ROLE"
    assert "authentication failed" in sql(emulator, endpoint, "wrong", "select 1", "platform", "verify-full")
    assert "no encryption" in sql(emulator, endpoint, password, "select 1", "platform", "disable")
    rds.delete_db_instance(DBInstanceIdentifier="main", SkipFinalSnapshot=True)
    assert gone(emulator)


def request(emulator: Emulator, method: str, url: str, body: Any, token: str) -> Any:
    """The body of the response to a request to the cloud's host in `url`."""
    host, _, path = url.partition("/")
    response = requests.request(
        method,
        f"http://127.0.0.1:{emulator.backend_port}/{path}",
        **({"data": body} if "oauth2" in path else {"json": body}),
        headers={"Host": host, "Authorization": f"Bearer {token}"},
    )
    assert response.status_code < 300, response.text
    return response.json() if response.content else {}


def test_a_flexible_server_is_a_server_with_its_databases(started: Callable[[str], Emulator]) -> None:
    emulator = started("azure")
    login = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
    tenant, arm = emulator.account["tenant_id"], "management.azure.com"
    scope = {"scope": f"https://{arm}/.default"}
    url = f"login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    token = request(emulator, "POST", url, login | scope, "")["access_token"]
    group = f"{arm}/subscriptions/{emulator.account['subscription_id']}/resourceGroups/data"
    server = f"{group}/providers/Microsoft.DBforPostgreSQL/flexibleServers/platform"
    place = {"location": "germanywestcentral"}
    admin = {"administratorLogin": "platform_admin", "administratorLoginPassword": "it's a Secret-1", "version": "16"}
    for path, body in {
        group: place,
        server: place | {"sku": {"name": "Standard_B2s", "tier": "Burstable"}, "properties": admin},
        f"{server}/databases/orders": {"properties": {}},
        f"{server}/configurations/work_mem": {"properties": {"value": "8192", "source": "user-override"}},
    }.items():
        request(emulator, "PUT", f"{path}?api-version=2024-08-01", body, token)
    told = "select current_user, current_setting('work_mem')"
    answers = [""]
    for _ in range(200):
        endpoint = ready(emulator)
        answers.append(sql(emulator, endpoint, "it's a Secret-1", told, "orders", "verify-full"))
        if answers[-1] == "platform_admin|8MB":
            break
        time.sleep(0.1)
    assert answers[-1] == "platform_admin|8MB"
    made = "select pgaadauth_create_principal('module-dbt', false, false)"
    assert sql(emulator, endpoint, "it's a Secret-1", made, "postgres", "verify-full") == "module-dbt"
    request(emulator, "DELETE", f"{server}?api-version=2024-08-01", None, token)
    assert gone(emulator)


def test_an_instance_of_cloud_sql_is_a_server_once_its_administrator_has_a_password(
    started: Callable[[str], Emulator],
) -> None:
    emulator = started("gcp")
    project = emulator.account["project_id"]
    enabled = f"serviceusage.googleapis.com/v1/projects/{project}/services/sqladmin.googleapis.com:enable"
    instances = f"sqladmin.googleapis.com/v1/projects/{project}/instances"
    flags = [{"name": "work_mem", "value": "8192"}, {"name": "cloudsql.iam_authentication", "value": "on"}]
    settings = {"tier": "db-custom-2-7680", "databaseFlags": flags, "ipConfiguration": {"ipv4Enabled": True}}
    body = {"name": "platform", "region": "europe-west3", "databaseVersion": "POSTGRES_16", "settings": settings}
    request(emulator, "POST", enabled, {}, "emulated")
    request(emulator, "POST", instances, body, "emulated")
    assert emulator.endpoints() == []
    for password in ("first", "second"):
        request(emulator, "POST", f"{instances}/platform/users", {"name": "postgres", "password": password}, "emulated")
        answer = ""
        for _ in range(200):
            endpoint = ready(emulator)
            answer = sql(emulator, endpoint, password, "select current_setting('work_mem')", "postgres", "verify-full")
            if answer == "8MB":
                break
            time.sleep(0.1)
        assert answer == "8MB"
    account = {"name": "module-dbt@acme-data-dev.iam", "type": "CLOUD_IAM_SERVICE_ACCOUNT"}
    request(emulator, "POST", f"{instances}/platform/users", account, "emulated")
    for _ in range(200):
        known = f"select rolcanlogin from pg_roles where rolname = '{account['name']}'"
        answer = sql(emulator, ready(emulator), "second", known, "postgres", "verify-full")
        if answer == "t":
            break
        time.sleep(0.1)
    assert answer == "t"
    request(emulator, "DELETE", f"{instances}/platform", None, "emulated")
    assert gone(emulator)


def test_a_server_ends_with_an_emulator_that_is_killed(started: Callable[[str], Emulator]) -> None:
    emulator = started("aws")
    aws(emulator, "rds").create_db_instance(
        DBInstanceIdentifier="main",
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="platform_admin",
        MasterUserPassword="Secret-12345",
    )
    ready(emulator)
    process = psutil.Process(emulator.pid)
    servers = process.children(recursive=True)
    assert servers
    process.kill()
    _, alive = psutil.wait_procs(servers, timeout=20)
    assert not alive


def test_without_a_server_on_the_machine_the_endpoint_says_what_to_install(tmp_path: Path) -> None:
    database = Database("main", "main.example.com", "admin", "secret")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "programs", lambda: None)
        running = engines.Engines(CertificateAuthority(), lambda: [database])
        running.changed()
        for _ in range(100):
            if running.endpoints() and running.endpoints()[0].state != "starting":
                break
            time.sleep(0.05)
        assert "install PostgreSQL" in running.endpoints()[0].state
        running.stop()
