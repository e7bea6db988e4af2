"""The module postgrest: what a request reads on a real server, in a transaction as PostgREST makes it, and its keys.

Source of the transaction: PostgREST 16, "Transactions", and `txVarQuery` in its PreQuery.hs.
"""

import base64
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from terrace.capabilities.cloud import CLOUDS
from terrace.workloads import bootstrap
from terrace.workloads.context import Context
from tests.conftest import ROOT
from tests.workloads import shipped
from tests.workloads.conftest import Make, of
from tests.workloads.postgres import Server
from tests.workloads.test_bootstrap import (
    ADMIN,
    MODULE_PASSWORD,
    SECRET,
    Run,
    _let_in,
    _plain,
    fresh,
    needs_server,
    run,
    server,
)
from tests.workloads.test_people import RULES, with_access
from tests.workloads.test_platform_rights import platform

__all__ = ["fresh", "run", "server"]

KEYS = ROOT / "modules" / "postgrest" / "chart" / "files" / "keys.sh"
ISSUER, AUDIENCE = "https://login.example.com", "postgrest-client"

Ask = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def context(make: Make) -> Context:
    """The loader asks for people."""
    return with_access(platform(_plain(make("aws")), loader="people"), *RULES)


@pytest.fixture
def ask(server: Server, run: Run, context: Context) -> Ask:
    """Ask as PostgREST does for a token of a member of these groups. Tables exist before the job runs."""
    done = run(with_access(context))
    assert done.returncode == 0, done.stderr
    server.sql(
        "create table marts.orders (order_id int, email text, country text, note text)",
        "insert into marts.orders values (1, 'a@example.com', 'DE'), (2, 'b@example.com', 'FR'), (3, 'c', 'it''s')",
        f"alter table marts.orders owner to {ADMIN}",
        f"create function marts.all_orders() returns bigint security definer begin atomic "
        f"select count(*) from marts.orders; end; alter function marts.all_orders() owner to {ADMIN}",
        database="platform",
    )
    done = run(context)
    assert done.returncode == 0, done.stderr
    _let_in(server, "loader")

    def go(
        question: str,
        *groups: str,
        claims: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        method: str = "GET",
        path: str = "/orders",
    ) -> subprocess.CompletedProcess[str]:
        token = {"iss": ISSUER, "aud": AUDIENCE, "groups": list(groups)} if claims is None else claims
        settings = {
            "search_path": '"marts"',
            "role": "loader",
            "request.jwt.claims": json.dumps({**token, "role": "loader"}),
            "request.method": method,
            "request.path": path,
            "request.headers": json.dumps(headers or {}),
            "app.settings.ISSUER": ISSUER,
            "app.settings.AUDIENCE": AUDIENCE,
            "app.settings.GROUPS_CLAIM": "groups",
        }
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        configured = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in quoted.items())
        transaction = f"begin; select {configured}; select terrace.as_group(); {question}; commit"
        return server.try_sql(transaction, user="loader", password=MODULE_PASSWORD, database="platform")

    return go


