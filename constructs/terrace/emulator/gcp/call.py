"""A parsed request: its method and resource, and the emulated project."""

import copy
import re
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

from terrace.emulator.contract import Faults
from terrace.emulator.gcp.contents import Contents
from terrace.emulator.gcp.documents import VERSION, Document, Json, Method, document
from terrace.emulator.gcp.store import Store
from terrace.emulator.issuers import Issuers


class Refused(Exception):
    """A request is refused with Google's error. Source: Cloud APIs, "Errors"; `reason` is for the older services."""

    def __init__(self, code: int, status: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        reasons = {401: "authError", 403: "forbidden", 404: "notFound", 409: "alreadyExists", 412: "conditionNotMet"}
        self.code, self.status, self.message = code, status, message
        self.reason = reason or reasons.get(code, "invalid")

    def body(self) -> Json:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": self.reason}]
        error = {"code": self.code, "status": self.status, "message": self.message, "details": details}
        errors = [{"reason": self.reason, "message": self.message, "domain": "global"}]
        return {"error": {**error, "errors": errors}}


class Unsupported(Exception):
    """The emulator does not support the call."""


def invalid(message: str) -> Refused:
    return Refused(400, "INVALID_ARGUMENT", message)


def missing(name: str) -> Refused:
    return Refused(404, "NOT_FOUND", f"Resource '{name}' was not found")


@dataclass(frozen=True)
class Response:
    """A response other than 200 with a body of JSON. Bytes are sent unchanged."""

    body: Json | bytes
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Upload:
    """A resumable upload of an object, and its metadata once it is complete. `query` is that of the first request."""

    bucket: str
    name: str
    metadata: Json
    query: dict[str, str]
    content: bytearray = field(default_factory=bytearray)
    result: Json = field(default_factory=dict)


@dataclass
class Cloud:
    """One project and its resources."""

    project: str
    number: str
    billing_account: str
    store: Store = field(default_factory=Store)
    contents: Contents = field(default_factory=Contents)  # of objects
    uploads: dict[str, Upload] = field(default_factory=dict)  # resumable ones, by their id
    faults: Faults = field(default_factory=Faults)
    operations: dict[str, Json] = field(default_factory=dict)
    failed: bool = False  # whether the injected failure has occurred
    issuers: Issuers = field(default_factory=Issuers)
    principals: dict[str, Json] = field(default_factory=dict)  # of workload identity pools, by their token
    activity: deque[Json] = field(default_factory=lambda: deque(maxlen=10_000))  # entries of the audit log
    accounts: dict[str, str] = field(default_factory=lambda: {"emulated": ""})
    """Emails of service accounts by their token; "" for a person, as which a child process signs in."""


@dataclass
class Call:
    """`path` is escaped as sent, without the leading slash. `query` has the last value of a repeated name."""

    cloud: Cloud
    http: str
    host: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # in lower case
    raw: bytes = b""  # of an upload

    def __post_init__(self) -> None:
        label = self.host.split(".")[0]
        colon = "" if label == "storage" else ":"  # part of an object's name; elsewhere before a custom method
        path = re.sub(r"^(resumable/)?(upload|download)/(?=storage/)", "", self.path).rstrip("/")
        if label == "managedkafka":  # an id of a list contains a slash: `acls/topic/orders`
            path = re.sub(r"(?<=/acls/).+", lambda id: escaped(id[0], colon), path)
        parts = [escaped(unquote(part), colon) for part in path.split("/")]
        at = next((index for index, part in enumerate(parts[:3]) if VERSION.fullmatch(part)), -1)
        if label == "storage" and parts[0] != "storage":
            at = -1  # `/BUCKET/OBJECT`, which no document has
        self.document: Document = document(label, parts[at] if at >= 0 else "v1")
        self.service = self.document.service
        method = self.document.method(self.http, "/".join(parts)) if at >= 0 else None
        if label == "storage" and at < 0 and self.http in ("GET", "HEAD") and len(parts) > 1:
            method = Method("storage.objects.read")
        if label == "storage" and "upload_id" in self.query:
            method = Method("storage.objects.resume", parameters=frozenset({"uploadType", "name", "uploadId"}))
        self.is_known = method is not None
        self.method = method or Method(f"{self.service}.{self.http} {self.path}")
        self.prefix = "".join(f"{part}/" for part in parts[: at + 1])
        name = "/".join(parts[at + 1 :])
        name, _, self.action = name.rpartition(":") if re.search(r":[a-zA-Z]+$", name) else (name, "", "")
        self.name = re.sub(rf"\bprojects/{self.cloud.number}(?=/|$)", f"projects/{self.cloud.project}", name)
        self.schema, self._wrapper = self.document.payload(self.method.request)
        self.sent: Json = copy.deepcopy(self.body.get(self._wrapper) or {} if self._wrapper else self.body)

    @property
    def store(self) -> Store:
        return self.cloud.store

    @property
    def token(self) -> str:
        """The access token of the caller."""
        return self.headers.get("authorization", "").partition(" ")[2]

    @property
    def key(self) -> str:
        return f"{self.service}/{self.name}"

    def object_key(self, bucket: str, name: str) -> str:
        """The key of an object of Cloud Storage."""
        return f"storage/b/{bucket}/o/{escaped(name)}"

    @property
    def kind(self) -> str:
        return self.method.kind

    @cached_property
    def project(self) -> str:
        """The project that the path or the query names, or an empty string."""
        match = re.search(r"\bprojects/([^/:]+)", self.name)
        project = match[1] if match and match[1] != "-" else self.query.get("project", "")
        return self.cloud.project if project == self.cloud.number else project

    def url(self, name: str) -> str:
        """A resource's self link."""
        host = "www" if self.service in ("compute", "storage") else self.host.split(".")[0]
        return f"https://{host}.googleapis.com/{self.prefix}{name}"

    def identifier(self) -> tuple[str, bool]:
        """A new resource's id, and whether it is from a parameter `fooId`; else the body's name or a new number."""
        known = self.method.parameters
        fields = [(name, value) for name, value in self.body.items() if isinstance(value, str)] if self._wrapper else []
        for name, value in [*self.query.items(), *fields]:
            word = camel(name)
            is_known = not known or word in known or name in self.body
            if word.endswith("Id") and word not in ("requestId", "projectId") and is_known:
                return escaped(value), True
        name = str(self.sent.get("name") or self.sent.get("id") or "")
        if name.startswith(
            (f"{self.name}/", "projects/", "folders/", "organizations/", "billingAccounts/", "services/")
        ):
            return last(name), False
        return escaped(name) or str(uuid.uuid4().int)[:19], False


def escaped(name: str, colon: str = "") -> str:
    """A path segment, escaped in one way whatever the client's escaping."""
    return quote(name, safe=f"@{colon}")


def camel(name: str) -> str:
    """`update_time` -> `updateTime`"""
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def name_of(key: str) -> str:
    """`compute/projects/p/global/networks/n` -> `projects/p/global/networks/n`"""
    return key.split("/", 1)[1]


def last(name: Any) -> str:
    """The last segment of a name or a link."""
    return str(name).rsplit("/", 1)[-1]
