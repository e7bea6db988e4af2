"""A GitHub on loopback: the parts of its REST API that pipelines use, and the issuer of its jobs' tokens.

Each job has a token of its own with the permissions that its workflow grants, and the API enforces them. Source of
paths, permissions and shapes: GitHub documentation, "REST API" and "OpenID Connect reference".
"""

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER = "https://token.actions.githubusercontent.com"
BOT = {"login": "github-actions[bot]", "type": "Bot"}
_LIFETIME = 300  # seconds of a token

Permissions = Mapping[str, str]
Answer = tuple[int, Any]


@dataclass
class Job:
    """A running job: what its tokens may do, and the claims of its OpenID Connect token."""

    permissions: Permissions
    claims: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Forge:
    """The state of one repository. `owner` (a token) may do everything, as its administrator."""

    repository: str = "acme/terrace"
    repository_id: int = 456789
    owner_id: int = 123456
    owner: str = field(default_factory=lambda: f"administrator-{secrets.token_hex(8)}")
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: list[dict[str, Any]] = field(default_factory=list)
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    branch_policies: dict[str, list[str]] = field(default_factory=dict)
    rulesets: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    workflow_permissions: dict[str, Any] = field(
        default_factory=lambda: {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True}
    )
    subject: dict[str, Any] = field(default_factory=lambda: {"use_default": True})
    runs: dict[str, str] = field(default_factory=dict)
    """The conclusion of each workflow run by its id; "" while it runs."""
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, path and status of every request."""
    fail: int = 0
    """Responses of 502 that are still to come."""

    def __post_init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self._key = RSAKey.generate_key(2048, {"kid": "forge", "alg": "RS256", "use": "sig"})
        self._lock = threading.Lock()
        self._ids = iter(range(1, 1_000_000))
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                with forge._lock:
                    status, content = forge._answer(self.command, self.path, token, body)
                    forge.requests.append((self.command, urlsplit(self.path).path, status))
                data = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _respond

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def jwks(self) -> dict[str, Any]:
        """The issuer's public keys."""
        return {"keys": [self._key.as_dict(private=False)]}

    def start_job(self, permissions: Permissions, claims: Mapping[str, str]) -> str:
        """A job that begins; returns its token."""
        token = f"job-{secrets.token_hex(12)}"
        self.jobs[token] = Job(permissions, claims)
        return token

    def identity(self, claims: Mapping[str, str], audience: str, **changes: Any) -> str:
        """A signed OpenID Connect token with these claims."""
        now = int(time.time())
        content = {"iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + _LIFETIME, **claims, **changes}
        return str(jwt.encode({"alg": "RS256", "kid": "forge"}, content, self._key))

    def _answer(self, method: str, address: str, token: str, body: Any) -> Answer:
        url = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.fail:
            self.fail -= 1
            return 502, {"message": "Bad gateway"}
        if url.path == "/identity":
            return self._identity_token(token, query)
        job = self.jobs.get(token)
        if job is None and token != self.owner:
            return 401, {"message": "Bad credentials"}
        prefix = f"/repos/{self.repository}"
        for pattern, methods in _ROUTES:
            inner = url.path.removeprefix(prefix) if url.path.startswith(prefix) else f"!{url.path}"
            if (match := re.fullmatch(pattern, inner)) and method in methods:
                permission, level, handler = methods[method]
                if job and not _allows(job.permissions, permission, level):
                    return 403, {"message": "Resource not accessible by integration"}
                return handler(self, match.groups(), query, body)
        return 404, {"message": "Not Found"}

    def _identity_token(self, token: str, query: Mapping[str, str]) -> Answer:
        job = self.jobs.get(token)
        if job is None or job.permissions.get("id-token") != "write":
            return 403, {"message": "no token for this job"}
        return 200, {"value": self.identity(job.claims, query.get("audience", f"https://github.com/{self.repository}"))}

    def _new(self, **content: Any) -> dict[str, Any]:
        number = next(self._ids)
        return {"id": number, "number": number, "html_url": f"{self.api}/{number}", "user": BOT, **content}


def _allows(granted: Permissions, permission: str, level: str) -> bool:
    """Whether a token may; `a|b` is either permission."""
    levels = ("write",) if level == "write" else ("read", "write")
    return permission == "metadata" or any(granted.get(one) in levels for one in permission.split("|"))


def _paged(items: list[Any], query: Mapping[str, str]) -> Answer:
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    return 200, items[(page - 1) * size : page * size]


def _comments(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    return _paged(forge.comments.get(int(path[0]), []), query)


def _comment(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    if len(body["body"]) > 65_536:
        return 422, {"message": "Validation Failed"}
    created = forge._new(body=body["body"])
    forge.comments.setdefault(int(path[0]), []).append(created)
    return 201, created


def _edit_comment(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    for comment in (one for every in forge.comments.values() for one in every):
        if comment["id"] == int(path[0]):
            comment["body"] = body["body"]
            return 200, comment
    return 404, {"message": "Not Found"}


def _issues(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    labels = set(filter(None, query.get("labels", "").split(",")))
    found = [one for one in forge.issues if one["state"] == query.get("state", "open")]
    return _paged([one for one in found if labels <= {label["name"] for label in one["labels"]}], query)


def _issue(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    labels = [{"name": name} for name in body.get("labels", [])]
    created = forge._new(title=body["title"], body=body["body"], state="open", labels=labels)
    forge.issues.append(created)
    return 201, created


def _edit_issue(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    for one in forge.issues:
        if one["number"] == int(path[0]):
            one |= body
            return 200, one
    return 404, {"message": "Not Found"}


def _repository(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    owner = forge.repository.partition("/")[0]
    return 200, {
        "id": forge.repository_id,
        "full_name": forge.repository,
        "default_branch": "main",
        "owner": {"login": owner, "id": forge.owner_id},
    }


def _environment(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    found = forge.environments.get(path[0])
    if found is None:
        return 404, {"message": "Not Found"}
    rules: list[dict[str, Any]] = []
    if found.get("reviewers"):
        reviewers = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in found["reviewers"]]
        rules.append(
            {
                "type": "required_reviewers",
                "prevent_self_review": found.get("prevent_self_review", False),
                "reviewers": reviewers,
            }
        )
    if found.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": found["wait_timer"]})
    return 200, {
        "name": path[0],
        "protection_rules": rules,
        "deployment_branch_policy": found.get("deployment_branch_policy"),
        "can_admins_bypass": found.get("can_admins_bypass", True),
    }


def _set_environment(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    forge.environments[path[0]] = dict(body or {})
    return _environment(forge, path, query, body)


def _policies(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    policies = [
        {"id": n, "name": name, "type": "branch"} for n, name in enumerate(forge.branch_policies.get(path[0], []))
    ]
    return 200, {"total_count": len(policies), "branch_policies": policies}


def _add_policy(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    forge.branch_policies.setdefault(path[0], []).append(body["name"])
    return 200, {"id": 1, "name": body["name"]}


def _rulesets(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    return _paged([{"id": one["id"], "name": one["name"]} for one in forge.rulesets], query)


def _add_ruleset(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    forge.rulesets.append({**body, "id": next(forge._ids)})
    return 201, forge.rulesets[-1]


def _set_ruleset(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    for one in forge.rulesets:
        if one["id"] == int(path[0]):
            one |= body
            return 200, one
    return 404, {"message": "Not Found"}


def _rules(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    ref = f"refs/heads/{path[0]}"
    active = [
        one
        for one in forge.rulesets
        if one["enforcement"] == "active" and ref in one["conditions"]["ref_name"]["include"]
    ]
    return _paged([rule for one in active for rule in one["rules"]], query)


def _variable(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    if path[0] not in forge.variables:
        return 404, {"message": "Not Found"}
    return 200, {"name": path[0], "value": forge.variables[path[0]]}


def _add_variable(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    forge.variables[body["name"]] = body["value"]
    return 201, None


def _edit_variable(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    forge.variables[path[0]] = body["value"]
    return 204, None


def _workflow_permissions(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    if body is None:
        return 200, forge.workflow_permissions
    forge.workflow_permissions = dict(body)
    return 204, None


def _subject(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    return 200, forge.subject


def _account(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    return 200, {"id": sum(map(ord, path[-1])), "name": path[-1]}


def _run(forge: Forge, path: tuple[str, ...], query: Mapping[str, str], body: Any) -> Answer:
    if (found := forge.runs.get(path[0])) is None:
        return 404, {"message": "Not Found"}
    return 200, {"id": int(path[0]), "status": "completed" if found else "in_progress", "conclusion": found or None}


_Handler = Callable[[Forge, tuple[str, ...], Mapping[str, str], Any], Answer]
_ROUTES: list[tuple[str, dict[str, tuple[str, str, _Handler]]]] = [
    (r"/issues/(\d+)/comments", {
        "GET": ("issues|pull-requests", "read", _comments), "POST": ("issues|pull-requests", "write", _comment)}),
    (r"/actions/runs/(\d+)", {"GET": ("actions", "read", _run)}),
    (r"/issues/comments/(\d+)", {"PATCH": ("issues|pull-requests", "write", _edit_comment)}),
    (r"/issues", {"GET": ("issues", "read", _issues), "POST": ("issues", "write", _issue)}),
    (r"/issues/(\d+)", {"PATCH": ("issues", "write", _edit_issue)}),
    (r"", {"GET": ("metadata", "read", _repository)}),
    (r"/environments/([^/]+)", {
        "GET": ("actions", "read", _environment), "PUT": ("administration", "write", _set_environment)}),
    (r"/environments/([^/]+)/deployment-branch-policies", {
        "GET": ("actions", "read", _policies), "POST": ("administration", "write", _add_policy)}),
    (r"/rulesets", {
        "GET": ("metadata", "read", _rulesets), "POST": ("administration", "write", _add_ruleset)}),
    (r"/rulesets/(\d+)", {"PUT": ("administration", "write", _set_ruleset)}),
    (r"/rules/branches/([^/]+)", {"GET": ("metadata", "read", _rules)}),
    (r"/actions/variables", {"POST": ("actions-variables", "write", _add_variable)}),
    (r"/actions/variables/([^/]+)", {
        "GET": ("actions-variables", "read", _variable), "PATCH": ("actions-variables", "write", _edit_variable)}),
    (r"/actions/permissions/workflow", {
        "GET": ("administration", "read", _workflow_permissions),
        "PUT": ("administration", "write", _workflow_permissions)}),
    (r"/actions/oidc/customization/sub", {"GET": ("actions", "read", _subject)}),
    (r"!/users/([^/]+)", {"GET": ("metadata", "read", _account)}),
    (r"!/orgs/([^/]+)/teams/([^/]+)", {"GET": ("metadata", "read", _account)}),
]  # fmt: skip