def rows(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the question printed: after the line of the settings and that of the function."""
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[3:-1]


@needs_server
def test_a_request_reads_what_the_group_of_its_token_may(ask: Ask) -> None:
    assert rows(ask("select order_id from orders", "analysts")) == ["1", "3"]
    assert rows(ask("select email from orders", "support")) == ["a@example.com", "b@example.com", "c"]
    for column in ("email", "note", "*"):
        assert "permission denied" in ask(f"select {column} from orders", "analysts").stderr
    assert "permission denied" in ask("select note from orders", "support").stderr
    assert rows(ask("select current_user", "engineers", "others")) == ["group_engineers"]


@needs_server
def test_rights_of_two_groups_never_add_up(ask: Ask) -> None:
    done = ask("select order_id from orders", "analysts", "support")
    assert "member of several groups: analysts, support" in done.stderr
    chosen = ask("select order_id from orders", "analysts", "support", headers={"x-group": "support"})
    assert rows(chosen) == ["1", "2", "3"]
    for group in ("support", "loader", "", "analysts'; drop table orders; --"):
        done = ask("select order_id from orders", "analysts", headers={"x-group": group})
        assert "the token is not one of a member of" in done.stderr, group


@needs_server
@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({}, "has no token for this service"),
        ({"aud": AUDIENCE, "groups": ["analysts"]}, "has no token for this service"),
        ({"iss": ISSUER, "groups": ["analysts"]}, "has no token for this service"),
        ({"iss": ISSUER, "aud": "other", "groups": ["analysts"]}, "has no token for this service"),
        ({"iss": ISSUER, "aud": [], "groups": ["analysts"]}, "has no token for this service"),
        ({"iss": "https://evil.example.com", "aud": AUDIENCE, "groups": ["analysts"]}, "has no token for this service"),
        ({"iss": ISSUER, "aud": [AUDIENCE, "other"]}, "no group of the token reads anything"),
        ({"iss": ISSUER, "aud": AUDIENCE, "groups": None}, "no group of the token reads anything"),
        ({"iss": ISSUER, "aud": AUDIENCE, "groups": ["loader", "group_analysts"]}, "no group of the token reads"),
    ],
)
def test_a_token_for_another_service_reads_nothing(ask: Ask, claims: dict[str, Any], message: str) -> None:
    done = ask("select order_id from orders", claims=claims)
    assert done.returncode != 0 and message in done.stderr


@needs_server
def test_one_group_may_be_a_text(ask: Ask) -> None:
    claims = {"iss": ISSUER, "aud": [AUDIENCE], "groups": "analysts"}
    assert rows(ask("select order_id from orders", claims=claims)) == ["1", "3"]


@needs_server
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/orders"), ("GET", "/rpc/all_orders"), ("GET", "/%72pc/all_orders"), ("GET", "/rpc%2Fall_orders")],
)
def test_functions_and_changes_are_refused(ask: Ask, method: str, path: str) -> None:
    done = ask("select marts.all_orders()", "analysts", method=method, path=path)
    assert "only reading tables and views is possible" in done.stderr


@needs_server
def test_without_the_function_the_role_reads_nothing(ask: Ask, server: Server) -> None:
    def alone(question: str) -> subprocess.CompletedProcess[str]:
        return server.try_sql(question, user="loader", password=MODULE_PASSWORD, database="platform")

    assert "permission denied for schema marts" in alone("select order_id from marts.orders").stderr
    assert alone("set role group_analysts; select order_id from marts.orders").stdout.split() == ["SET", "1", "3"]
    for role in (ADMIN, "warehouse", "pg_read_all_data"):
        assert "permission denied to set role" in alone(f'set role "{role}"').stderr
    done = server.try_sql("select terrace.as_group()", user="warehouse", password=MODULE_PASSWORD, database="platform")
    assert done.returncode != 0
    # the role of the next transaction is the one that logs in
    again = alone("begin; set local role group_analysts; commit; select current_user")
    assert again.stdout.split()[-1] == "loader"


@needs_server
def test_a_second_run_changes_nothing_but_what_was_changed_by_hand(
    ask: Ask, server: Server, run: Run, context: Context
) -> None:
    right = server.definitions()
    done = run(context)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    by_hand = server.try_sql("grant group_analysts to loader with admin option", user=ADMIN, password=SECRET)
    assert by_hand.returncode == 0, by_hand.stderr
    server.sql(
        "alter role loader inherit",
        "grant all on schema terrace to public, group_analysts",
        "grant execute on function terrace.as_group() to public, group_analysts",
        "create or replace function terrace.as_group() returns void language sql as $$ select $$",
        database="platform",
    )
    assert server.definitions() != right
    assert run(context).returncode == 0
    assert sorted(server.definitions().splitlines()) == sorted(right.splitlines())


@needs_server
def test_nothing_is_left_of_a_module_that_is_gone(ask: Ask, server: Server, run: Run, context: Context) -> None:
    assert run(platform(context, loader=None)).returncode == 0
    assert server.sql("select count(*) from pg_namespace where nspname = 'terrace'", database="platform") == "0"
    assert server.sql("select count(*) from pg_auth_members where member = 'loader'::regrole "
                      "and roleid::regrole::text like 'group%'") == "0"  # fmt: skip
    assert "permission denied" in ask("select 1", "analysts").stderr


@needs_server
def test_postgrest_hears_of_new_tables(ask: Ask, server: Server, context: Context) -> None:
    plan = bootstrap.files(context)["plan.json"]
    script = ("-v", f"plan={plan}", "-f", str(bootstrap.SQL / "people.sql"))
    done = subprocess.run(
        ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", "listen pgrst", *script, "-c", "select"],
        env=server.environment(ADMIN, SECRET, "platform"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert 'notification "pgrst" with payload "reload schema"' in done.stdout


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_server_gets_the_settings_that_the_function_reads(make: Make, cloud: str) -> None:
    found = shipped.context(make(cloud), "postgrest")
    objects = list(shipped.rendered(found, "postgrest"))
    pod = of(objects, "Deployment")["postgrest"]["spec"]["template"]["spec"]
    env = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
    text = of(objects, "ConfigMap")["postgrest"]["data"]["postgrest.conf"]
    conf = {name: json.loads(value) for name, value in re.findall(r"^([a-z._-]+) = (.+)$", text, re.MULTILINE)}
    for name in re.findall(r"'app\.settings\.(\w+)'", (bootstrap.SQL / "as_group.sql").read_text()):
        assert conf[f"app.settings.{name}"], name
    assert conf["db-pre-request"] == "terrace.as_group"
    assert conf["db-anon-role"] == env["PGUSER"]
    assert (env["PGDATABASE"], conf["db-schemas"]) == ("platform", "marts")
    keys = {one["name"]: one["value"] for one in pod["initContainers"][1]["env"]}
    assert conf["jwt-secret"] == f"@{keys['KEYS']}"
    # the image has no authorities of its own
    assert env.get("PGSSLROOTCERT") != "system"
    assert "password" not in text and not any("PASSWORD" in name for name in env)


@pytest.fixture
def provider() -> Iterator[tuple[str, dict[str, bytes], trustme.CA]]:
    """An identity provider: the address of its keys, the answers by path, and its authority."""
    answers: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path)
            self.send_response(200 if body else 503)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        serving.socket = tls.wrap_socket(serving.socket, server_side=True)
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"https://localhost:{serving.server_port}/keys", answers, authority
        serving.shutdown()


def until(happened: Callable[[], bool]) -> None:
    for _ in range(200):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.mark.skipif(not all(map(shutil.which, ("curl", "pidof"))), reason="curl or pidof is not installed")
def test_new_keys_reach_the_server(provider: tuple[str, dict[str, bytes], trustme.CA], tmp_path: Path) -> None:
    url, answers, authority = provider
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    keys, told = tmp_path / "keys.json", tmp_path / "told"
    # a process with the server's name, which notes the signal
    shutil.copy(Path("/bin/sh").resolve(), tmp_path / "postgrest")
    server = subprocess.Popen(
        [tmp_path / "postgrest", "-c", f"trap 'echo x >> {told}' USR2; touch {told}; while :; do sleep 0.05; done"]
    )
    env = {
        "PATH": os.environ["PATH"], "URL": url, "KEYS": str(keys), "AUTHORITIES": str(tmp_path / "authorities.pem"),
        "CURL_CA_BUNDLE": str(tmp_path / "ca.pem"), "REFRESH": "0.1",
    }  # fmt: skip

    def first(name: str) -> str:
        return str(json.loads(keys.read_text())["keys"][0]["kid"]) if keys.exists() else ""

    until(told.exists)
    answers["/keys"] = b'{\n "keys": [{"kid": "one", "kty": "RSA"}]\n}'
    fetching = subprocess.Popen(["sh", KEYS], env=env, stderr=subprocess.DEVNULL)
    try:
        until(lambda: first("kid") == "one")
        until(lambda: told.read_text() == "x\n")
        before = json.loads(keys.read_text())["random"]
        assert len(base64.b16decode(before, casefold=True)) == 32
        time.sleep(0.5)
        assert told.read_text() == "x\n", "equal keys are not told again"
        assert json.loads(keys.read_text())["random"] == before
        answers["/keys"] = b'{"keys": [{"kid": "two", "kty": "RSA"}]}'
        until(lambda: first("kid") == "two")
        until(lambda: told.read_text() == "x\nx\n")
        answers["/keys"] = b"<html>down for maintenance</html>"
        time.sleep(0.5)
        assert first("kid") == "two"
        assert (tmp_path / "authorities.pem").read_bytes() == (tmp_path / "ca.pem").read_bytes()
    finally:
        for process in (fetching, server):
            process.terminate()
            process.wait(timeout=10)
