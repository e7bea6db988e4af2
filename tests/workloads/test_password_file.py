"""The password file: the scripts with a real shell, and PostgreSQL's own clients that read it at each connection."""

import http.server
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.session import Session
from botocore.signers import RequestSigner

from terrace.aws import workloads as aws
from terrace.capabilities.workloads import DatabaseLogin
from terrace.emulator.engines import programs
from terrace.modules.contract import DatabaseNeed
from terrace.modules.enabled import EnabledModule
from terrace.workloads import images, openings, password_file
from terrace.workloads.context import Context, Object
from terrace.workloads.values import InvalidValues, values
from tests.workloads import postgres
from tests.workloads.conftest import Make
from tests.workloads.postgres import HOST, Server
from tests.workloads.test_bootstrap import fresh, needs_server
from tests.workloads.trial import Trial, context_of

__all__ = ["fresh"]

FIRST, SECOND = "first:pass\\word", "second-password"
SHELLS = [shell for shell in (["dash"], ["busybox", "sh"]) if shutil.which(shell[0])]


def with_file(context: Context, name: str = "warehouse") -> tuple[Context, EnabledModule]:
    """A context in which a module reads the password file."""
    module = context.modules[name]
    needs = module.needs.model_copy(update={"database": DatabaseNeed(login="password-file")})
    changed = replace(module, contract=module.contract.model_copy(update={"needs": needs}))
    return replace(context, environment=context.environment.with_modules({**context.modules, name: changed})), changed


def pod(login: dict[str, Any], **container: Any) -> Object:
    """A Deployment of one container that uses the login."""
    app = {"name": "app", "env": login["env"], "volumeMounts": login["mounts"], **container}
    spec = {
        "securityContext": {"runAsUser": 10001},
        "initContainers": login["containers"],
        "containers": [app],
        "volumes": login["volumes"],
    }
    return {"kind": "Deployment", "metadata": {"name": "app"}, "spec": {"template": {"spec": spec}}}


@contextmanager
def running(folder: Path, token: str, *, host: str = HOST, authorities: str = ":") -> Iterator[Path]:
    """The container's loop, with an own `token`; gives the password file."""
    login = DatabaseLogin("token", f"{token}\n", "", True, "", (), ())
    text = password_file.script(login).replace("authorities() {\n:\n}", f"authorities() {{\n{authorities}\n}}")
    file = folder / "password"
    env = {"PATH": os.environ["PATH"], "PGHOST": host, "PGPORT": "*", "PGUSER": "app", "PGPASSFILE": str(file)}
    process = subprocess.Popen(["sh", "-c", text], env=env | {"REFRESH": "0.2"}, cwd=folder)
    try:
        yield file
    finally:
        process.terminate()
        assert process.wait(timeout=5) == 0  # it ends when Kubernetes asks it to


def wait(condition: Callable[[], Any]) -> None:
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("nothing happened in 10 seconds")


@pytest.fixture
def server(fresh: Path) -> Iterator[Server]:
    folder = programs()
    assert folder
    with postgres.server(folder, fresh) as started:
        started.sql(f"create role app login password '{FIRST}'")
        yield started


def _libpq(server: Server, file: Path) -> subprocess.CompletedProcess[str]:
    env = server.environment("app", "") | {"PGPASSFILE": str(file)}
    del env["PGPASSWORD"]
    return subprocess.run(
        ["psql", "-XAtwc", "select current_user"], env=env, capture_output=True, text=True, timeout=30
    )


