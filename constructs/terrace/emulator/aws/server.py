"""The AWS control plane as a WSGI application: moto with the patches, and clear errors for unsupported calls.

Stock moto responds to an unsupported call with an error that an SDK retries for minutes (500), or with an empty 404
that a provider reads as "deleted". This application responds with a 400, the code `UnsupportedByEmulator` and the
names of service and operation, logs the call and counts it.
"""

import contextlib
import io
import json
import logging
import os
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

from terrace.emulator.aws import history
from terrace.emulator.aws.patch import Function, wrap
from terrace.emulator.aws.rights import Rights
from terrace.emulator.contract import Account, Backend, Options, Response, UnsupportedCall
from terrace.emulator.issuers import Issuers

log = logging.getLogger("terrace.emulator")

CODE = "UnsupportedByEmulator"
FAULT = "EmulatorFault"


def backend(account: Account, region: str, options: Options) -> Backend:
    """AWS for one account. Every region exists; `region` is the default for calls without a region."""
    # read by moto when it is imported
    os.environ["MOTO_ACCOUNT_ID"] = account["account_id"]
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_ACM_VALIDATION_WAIT"] = "0"
    os.environ["AWS_DEFAULT_REGION"] = region
    # moto uses boto3 to look up services, which must not read the shell's profile
    os.environ.update(AWS_ACCESS_KEY_ID="emulated", AWS_SECRET_ACCESS_KEY="emulated", AWS_EC2_METADATA_DISABLED="true")

    from moto.moto_server.werkzeug_app import MotoRequestHandler

    from terrace.emulator.aws import patches, sts
    from terrace.emulator.aws.databases import databases
    from terrace.emulator.aws.inventory import inventory, watch

    watch()
    patches.apply()
    build_routers_in_turn()
    sts.trust(Issuers(options.issuers))
    rights = Rights(account["account_id"]) if options.rights else None
    application = Application(rights)
    return Backend(
        application=application,
        inventory=inventory,
        unsupported=application.unsupported,
        decisions=rights.decisions.listed if rights else list,
        throttled=throttled,
        request_handler=MotoRequestHandler,
        databases=databases,
    )


def build_routers_in_turn() -> None:
    """Let one thread at a time build the routes of a service, which moto does on its first request.

    Python 3.11 compiles syntax trees in one thread only: in two, it raises SystemError, "AST constructor recursion
    depth mismatch". Source: https://github.com/python/cpython/issues/106905
    """
    from moto.core.routing import ServiceOperationRouter

    lock = threading.Lock()

    @wrap(ServiceOperationRouter, "_get_router")
    def get_router(original: Function, self: Any, protocol: str) -> Any:
        with lock:
            return original(self, protocol)


class Application:
    """Moto's dispatcher. Unsupported calls and internal errors are a 400, because a retry does not help."""

    def __init__(self, rights: Rights | None = None) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self._rights = rights
        self._moto: Any = DomainDispatcherApplication(create_backend_app)
        self._unsupported: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def unsupported(self) -> list[UnsupportedCall]:
        with self._lock:
            return sorted(UnsupportedCall(*names, count) for names, count in self._unsupported.items())

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = _Request(environ)
        if self._rights and (refused := self._rights.refusal(*request.names, environ)):
            log.warning("refused: %s", refused)
            code = "UnauthorizedOperation" if request.service == "ec2" else "AccessDenied"
            return _error(request, start_response, code, refused, "403 Forbidden")
        response = _BufferedStart()
        named = history.values(environ) if environ.get("REQUEST_METHOD") not in ("GET", "HEAD") else frozenset[str]()
        try:
            body = self._moto(environ, response.start)
        except NotImplementedError:
            return self._refuse(request, start_response)
        except Exception as error:
            if request.unknown_service:
                return self._refuse(request, start_response)
            log.error("fault in %s:%s\n%s", *request.names, traceback.format_exc())
            text = f"the emulator failed in {':'.join(request.names)}: {type(error).__name__}: {str(error)[:300]}"
            if isinstance(error, RuntimeError) and "changed size during iteration" in str(error):
                # two concurrent calls changed one of moto's dicts: the only error that a retry resolves
                return _error(request, start_response, "ServiceUnavailable", text, "503 Service Unavailable")
            return _error(request, start_response, FAULT, text)
        if response.status.startswith("404") and request.service != "s3":
            with contextlib.closing(body) if hasattr(body, "close") else contextlib.nullcontext():
                body = [b"".join(body)]
            if _is_no_route(body[0]):
                return self._refuse(request, start_response)
        if response.status.startswith("2") and environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            history.record(*request.names, environ, named)
        start_response(response.status, response.headers)
        chunks: Iterable[bytes] = body
        return chunks

    def _refuse(self, request: "_Request", start_response: Callable[..., Any]) -> Iterable[bytes]:
        names = request.names
        with self._lock:
            self._unsupported[names] += 1
        log.warning("unsupported: %s:%s", *names)
        return _error(request, start_response, CODE, f"the emulator does not support {':'.join(names)}")


