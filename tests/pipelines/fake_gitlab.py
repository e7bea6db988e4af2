"""A GitLab on loopback: the parts of its REST API that pipelines use. Source of paths and shapes: GitLab
documentation, "REST API"."""

from collections.abc import Mapping
from typing import Any

from tests.pipelines.fake_api import Answer, FakeApi, Route

_ME = 1


class FakeGitLab(FakeApi):
    """The state of one project, as a maintainer sees it."""

    def __init__(self) -> None:
        self.project: dict[str, Any] = {
            "id": 4242,
            "path_with_namespace": "acme/data/terrace",
            "namespace": {"id": 99},
            "ci_id_token_sub_claim_components": ["project_path", "ref_type", "ref"],
            "merge_method": "merge",
            "only_allow_merge_if_pipeline_succeeds": False,
            "allow_merge_on_skipped_pipeline": None,
            "ci_allow_fork_pipelines_to_run_in_parent_project": True,
            "ci_push_repository_for_job_token_allowed": False,
            "allow_pipeline_trigger_approve_deployment": False,
        }
        self.notes: dict[str, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.branches: dict[str, dict[str, Any]] = {}
        self.environments: dict[str, dict[str, Any]] = {}
        self.approvals: dict[str, Any] = {"reset_approvals_on_push": False, "merge_requests_author_approval": True}
        self.rules: list[dict[str, Any]] = []
        self.schedules: list[dict[str, Any]] = []
        self.variables: dict[str, str] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        at = "/projects/[^/]+"
        one = f"{at}/merge_requests/(\\d+)"
        routes: dict[str, Route] = {
            "GET /user": lambda query, body: (200, {"id": _ME}),
            "GET /groups/([^/]+)": lambda name, query, body: (200, {"id": sum(map(ord, name))}),
            f"GET {at}": lambda query, body: (200, self.project),
            f"PUT {at}": lambda query, body: (200, self._update(self.project, body)),
            f"GET {one}": lambda id, query, body: (200, {"web_url": f"{self.url}/merge_requests/{id}"}),
            f"GET {one}/notes": lambda id, query, body: self._paged(self.notes.get(id, []), query),
            f"POST {one}/notes": lambda id, query, body: (201, self.note(id, body["body"])),
            f"PUT {one}/notes/(\\d+)": self._edit_note,
            f"GET {at}/issues": self._listed,
            f"POST {at}/issues": self._open,
            f"PUT {at}/issues/(\\d+)": self._edit_issue,
            f"POST {at}/issues/(\\d+)/notes": lambda id, query, body: (201, self.note(f"issue {id}", body["body"])),
            f"GET {at}/protected_branches/([^/]+)": lambda name, query, body: self._found(self.branches, name),
            f"POST {at}/protected_branches": self._protect_branch,
            f"PATCH {at}/protected_branches/([^/]+)": self._edit_branch,
            f"GET {at}/protected_environments/([^/]+)": lambda name, query, body: self._found(self.environments, name),
            f"POST {at}/protected_environments": self._protect,
            f"PUT {at}/protected_environments/([^/]+)": self._edit_environment,
            f"GET {at}/jobs/(\\d+)": lambda id, query, body: self._found(self.jobs, id),
            f"GET {at}/approvals": lambda query, body: (200, self.approvals),
            f"POST {at}/approvals": lambda query, body: (201, self._update(self.approvals, body)),
            f"GET {at}/approval_rules": lambda query, body: (200, self.rules),
            f"POST {at}/approval_rules": lambda query, body: (201, self.rules.append(body)),
            f"GET {at}/pipeline_schedules": lambda query, body: self._paged(self.schedules, query),
            f"POST {at}/pipeline_schedules": lambda query, body: (201, self.schedules.append({**body, "active": True})),
            f"GET {at}/variables/([^/]+)": self._variable,
            f"POST {at}/variables": lambda query, body: (201, self.variables.update({body["key"]: body["value"]})),
            f"PUT {at}/variables/([^/]+)": lambda name, query, body: (
                200,
                self.variables.update({name: body["value"]}),
            ),
        }
        super().__init__(routes)

    @staticmethod
    def _update(found: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
        found |= body
        return found

    @staticmethod
    def _found(every: Mapping[str, Any], name: str) -> Answer:
        return (200, every[name]) if name in every else (404, {"message": "404 Not Found"})

    @staticmethod
    def _paged(items: list[Any], query: Mapping[str, str]) -> Answer:
        size = int(query.get("per_page", "20"))
        return 200, items[(int(query.get("page", "1")) - 1) * size :][:size]

    def note(self, of: str, body: str, author: int = _ME) -> dict[str, Any]:
        notes = self.notes.setdefault(of, [])
        notes.append({"id": 100 + sum(map(len, self.notes.values())), "body": body, "author": {"id": author}})
        return notes[-1]

    def _edit_note(self, of: str, id: str, query: Any, body: Any) -> Answer:
        (note,) = [one for one in self.notes[of] if one["id"] == int(id)]
        return 200, self._update(note, body)

    def _listed(self, query: Mapping[str, str], body: Any) -> Answer:
        found = [one for one in self.issues if one["state"] == query["state"] and query["labels"] in one["labels"]]
        return self._paged(found, query)

    def _open(self, query: Any, body: Any) -> Answer:
        id = len(self.issues) + 1
        issue = {**body, "iid": id, "state": "opened", "web_url": f"{self.url}/issues/{id}", "labels": [body["labels"]]}
        self.issues.append(issue)
        return 201, issue

    def _edit_issue(self, id: str, query: Any, body: Any) -> Answer:
        changed = {"state": "closed"} if body.get("state_event") == "close" else body
        return 200, self._update(self.issues[int(id) - 1], changed)

    def _protect_branch(self, query: Any, body: Any) -> Answer:
        levels = [{"id": 1, "access_level": body["push_access_level"]}]
        self.branches[body["name"]] = {"name": body["name"], "push_access_levels": levels, "allow_force_push": False}
        return 201, self.branches[body["name"]]

    def _edit_branch(self, name: str, query: Any, body: Any) -> Answer:
        branch = self.branches[name]
        gone = {one["id"] for one in body["allowed_to_push"] if one.get("_destroy")}
        kept = [one for one in branch["push_access_levels"] if one["id"] not in gone]
        added = [{"id": 9, **one} for one in body["allowed_to_push"] if not one.get("_destroy")]
        branch |= {"push_access_levels": [*kept, *added], "allow_force_push": body["allow_force_push"]}
        return 200, branch

    def _protect(self, query: Any, body: Any) -> Answer:
        self.environments[body["name"]] = dict(body)
        return 201, body

    def _edit_environment(self, name: str, query: Any, body: Any) -> Answer:
        return 200, self._update(self.environments[name], body)

    def _variable(self, name: str, query: Any, body: Any) -> Answer:
        found = self.variables.get(name)
        return (404, {"message": "404 Not Found"}) if found is None else (200, {"key": name, "value": found})