@needs_server
def test_a_new_connection_uses_the_password_of_the_moment(server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(FIRST)
    with running(tmp_path, f"cat {secret}") as file:
        wait(file.exists)
        assert _libpq(server, file).stdout == "app\n"
        server.sql(f"alter role app password '{SECOND}'")
        assert "password authentication failed" in _libpq(server, file).stderr
        secret.write_text(SECOND)
        wait(lambda: SECOND in file.read_text())
        assert _libpq(server, file).stdout == "app\n"
        assert file.stat().st_mode & 0o777 == 0o600
        file.chmod(0o640)
        assert "ignored" in _libpq(server, file).stderr or not _libpq(server, file).stdout


@needs_server
def test_the_jdbc_driver_reads_the_same_file(server: Server, tmp_path: Path) -> None:
    driver = os.environ.get("TERRACE_TEST_PGJDBC", "")
    if not (driver and shutil.which("java")):
        pytest.skip("TERRACE_TEST_PGJDBC does not name PostgreSQL's JDBC driver, or there is no java")
    (tmp_path / "Ask.java").write_text(
        """class Ask { public static void main(String[] a) throws Exception {
        try (var c = java.sql.DriverManager.getConnection(a[0]); var r = c.createStatement().executeQuery(a[1])) {
        r.next(); System.out.println(r.getString(1)); } } }"""
    )
    secret = tmp_path / "secret"
    secret.write_text(FIRST)

    def ask() -> subprocess.CompletedProcess[str]:
        # Java asks the system for addresses, so the server's name on its certificate is not compared
        url = f"jdbc:postgresql://127.0.0.1:{server.port}/postgres?user=app"
        tls = f"&sslmode=verify-ca&sslrootcert={server.authority}"
        command = ["java", "-cp", driver, "Ask.java", url + tls, "select current_user"]
        env = {"PATH": os.environ["PATH"], "PGPASSFILE": str(file)}
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    with running(tmp_path, f"cat {secret}", host="127.0.0.1") as file:
        wait(file.exists)
        assert ask().stdout == "app\n"
        server.sql(f"alter role app password '{SECOND}'")
        assert "password authentication failed" in ask().stderr
        secret.write_text(SECOND)
        wait(lambda: SECOND in file.read_text())
        assert ask().stdout == "app\n"


def test_a_failure_leaves_the_last_password(tmp_path: Path) -> None:
    secret, asked = tmp_path / "secret", tmp_path / "asked"
    secret.write_text(FIRST)
    with running(tmp_path, f"echo >> {asked}; cat {secret} 2> /dev/null") as file:
        wait(file.exists)
        before = file.read_text()
        assert before == f"{HOST}:*:*:app:first\\:pass\\\\word\n"
        secret.unlink()
        count = len(asked.read_text())
        wait(lambda: len(asked.read_text()) > count)
        time.sleep(0.3)
        assert file.read_text() == before


def test_no_reader_ever_sees_a_part_of_the_file(tmp_path: Path) -> None:
    with running(tmp_path, "head -c 200000 /dev/zero | tr '\\0' x") as file:
        wait(file.exists)
        first = file.stat().st_ino
        assert all(len(file.read_text()) == len(f"{HOST}:*:*:app:\n") + 200_000 for _ in range(500))
        wait(lambda: file.stat().st_ino != first)


def test_the_file_waits_for_the_authorities(tmp_path: Path) -> None:
    with running(tmp_path, "echo secret", authorities=f"echo >> {tmp_path}/asked; false") as file:
        wait((tmp_path / "asked").exists)
        time.sleep(0.5)
        assert not file.exists()


@pytest.mark.parametrize("shell", SHELLS, ids=lambda one: one[0])
@pytest.mark.parametrize("secret", ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "s"])
def test_aws_takes_the_token_that_its_own_library_makes(
    make: Make, tmp_path: Path, shell: list[str], secret: str
) -> None:
    session_token = "IQoJb3JpZ2luX2VjE+/w==" * 30
    document = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": secret, "Token": session_token, "Expiration": "soon"}
    asked: list[str | None] = []

    class Agent(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_: object) -> None: ...

    (tmp_path / "token").write_text("the-pods-token")
    agent = http.server.HTTPServer(("127.0.0.1", 0), Agent)
    threading.Thread(target=agent.serve_forever, daemon=True).start()
    env = {
        "PATH": os.environ["PATH"],
        "PGHOST": "dpf.abc.eu-central-1.rds.amazonaws.com",
        "PGPORT": "5432",
        "PGUSER": "warehouse",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{agent.server_port}/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
        "NO_PROXY": "127.0.0.1",
    }
    context = make("aws")
    script = aws.database_login(context.outputs, context.target).token
    try:
        done = subprocess.run([*shell, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    finally:
        agent.shutdown()
        agent.server_close()
    assert done.returncode == 0, done.stderr
    assert asked == ["the-pods-token"]
    expected = _signed(done.stdout, document, env, context.target.region)
    assert done.stdout.partition("?")[0] == expected.partition("?")[0]
    assert sorted(done.stdout.partition("?")[2].split("&")) == sorted(expected.partition("?")[2].split("&"))


def _signed(given: str, document: dict[str, str], env: dict[str, str], region: str) -> str:
    """The token that botocore makes at the time of the given one."""
    at = parse_qs(urlsplit(f"https://{given}").query)["X-Amz-Date"][0]
    session = Session()
    session.set_credentials(document["AccessKeyId"], document["SecretAccessKey"], document["Token"])
    signer = RequestSigner(
        session.create_client("rds", region).meta.service_model.service_id,
        region, "rds-db", "v4", session.get_credentials(), session.get_component("event_emitter"),
    )  # fmt: skip
    request = {
        "url_path": "/",
        "query_string": "",
        "headers": {},
        "body": {"Action": "connect", "DBUser": env["PGUSER"]},
        "method": "GET",
        "url": f"https://{env['PGHOST']}:{env['PGPORT']}/",
        "context": {},
    }
    with pytest.MonkeyPatch.context() as patch:
        from botocore import auth

        moment = time.strptime(at, "%Y%m%dT%H%M%SZ")
        patch.setattr(auth, "get_current_datetime", lambda: _datetime(moment), raising=True)
        url = signer.generate_presigned_url(request, "connect", region_name=region, expires_in=900)
    return url.removeprefix("https://")


def _datetime(moment: time.struct_time) -> Any:
    from datetime import UTC, datetime

    return datetime(*moment[:6], tzinfo=UTC)


def test_each_cloud_verifies_the_server_as_far_as_it_can(make: Make) -> None:
    found = {}
    for cloud in ("aws", "azure", "gcp"):
        context, module = with_file(make(cloud))
        login = password_file.login(module, context, 10001)
        env = {one["name"]: one["value"] for one in login["env"]}
        found[cloud] = (env["PGSSLMODE"], env.get("PGSSLROOTCERT"), login["jdbc"].partition("&")[2], login["url"])
    assert found == {
        "aws": (
            "verify-full",
            "/run/terrace/database/ca.pem",
            "sslmode=verify-full&sslrootcert=/run/terrace/database/ca.pem",
            "postgresql://warehouse@database.example.com:5432/warehouse",
        ),
        "azure": (
            "verify-full",
            "system",
            "sslmode=verify-full&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory",
            "postgresql://warehouse@database.example.com:5432/warehouse",
        ),
        "gcp": (
            "require",
            None,
            "sslmode=require",
            "postgresql://warehouse%40acme-data-dev.iam@database.example.com:5432/warehouse",
        ),
    }


def test_the_container_meets_the_restricted_standard(make: Make) -> None:
    context, module = with_file(make("aws"))
    (container,) = password_file.login(module, context, 10001)["containers"]
    assert container["restartPolicy"] == "Always"  # else it would end before the module starts
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
        "runAsNonRoot": True, "runAsUser": 10001,
    }  # fmt: skip


def test_the_way_to_the_authorities_is_open_where_they_are_downloaded(make: Make) -> None:
    for cloud, expected in (("aws", {"database", "internet"}), ("azure", {"database"}), ("gcp", {"database"})):
        context, module = with_file(make(cloud), "loader")
        ends = {one.destination for one in openings.of_module(module.name, context) if one.source == module.name}
        assert ends - {"warehouse"} == expected, cloud


def _without(login: dict[str, Any], key: str) -> Object:
    one = pod(login)
    del one["spec"]["template"]["spec"][key]
    return one


def test_a_pod_that_could_not_log_in_is_found(make: Make) -> None:
    context, module = with_file(make("gcp"))
    login = password_file.login(module, context, 10001)

    def problems(*objects: Object) -> list[str]:
        return list(password_file.problems(module, objects))

    assert problems(pod(login)) == []
    early = pod(login)
    spec = early["spec"]["template"]["spec"]
    spec["initContainers"] = [{**deepcopy(spec["containers"][0]), "name": "migrate"}, *spec["initContainers"]]
    where = "Deployment app: "
    assert problems(early) == [f"{where}migrate reads the password file, and starts before it is written"]
    assert problems(_without(login, "initContainers")) == [
        f"{where}app reads the password file, and no container writes it"
    ]
    assert problems(pod(login, volumeMounts=[])) == [
        f"{where}app reads the password file, and does not mount the volume database-login"
    ]
    assert problems(pod(login, securityContext={"runAsUser": 5})) == [
        f"{where}app runs as user 5, and the password file belongs to user 10001, who alone may read it"
    ]
    assert problems(pod(login, env=[])) == [
        "no pod reads the password file, though module.yaml says needs.database.login: password-file"
    ]
    plain = make("gcp").modules["warehouse"]
    assert list(password_file.problems(plain, [])) == []


def test_only_a_module_that_says_so_gets_the_log_in(tmp_path: Path) -> None:
    needs = "chart: {name: NAME, version: 1.0.0}\nneeds: {database: {%s}}\n"
    chart = {"values.yaml": "{}", "templates/none.yaml": ""}
    template = "env: {{ database_login(10001).env | tojson }}\nurl: {{ database_login(10001).url }}\n"
    for login, right in (("login: password-file", True), ("", False)):
        context = context_of(tmp_path / str(right), {"shop": Trial(needs % login, template, chart)})
        if right:
            assert str(values(context.modules["shop"], context)["url"]).startswith("postgresql://stand-in")
        else:
            with pytest.raises(InvalidValues, match=r"values.yaml.j2:1 module.yaml does not say needs.database.login"):
                values(context.modules["shop"], context)


def test_the_image_of_the_container_needs_no_declaration(make: Make) -> None:
    context, module = with_file(make("gcp"))
    one = pod(password_file.login(module, context, 10001), image="docker.io/example/app:1")
    problems = images.undeclared(module, [one])
    assert problems == ["Deployment app pulls docker.io/example/app:1, which is not declared"]
    assert "curl" in str(images.undeclared(make("gcp").modules["warehouse"], [one]))
