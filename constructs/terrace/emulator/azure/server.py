"""Azure as a WSGI application: the host of a request selects its service.

An unsupported call is a logged and counted 400 `UnsupportedByEmulator` that names method, path and service. An internal
error is a 400 too, because a retry does not help.
"""

import contextlib
import json
import logging
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request

from terrace.emulator.azure import blobs, login, namespaces, vault
from terrace.emulator.azure.arm import Arm
from terrace.emulator.azure.call import Call, Response
from terrace.emulator.azure.databases import databases
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.inventory import inventory
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.rights import Rights
from terrace.emulator.azure.store import Store
from terrace.emulator.contract import Account, Backend, Options, UnsupportedCall
from terrace.emulator.contract import Response as HttpResponse
from terrace.emulator.issuers import Issuers

log = logging.getLogger("terrace.emulator")
CODE = "UnsupportedByEmulator"
FAULT = "EmulatorFault"


def backend(account: Account, region: str, options: Options) -> Backend:
    """Azure for one subscription and tenant. Every region exists, so `region` is unused."""
    store = Store(options.state, account["tenant_id"], account["subscription_id"])
    arm = Arm(store, namespaces.KINDS, namespaces.COLLECTIONS, account, options.faults)
    entra = login.Login(account, options.faults.token_seconds, store, Issuers(options.issuers))
    rights = Rights(store) if options.rights else None
    application = Application(store, arm, entra, rights)
    return Backend(
        application=application,
        inventory=lambda: inventory(arm),
        unsupported=application.unsupported,
        throttled=throttled,
        close=store.save,
        databases=lambda: databases(store),
        decisions=rights.decisions.listed if rights else list,
    )


class Application:
    """Reads a request, checks its token, passes it to its service and writes the response."""

    def __init__(self, store: Store, arm: Arm, entra: login.Login, rights: Rights | None = None) -> None:
        self.store, self._login, self._rights = store, entra, rights
        self._services: dict[str, Callable[[Call], Response]] = {  # by the host's suffix
            "management.azure.com": arm,
            login.HOST: entra,
            vault.HOST: vault.Vault(store),
            blobs.HOST: blobs.Blobs(store, rights.check if rights else lambda call: None),
        }
        self._unsupported: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def unsupported(self) -> list[UnsupportedCall]:
        with self._lock:
            return sorted(UnsupportedCall(*names, count) for names, count in self._unsupported.items())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        call = _read(environ)
        response = self._respond(call)
        if call.method not in ("GET", "HEAD", "OPTIONS") and response.status < 400:
            self.store.save()
            if call.host == "management.azure.com":
                self._record(call)
        status, headers, body = _write(response)
        start_response(status, headers)
        return [b"" if call.method == "HEAD" else body]

    def _record(self, call: Call) -> None:
        """Write the event of a change to the Activity Log. Source: Azure Monitor, "Activity log schema"."""
        id = parse(call.path)
        verb = {"DELETE": "delete", "POST": "action"}.get(call.method, "write")
        operation = "/".join(filter(None, (id.type, id.tail, verb)))
        self.store.activity.append(
            {
                "eventTimestamp": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "0Z"),
                "caller": call.caller,
                "operationName": {"value": operation, "localizedValue": operation},
                "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
                "resourceId": id.owner if id.tail else id.path,
            }
        )

    def _respond(self, call: Call) -> Response:
        service = next((s for host, s in self._services.items() if call.host.endswith(host)), None)
        try:
            if service is not self._login:
                self._login.check(call)
                if self._rights and not call.host.endswith(blobs.HOST):
                    self._rights.check(call)
            if service is None:
                raise Unsupported
            return service(call)
        except Unsupported:
            name, operation = _names(call)
            with self._lock:
                self._unsupported[name, operation] += 1
            log.warning("unsupported: %s: %s", name, operation)
            return _refusal(call, Refused(400, CODE, f"the emulator does not support {operation} of {name}"))
        except Refused as refusal:
            return _refusal(call, refusal)
        except Exception as error:
            log.error("fault in %s %s%s\n%s", call.method, call.host, call.path, traceback.format_exc())
            text = f"the emulator failed in {' of '.join(reversed(_names(call)))}: {type(error).__name__}: {error}"
            return _refusal(call, Refused(400, FAULT, text[:500]))


def throttled(environ: dict[str, Any]) -> HttpResponse | None:
    """429, as in "Understand how Azure Resource Manager throttles requests". None without a token: limits apply to a
    caller, and Key Vault's clients first request the challenge without a token."""
    if "HTTP_AUTHORIZATION" not in environ:
        return None
    refusal = Refused(429, "TooManyRequests", "The request is being throttled as the limit has been reached.")
    refusal.headers = {"Retry-After": "1"}
    return _write(_refusal(_read(environ), refusal))


def _names(call: Call) -> tuple[str, str]:
    """Service and operation of a call: a namespace of Resource Manager or a host, method and path."""
    service = call.host
    if call.host == "management.azure.com":
        service = parse(call.path).type.split("/")[0] or service
    return service, f"{call.method} {call.path}"


def _read(environ: dict[str, Any]) -> Call:
    request = Request(environ)
    raw, body = request.get_data(), None
    if request.mimetype.endswith("json") and raw:
        with contextlib.suppress(ValueError):  # refused later if a body is required
            body = json.loads(raw)
    return Call(
        method=request.method,
        host=request.host.partition(":")[0].lower(),
        path=request.path,
        query=request.args.to_dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        raw=raw,
        body=body,
    )


def _write(response: Response) -> HttpResponse:
    if isinstance(response.body, bytes):
        body, kind = response.body, "application/octet-stream"
    else:
        text = "" if response.body is None else json.dumps(response.body)
        body, kind = text.encode(), "application/json; charset=utf-8"
    headers = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(response.headers)
    return f"{response.status} {HTTPStatus(response.status).phrase}", list(headers.items()), body


def _refusal(call: Call, refusal: Refused) -> Response:
    """Storage returns XML and the code in a header too; all other services return JSON."""
    if not call.host.endswith("core.windows.net"):
        return Response(refusal.status, refusal.body, refusal.headers)
    text = f"<Error><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()
    headers = {"Content-Type": "application/xml", "x-ms-error-code": refusal.code}
    return Response(refusal.status, body, headers | refusal.headers)
