"""Google's control plane as a WSGI application.

A request without a token is a 401. An unsupported call is a 400 with the reason `UnsupportedByEmulator` that names
method, path and service; it is logged and counted.
"""

import json
import logging
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, quote

from terrace.emulator.batch import answered, phrase
from terrace.emulator.contract import Account, Backend, Options, UnsupportedCall
from terrace.emulator.contract import Response as HttpResponse
from terrace.emulator.gcp import audit, quirks, sign_in, verbs
from terrace.emulator.gcp.call import Call, Cloud, Refused, Response, Unsupported, invalid
from terrace.emulator.gcp.contents import Contents
from terrace.emulator.gcp.databases import databases
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.inventory import inventory
from terrace.emulator.gcp.refusals import general
from terrace.emulator.gcp.rights import Rights
from terrace.emulator.gcp.store import Store
from terrace.emulator.issuers import Issuers

log = logging.getLogger("terrace.emulator")
CODE = "UnsupportedByEmulator"
FAULT = "EmulatorFault"
_LOOPBACK = ("127.0.0.1", "localhost")
_STORAGE, _BATCH = "storage.googleapis.com", "/batch/storage/v1"


def backend(account: Account, region: str, options: Options) -> Backend:
    """Google Cloud for one project. Every region exists, so `region` is unused."""
    quirks.load()
    cloud = Cloud(
        account["project_id"],
        account["project_number"],
        account["billing_account"],
        Store(options.state),
        Contents(options.state),
        faults=options.faults,
        issuers=Issuers(options.issuers),
    )
    rights = Rights() if options.rights else None
    application = Application(cloud, rights)
    return Backend(
        application=application,
        inventory=lambda: inventory(cloud.store),
        unsupported=application.unsupported,
        throttled=throttled,
        close=cloud.store.close,
        databases=lambda: databases(cloud.store),
        decisions=rights.decisions.listed if rights else list,
    )


def throttled(environ: dict[str, Any]) -> HttpResponse:
    """How Google throttles a request. Source: Cloud APIs, "Errors", RESOURCE_EXHAUSTED."""
    refused = Refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded: an emulated throttling", "rateLimitExceeded")
    status, headers, body = _http(Response(refused.body(), 429))
    return status, [*headers, ("Retry-After", "1")], body


