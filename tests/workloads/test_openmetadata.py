"""The module openmetadata: what is ingested and with which rights, its keys, and the software on a real server."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from terrace.workloads.context import Context, Object
from terrace.workloads.hosts import objects
from terrace.workloads.values import values
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import Server
from tests.workloads.runners import environment, python, rendered, with_module
from tests.workloads.test_bootstrap import Run, _let_in, _plain, fresh, needs_server, run, server
from tests.workloads.test_flow import platform

__all__ = ["fresh", "run", "server"]

NAME = "openmetadata"
VARIABLE = "TERRACE_TEST_OPENMETADATA"
LAKE = {"trino": {"user": "catalogue@example.com", "token_url": "https://login.example.com/token", "scope": "openid"}}
SERVER_FILE = "authenticationConfiguration:\n  enableSelfSignup : ${AUTHENTICATION_ENABLE_SELF_SIGNUP:-true}\n"
"""How the server's file reads the variable. Source: OpenMetadata, conf/openmetadata.yaml."""


def context(make: Make, cloud: str = "aws") -> Context:
    """With all data modules, and a user for the lake."""
    return with_module(platform(make, cloud), NAME, LAKE)


def _server(found: Context) -> dict[str, Any]:
    return values(found.modules[NAME], found, NAME)


def _pod(job: Object) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def test_each_source_whose_module_is_enabled_is_ingested(make: Make) -> None:
    everything = context(make)
    assert set(values(everything.modules[NAME], everything)["workflows"]) == {"platform", "lake", "topics", "models"}
    alone = with_module(make("aws", modules=()), NAME, {})
    assert set(values(alone.modules[NAME], alone)["workflows"]) == {"platform"}


def test_the_lake_is_read_only_as_a_user_of_trino(make: Make) -> None:
    found = with_module(platform(make, "aws"), NAME, {})
    assert "lake" not in values(found.modules[NAME], found)["workflows"]


def test_no_job_that_ingests_has_the_key_of_the_server(make: Make) -> None:
    jobs = of(rendered(context(make), NAME), "CronJob")
    assert set(jobs) == {"ingest-platform", "ingest-lake", "ingest-topics", "ingest-models", "teams"}
    for name, job in jobs.items():
        pod = _pod(job)
        with_key = {
            one["name"]
            for one in (*pod.get("initContainers", ()), *pod["containers"])
            if any(mount["name"] == "signing" for mount in one["volumeMounts"])
        }
        assert with_key == ({"teams"} if name == "teams" else {"tokens"}), name
        secret = "TOKEN_SECRET" in json.dumps(pod)
        assert secret == (name == "ingest-lake"), f"{name} has the secret of the client"


def test_kafka_lets_it_see_topics_and_read_none(make: Make) -> None:
    users = of(rendered(context(make), "kafka", "kafka-cluster"), "KafkaUser")
    (rule,) = users[NAME]["spec"]["authorization"]["acls"]
    assert rule["resource"] == {"type": "topic", "name": "*", "patternType": "literal"}
    assert rule["operations"] == ["Describe", "DescribeConfigs"]


def test_the_search_engine_gives_it_its_own_indices(make: Make) -> None:
    found = context(make)
    data = values(found.modules["opensearch"], found)["securityConfig"]["config"]["data"]
    mine = [role for role, mapped in data["roles_mapping.yml"].items() if NAME in mapped.get("users", ())]
    patterns = [rule["index_patterns"] for role in mine for rule in data["roles.yml"][role]["index_permissions"]]
    assert patterns == [["openmetadata*"]]
    assert _server(found)["openmetadata"]["config"]["elasticsearch"]["clusterAlias"] == NAME


def test_the_server_puts_people_into_the_teams_of_their_groups(make: Make) -> None:
    found = context(make)
    variables = {one["name"]: one.get("value") for one in _server(found)["extraEnvs"]}
    text = SERVER_FILE.replace(
        "${AUTHENTICATION_ENABLE_SELF_SIGNUP:-true}", variables["AUTHENTICATION_ENABLE_SELF_SIGNUP"]
    )
    read = yaml.safe_load(text)["authenticationConfiguration"]
    assert found.environment.identity.oidc
    assert read == {"enableSelfSignup": True, "jwtTeamClaimMapping": found.environment.identity.oidc.groups_claim}


def test_it_logs_people_in_itself_with_the_secret_of_its_client(make: Make) -> None:
    found = with_module(context(make), "envoy-gateway", {})
    made = objects(found.modules[NAME], found)
    assert not of(made, "SecurityPolicy")
    assert set(of(made, "ExternalSecret")) == {"openmetadata-oidc"}
    assert found.modules[NAME].given_secrets == ("oidc",)
    (secret,) = (one for one in _server(found)["extraEnvs"] if one["name"] == "OIDC_CLIENT_SECRET")
    assert secret["valueFrom"]["secretKeyRef"] == {"name": "openmetadata-oidc", "key": "client-secret"}


def test_the_database_has_no_password_in_the_server_s_file(make: Make) -> None:
    variables = {one["name"]: one.get("value") for one in _server(context(make))["extraEnvs"]}
    line = "password: ${DB_USER_PASSWORD:-openmetadata_password}".replace(
        "${DB_USER_PASSWORD:-openmetadata_password}", variables["DB_USER_PASSWORD"]
    )
    assert yaml.safe_load(line) == {"password": None}


@pytest.fixture
def signing(tmp_path: Path) -> Path:
    """A folder as the Secret of the certificate is mounted."""
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=openmetadata-signing"]
    files = ["-keyout", str(tmp_path / "tls.key"), "-out", str(tmp_path / "tls.crt")]
    subprocess.run([*request, *files], check=True, capture_output=True)
    return tmp_path


