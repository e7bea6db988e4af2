"""A client of a cluster's API server: plain HTTPS with the cluster's certificate authority and a bearer token."""

import base64
import json
import ssl
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import urllib3

from terrace.calls import Absent, CredentialsError, Unreadable
from terrace.capabilities.outputs import ClusterOutputs

Object = dict[str, Any]
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_PAGE = 500
_FIELD_MANAGER = "terrace"


@dataclass(frozen=True)
class Resource:
    """A kind as the API server serves it."""

    version: str
    """group/version, or v1."""
    kind: str
    plural: str
    namespaced: bool
    verbs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"/api/{self.version}" if "/" not in self.version else f"/apis/{self.version}"


@dataclass
class Kubernetes:
    """Requests to one API server. `certificate_authority` is PEM; `token` is a bearer token."""

    endpoint: str
    certificate_authority: str
    token: str = field(repr=False)
    _resources: dict[str, dict[str, Resource]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, cluster: ClusterOutputs, token: str) -> "Kubernetes":
        """The API server in the outputs of a foundation. Raises Unreadable if they have no certificate of it."""
        try:
            authority = base64.b64decode(cluster.certificate_authority).decode()
            ssl.create_default_context(cadata=authority)
        except (ValueError, ssl.SSLError) as error:
            raise Unreadable(f"the certificate authority of the cluster {cluster.name} is not a certificate") from error
        return cls(cluster.endpoint, authority, token)

    @cached_property
    def _http(self) -> urllib3.PoolManager:
        context = ssl.create_default_context(cadata=self.certificate_authority)
        options: dict[str, Any] = {
            "ssl_context": context,
            "timeout": _TIMEOUT,
            "retries": urllib3.Retry(2),
            "maxsize": 8,
        }
        host = urlsplit(self.endpoint).hostname or ""
        proxy = urllib.request.getproxies().get("https")
        if proxy and not urllib.request.proxy_bypass(host):
            return urllib3.ProxyManager(proxy, **options)
        return urllib3.PoolManager(**options)

    def get(self, path: str, **query: str) -> Object:
        """One answer. Raises Absent, Unreadable, CredentialsError."""
        return self._request("GET", path, query)

    def items(self, path: str, *, page: int = _PAGE, **query: str) -> list[Object]:
        """The members of a collection, of which each answer has at most `page`. Raises as `get`."""
        found: list[Object] = []
        query = {**query, "limit": str(page)}
        while True:
            answer = self.get(path, **query)
            found += answer.get("items") or []
            if not (onward := answer.get("metadata", {}).get("continue")):
                return found
            query["continue"] = onward

    def resource(self, version: str, kind: str) -> Resource:
        """The resource of a kind. Raises Absent for a kind that the server does not serve."""
        if version not in self._resources:
            path = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            listed = self.get(path).get("resources") or []
            self._resources[version] = {
                one["kind"]: Resource(version, one["kind"], one["name"], one["namespaced"], tuple(one.get("verbs", ())))
                for one in listed
                if "/" not in one["name"]
            }
        if kind not in self._resources[version]:
            raise Absent(f"the cluster has no kind {kind} in {version}")
        return self._resources[version][kind]

    def custom_resources(self) -> Sequence[Resource]:
        """The resources of custom resource definitions that can be listed, in their stored version."""
        found = []
        for one in self.items("/apis/apiextensions.k8s.io/v1/customresourcedefinitions"):
            spec = one["spec"]
            version = next(
                (each["name"] for each in spec["versions"] if each.get("storage")), spec["versions"][0]["name"]
            )
            names = spec["names"]
            namespaced = spec["scope"] == "Namespaced"
            found.append(Resource(f"{spec['group']}/{version}", names["kind"], names["plural"], namespaced))
        return found

    def path(self, document: Mapping[str, Any], default_namespace: str = "default") -> str:
        """The path of an object. Raises Absent for a kind that the server does not serve."""
        resource = self.resource(document["apiVersion"], document["kind"])
        namespace = document["metadata"].get("namespace") or default_namespace
        within = f"/namespaces/{quote(namespace)}" if resource.namespaced else ""
        return f"{resource.path}{within}/{resource.plural}/{quote(document['metadata']['name'])}"

    def applied(self, path: str, document: Mapping[str, Any], *, dry_run: bool = True) -> Object:
        """The object as a server-side apply of `document` returns it; with `dry_run`, nothing is stored."""
        query = {"fieldManager": _FIELD_MANAGER, "force": "true"}
        if dry_run:
            query["dryRun"] = "All"
        return self._request("PATCH", path, query, document)

    def _request(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Object:
        url = f"{self.endpoint.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "terrace-live"}
        if body is not None:
            headers["Content-Type"] = "application/apply-patch+yaml"
        try:
            content = json.dumps(body).encode() if body is not None else None
            response = self._http.request(method, url, headers=headers, body=content, redirect=False)
        except (urllib3.exceptions.HTTPError, ssl.SSLError) as error:
            raise Unreadable(
                f"the cluster's API server does not respond: {_cause(error)}",
                where=self.endpoint,
                hint="check that this machine reaches it: a private endpoint needs the VPN, or a host in the network",
            ) from error
        try:
            answer = json.loads(response.data)
        except ValueError:
            answer = {}
        if response.status < 300:
            return answer if isinstance(answer, dict) else {}
        message = str(answer.get("message") if isinstance(answer, dict) else "") or f"HTTP status {response.status}"
        where = f"{method} {path}"
        if response.status == 401:
            raise CredentialsError(
                f"the cluster does not accept the token: {message}",
                where=where,
                hint="log in to the cloud again; the identity must be a member of the administrators' group",
            )
        if response.status == 404:
            raise Absent(message, where=where)
        raise Unreadable(message, where=where)


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason or error).partition("\n")[0]