def throttled(environ: dict[str, Any]) -> Response:
    """How AWS throttles a request: SlowDown from S3, RequestLimitExceeded from EC2, else ThrottlingException.

    Source: Amazon S3 API Reference, "Error responses"; EC2 API Reference, "Error codes" (RequestLimitExceeded).
    """
    request = _Request(environ)
    if request.service == "s3":
        return _response(request, "SlowDown", "Please reduce your request rate.", "503 Slow Down")
    code = "RequestLimitExceeded" if request.service == "ec2" else "ThrottlingException"
    return _response(
        request, code, "Rate exceeded", "503 Service Unavailable" if request.service == "ec2" else "400 Bad Request"
    )


class _BufferedStart:
    """Buffers status and headers of moto's response, which may be replaced."""

    status = ""
    headers: list[tuple[str, str]]

    def start(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], None]:
        self.status, self.headers = status, headers
        return lambda data: None


def _is_no_route(body: bytes) -> bool:
    """Whether the body is Flask's page for a path without a route or moto's empty response for an unknown operation."""
    return not body or body.lstrip().lower().startswith(b"<!doctype html")


class _Request:
    """Service and operation of a request. A form is read here and put back, because moto consumes it."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = environ
        self._form = b""
        if self.is_query:
            self._form = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(self._form)
        self._scope = _signing_name(str(environ.get("HTTP_AUTHORIZATION", "")))
        host = str(environ.get("HTTP_HOST", ""))
        self.service = self._scope or host.split(".")[0]

    @property
    def unknown_service(self) -> bool:
        from moto.backend_index import backend_url_patterns

        host = str(self._environ.get("HTTP_HOST", ""))
        return not any(pattern.match(f"https://{host}") for _, pattern in backend_url_patterns)

    @property
    def is_query(self) -> bool:
        return str(self._environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded")

    @property
    def names(self) -> tuple[str, str]:
        """Service and operation; method and path where the path alone does not identify the operation."""
        target = str(self._environ.get("HTTP_X_AMZ_TARGET", ""))
        if target:
            return self.service, target.rpartition(".")[2]
        if self.is_query:
            action = parse_qs(self._form.decode("utf-8", "replace")).get("Action")
            if action:
                return self.service, action[0]
        return self.service, _operation_by_path(self.service, self._environ)


def _signing_name(authorization: str) -> str:
    """`Credential=KEY/DATE/REGION/SERVICE/aws4_request` -> SERVICE"""
    scope = authorization.partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) == 5 else ""


def _operation_by_path(service: str, environ: dict[str, Any]) -> str:
    from botocore.exceptions import BotoCoreError
    from moto.core.request import Request
    from moto.core.routing import NotFound, get_service_router

    name = {"access-analyzer": "accessanalyzer"}.get(service, service)
    try:
        operation, _ = get_service_router(name).match(Request(dict(environ)))
        return str(operation.name)
    except (BotoCoreError, NotFound, NotImplementedError):
        return f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"


def _error(
    request: _Request,
    start_response: Callable[..., Any],
    code: str,
    message: str,
    status: str = "400 Bad Request",
) -> Iterable[bytes]:
    line, headers, body = _response(request, code, message, status)
    start_response(line, headers)
    return [body]


def _response(request: "_Request", code: str, message: str, status: str) -> Response:
    """An error in the format of the service's protocol: XML for the query protocols and S3, else JSON."""
    if request.is_query or request.service in ("s3", "route53", "cloudfront"):
        kind = "text/xml"
        body = _xml(request.service, code, message)
    else:
        kind = "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message}).encode()
    return status, [("Content-Type", kind), ("x-amzn-ErrorType", code), ("Content-Length", str(len(body)))], body


def _xml(service: str, code: str, message: str) -> bytes:
    if service == "s3":
        error = root = ElementTree.Element("Error")
    elif service == "ec2":
        root = ElementTree.Element("Response")
        error = ElementTree.SubElement(ElementTree.SubElement(root, "Errors"), "Error")
    else:
        root = ElementTree.Element("ErrorResponse")
        error = ElementTree.SubElement(root, "Error")
        ElementTree.SubElement(error, "Type").text = "Sender"
    ElementTree.SubElement(error, "Code").text = code
    ElementTree.SubElement(error, "Message").text = message
    return bytes(ElementTree.tostring(root, encoding="utf-8"))