class Application:
    """Serves one request at a time: each takes less than a millisecond."""

    def __init__(self, cloud: Cloud, rights: Rights | None = None) -> None:
        self._cloud, self._rights = cloud, rights
        self._lock = threading.Lock()
        self._unsupported: Counter[tuple[str, str]] = Counter()
        self._tokens: dict[str, float] = {}  # time of first use

    def unsupported(self) -> list[UnsupportedCall]:
        with self._lock:
            return sorted(UnsupportedCall(*names, count) for names, count in self._unsupported.items())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # the Go client uploads in chunks, without a content length
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        raw = environ["wsgi.input"].read(length)
        headers = {
            name[5:].lower().replace("_", "-"): str(value) for name, value in environ.items() if name[:5] == "HTTP_"
        }
        headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
        http, target = str(environ["REQUEST_METHOD"]), _target(environ)
        with self._lock:
            status, fields, body = _http(self._answer(http, target, headers, raw))
        start_response(status, fields)
        return [b"" if http == "HEAD" else body]

    def _answer(self, http: str, target: str, headers: dict[str, str], raw: bytes) -> Response:
        try:
            response = self._respond(http, target, headers, raw)
            return response if isinstance(response, Response) else Response(response)
        except Refused as refused:
            return Response(refused.body(), refused.code)
        except Exception as error:
            where = f"{http} {headers.get('host', '')}{target.partition('?')[0]}"
            log.error("fault in %s\n%s", where, traceback.format_exc())
            # 400, because clients would retry a 500 for minutes
            return Response(Refused(400, "INTERNAL", f"the emulator failed in {where}: {error!r}", FAULT).body(), 400)

    def _respond(self, http: str, target: str, headers: dict[str, str], raw: bytes) -> Json | Response:
        host = headers.get("host", "").lower().split(":")[0]
        path, _, query = target.partition("?")
        if host == "oauth2.googleapis.com" and path == "/tokeninfo":  # gcsfs asks it how long a token is valid
            return {"exp": str(int(time.time() + self._token_seconds))}
        if host in ("oauth2.googleapis.com", "accounts.google.com"):
            return self._token()
        if host == sign_in.HOST:
            return sign_in.exchange(self._cloud, headers["content-type"], raw)
        self._authenticate(headers.get("authorization", ""))
        if host in _LOOPBACK:
            host = _STORAGE  # a client of Cloud Storage that takes an endpoint
        if host == _STORAGE and path == _BATCH:
            return self._batch(headers, raw)
        parameters = dict(parse_qsl(query, keep_blank_values=True))
        body: Json = {}
        if raw.strip() and "upload/" not in path[:20]:
            try:
                body = json.loads(raw)
            except ValueError:
                raise invalid("Invalid JSON payload received. Parse error") from None
        call = Call(self._cloud, http, host, path.lstrip("/"), parameters, body, headers, raw)
        try:
            sign_in.check(call)
            if self._rights:
                self._rights.check(call)
            general.check(call)
            response = verbs.run(call)
            audit.record(call)
            return response
        except Unsupported:
            operation = f"{call.http} {call.host}/{call.path}"
            self._unsupported[call.service, operation] += 1
            log.warning("unsupported: %s: %s", call.service, operation)
            text = f"the emulator does not support {operation} ({call.method.id if call.is_known else call.service})"
            raise Refused(400, "UNIMPLEMENTED", text, CODE) from None

    def _batch(self, headers: dict[str, str], raw: bytes) -> Response:
        """The token of the request is that of each part without one."""
        common = {"authorization": headers["authorization"], "content-type": ""}

        def answer(http: str, target: str, own: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            response = self._answer(http, target, {**common, **own, "host": headers["host"]}, body)
            _, fields, content = _http(response)
            return response.code, {name: value for name, value in fields if name != "Content-Length"}, content

        done = answered(headers["content-type"], raw, answer, "<response-{}>")
        if done is None:
            raise invalid("Failed to parse batch request, no request parts found.")
        return Response(done[1], 200, {"Content-Type": done[0]})

    @property
    def _token_seconds(self) -> float:
        return self._cloud.faults.token_seconds or 3600

    def _token(self) -> Json:
        """Exchange a refresh token or an assertion. Source: "Using OAuth 2.0 to Access Google APIs"."""
        token = f"emulated-{uuid.uuid4()}"
        self._cloud.accounts[token] = ""
        return {"access_token": token, "expires_in": int(self._token_seconds), "token_type": "Bearer"}

    def _authenticate(self, header: str) -> None:
        """Accept a token that was issued, with the injected fault only for a limited time."""
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise Refused(401, "UNAUTHENTICATED", "Request is missing required authentication credential.")
        if token not in self._cloud.accounts and token not in self._cloud.principals:
            raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        first_use = self._tokens.setdefault(token, time.monotonic())
        lifetime = self._cloud.faults.token_seconds
        if lifetime and time.monotonic() - first_use > lifetime:
            raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials: the token expired.")


def _target(environ: dict[str, Any]) -> str:
    """Path and query, still escaped: `%2F` in a name is not a slash."""
    sent = environ.get("REQUEST_URI") or environ.get("RAW_URI")
    if sent:
        return str(sent)
    return f"{quote(str(environ.get('PATH_INFO', '')), safe='/:@')}?{environ.get('QUERY_STRING', '')}"


def _http(response: Response) -> HttpResponse:
    raw = isinstance(response.body, bytes)
    body = response.body if isinstance(response.body, bytes) else json.dumps(response.body).encode()
    kind = "application/octet-stream" if raw else "application/json; charset=UTF-8"
    headers = {"Content-Type": kind, **response.headers, "Content-Length": str(len(body))}
    return f"{response.code} {phrase(response.code)}", list(headers.items()), body