def test_the_server_gets_the_keys_of_the_certificate(signing: Path, make: Make) -> None:
    (container,) = (one for one in _server(context(make))["preMigrateInitContainers"] if one["name"] == "keys")
    script = container["args"][0].replace("/signing", str(signing)).replace("/run/terrace/keys", str(signing))
    subprocess.run([*container["command"], script], check=True)
    private = load_pem_private_key((signing / "tls.key").read_bytes(), None)
    public = load_der_public_key((signing / "public.der").read_bytes())
    written = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert written == private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (signing / "private.der").stat().st_mode & 0o077 == 0


PARSE = """
import json, sys
from metadata.ingestion.api.parser import parse_workflow_config_gracefully
for workflow in json.load(sys.stdin):
    found = parse_workflow_config_gracefully(workflow)
    print(found.source.serviceName, type(found.source.serviceConnection.root.config).__name__)
"""


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_openmetadata_accepts_the_workflows(cloud: str, make: Make) -> None:
    data = of(rendered(context(make, cloud), NAME), "ConfigMap")["openmetadata-ingestion"]["data"]
    workflows = [yaml.safe_load(text) for name, text in sorted(data.items()) if name.endswith(".yaml")]
    done = _python(PARSE, json.dumps(workflows))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "dpf-dev-lake TrinoConnection",
        "dpf-dev-models MlflowConnection",
        "dpf-dev-platform PostgresConnection",
        "dpf-dev-topics KafkaConnection",
    ]


def test_openmetadata_refuses_a_workflow_with_a_wrong_key(make: Make) -> None:
    data = of(rendered(context(make), NAME), "ConfigMap")["openmetadata-ingestion"]["data"]
    workflow = yaml.safe_load(data["topics.yaml"])
    workflow["source"]["serviceConnection"]["config"]["bootstrapServer"] = "kafka:9093"
    done = _python(PARSE, json.dumps([workflow]))
    assert done.returncode == 1
    assert "bootstrapServer" in done.stderr


TEAMS = """
import json, sys, uuid
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import jwt, session
from metadata.generated.schema.api.policies.createPolicy import CreatePolicyRequest
from metadata.generated.schema.api.teams.createRole import CreateRoleRequest
from metadata.generated.schema.api.teams.createTeam import CreateTeamRequest
platform = json.loads(Path(sys.argv[1], "platform.json").read_text())
CreatePolicyRequest.model_validate(session.ALL_RIGHTS)
CreateRoleRequest.model_validate({"name": session.ADMINISTRATOR, "policies": [session.ADMINISTRATOR]})
for group, roles in platform["groups"].items():
    CreateTeamRequest.model_validate(session.team(group, [str(uuid.uuid4()) for _ in roles]))
key = Path(sys.argv[1], "tls.key").read_text()
token = session.token(platform, key, 2_000_000_000)
public = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(key).public_key()
claims = jwt.decode(token, public, algorithms=["RS256"], issuer=platform["issuer"], options={"verify_iat": False})
print(jwt.get_unverified_header(token)["kid"], claims["email"], claims["isBot"], claims["exp"] - claims["iat"])
"""


def test_openmetadata_accepts_the_teams_and_the_token(signing: Path, make: Make) -> None:
    found = context(make)
    for name, text in of(rendered(found, NAME), "ConfigMap")["openmetadata-ingestion"]["data"].items():
        (signing / name).write_text(text)
    done = _python(TEAMS, "", str(signing))
    assert done.returncode == 0, done.stderr
    config = _server(found)["openmetadata"]["config"]
    user, domain = config["authorizer"]["initialAdmins"][0], config["authorizer"]["principalDomain"]
    assert done.stdout.split() == [config["jwtTokenConfiguration"]["keyId"], f"{user}@{domain}", "False", "3600"]


READ = """
import json, sys
from sqlalchemy import inspect, text
from sqlalchemy.exc import ProgrammingError
from metadata.ingestion.api.parser import parse_workflow_config_gracefully
from metadata.ingestion.source.connections import get_connection
from metadata.utils.ssl_manager import check_ssl_and_init
workflow = parse_workflow_config_gracefully(json.load(sys.stdin))
connection = workflow.source.serviceConnection.root.config
assert check_ssl_and_init(connection) is None
engine = get_connection(connection)
print([one["name"] for one in inspect(engine).get_columns("orders", schema="marts")])
with engine.connect() as opened:
    try:
        opened.execute(text("insert into marts.orders values (2)"))
    except ProgrammingError as error:
        print(error.orig.pgerror.splitlines()[0])
"""


@needs_server
def test_it_reads_the_platform_and_writes_nothing(server: Server, run: Run, make: Make, tmp_path: Path) -> None:
    python(VARIABLE)
    found = _plain(with_module(make("aws"), NAME, {}))
    done = run(found)
    assert done.returncode == 0, done.stderr
    _let_in(server, NAME)
    server.sql(
        "create table marts.orders as select 1 as order_id",
        f'grant select on marts.orders to "{NAME}"',
        database="platform",
    )
    (container,) = _pod(of(rendered(found, NAME), "CronJob")["ingest-platform"])["containers"]
    workflow = values(found.modules[NAME], found)["workflows"]["platform"]
    config = workflow["source"]["serviceConnection"]["config"]
    config["hostPort"] = config["hostPort"].replace(":5432", f":{server.port}")
    done = _python(READ, json.dumps(workflow), env=environment(server, NAME, container, tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['order_id']", "ERROR:  permission denied for table orders"]


def _python(
    script: str, given: str, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A script with the package `openmetadata-ingestion`."""
    command = [python(VARIABLE), "-c", script, *arguments]
    return subprocess.run(command, input=given, env=env, capture_output=True, text=True, timeout=600)
