"""Azure as a WSGI application: the host of a request decides which service answers it.

A call that nothing knows is a 400 with the code `UnsupportedByEmulator` that names method, path and service; it is
logged and counted. What breaks inside is a 400 as well: neither heals by being tried again.
"""

import contextlib
import json
import logging
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request

from terrace.emulator.azure import blobs, login, namespaces, vault
from terrace.emulator.azure.arm import Arm
from terrace.emulator.azure.call import Answer, Call
from terrace.emulator.azure.ids import parse
from terrace.emulator.azure.inventory import inventory
from terrace.emulator.azure.kind import Refused, Unsupported
from terrace.emulator.azure.store import Store
from terrace.emulator.contract import Account, Backend, Options, UnsupportedCall
from terrace.emulator.contract import Answer as Http

log = logging.getLogger("terrace.emulator")

CODE = "UnsupportedByEmulator"
FAULT = "EmulatorFault"


def backend(account: Account, region: str, options: Options) -> Backend:
    """Azure for one subscription and tenant; every region exists, so `region` decides nothing."""
    store = Store(options.state, account["tenant_id"], account["subscription_id"])
    arm = Arm(store, namespaces.KINDS, namespaces.COLLECTIONS, account, options.faults)
    application = Application(store, arm, login.Login(account, options.faults.token_seconds))
    return Backend(
        application=application,
        inventory=lambda: inventory(arm),
        unsupported=application.unsupported,
        throttled=throttled,
        close=store.save,
    )


class Application:
    """Reads a request, checks its token, lets its service answer, and writes the answer."""

    def __init__(self, store: Store, arm: Arm, entra: login.Login) -> None:
        self.store, self._login = store, entra
        self._services: dict[str, Callable[[Call], Answer]] = {  # by the end of the host's name
            "management.azure.com": arm,
            login.HOST: entra,
            vault.HOST: vault.Vault(store),
            blobs.HOST: blobs.Blobs(store),
        }
        self._unsupported: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def unsupported(self) -> list[UnsupportedCall]:
        with self._lock:
            return sorted(UnsupportedCall(*names, count) for names, count in self._unsupported.items())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        call = _read(environ)
        answer = self._answer(call)
        if call.method not in ("GET", "HEAD", "OPTIONS") and answer.status < 400:
            self.store.save()
        status, headers, body = _write(answer)
        start_response(status, headers)
        return [b"" if call.method == "HEAD" else body]

    def _answer(self, call: Call) -> Answer:
        service = next((s for host, s in self._services.items() if call.host.endswith(host)), None)
        try:
            if service is not self._login:
                self._login.check(call)
            if service is None:
                raise Unsupported
            return service(call)
        except Unsupported:
            name, operation = _names(call)
            with self._lock:
                self._unsupported[name, operation] += 1
            log.warning("unsupported: %s: %s", name, operation)
            return _refusal(call, Refused(400, CODE, f"the emulator does not know {operation} of {name}"))
        except Refused as refusal:
            return _refusal(call, refusal)
        except Exception as error:
            log.error("fault in %s %s%s\n%s", call.method, call.host, call.path, traceback.format_exc())
            text = f"the emulator failed in {' of '.join(reversed(_names(call)))}: {type(error).__name__}: {error}"
            return _refusal(call, Refused(400, FAULT, text[:500]))


def throttled(environ: dict[str, Any]) -> Http | None:
    """429, as "Understand how Azure Resource Manager throttles requests" has it. None without a token: limits count who
    asks, and Key Vault's clients first ask to be told whose token is wanted."""
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
        with contextlib.suppress(ValueError):  # refused where a document is needed
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


def _write(answer: Answer) -> Http:
    if isinstance(answer.body, bytes):
        body, kind = answer.body, "application/octet-stream"
    else:
        body, kind = b"" if answer.body is None else json.dumps(answer.body).encode(), "application/json; charset=utf-8"
    headers = {"Content-Type": kind, "Content-Length": str(len(body))} | dict(answer.headers)
    return f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()), body


def _refusal(call: Call, refusal: Refused) -> Answer:
    """Storage answers in XML and names the code in a header as well; everything else answers in JSON."""
    if not call.host.endswith("core.windows.net"):
        return Answer(refusal.status, refusal.body, refusal.headers)
    text = f"<Error><Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message></Error>"
    body = f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()
    headers = {"Content-Type": "application/xml", "x-ms-error-code": refusal.code}
    return Answer(refusal.status, body, headers | refusal.headers)
