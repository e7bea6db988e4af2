"""An Azure DevOps organization on loopback: the parts of its REST API that pipelines use. Source of paths and shapes:
Azure DevOps documentation, "REST API" 7.1."""

import re
from collections.abc import Mapping
from typing import Any

from tests.pipelines.fake_api import Answer, FakeApi, Route

ORGANIZATION, PROJECT = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


class FakeAzureDevOps(FakeApi):
    """The state of one project."""

    def __init__(self) -> None:
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.items: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.environments: list[dict[str, Any]] = []
        self.connections: dict[str, dict[str, Any]] = {}
        self.pipelines: list[dict[str, Any]] = []
        self.policies: list[dict[str, Any]] = []
        self.builds: dict[str, dict[str, Any]] = {}
        at = "/[^/]+/_apis"
        threads = f"{at}/git/repositories/[^/]+/pullRequests/(\\d+)/threads"
        routes: dict[str, Route] = {
            "GET /_apis/connectionData": lambda query, body: (200, {"instanceId": ORGANIZATION}),
            "GET /_apis/projects/([^/]+)": lambda name, query, body: (200, {"id": PROJECT}),
            "GET /_apis/projects/[^/]+/teams/([^/]+)": lambda name, query, body: (200, {"id": f"team {name}"}),
            f"GET {threads}": lambda id, query, body: self._listed(self.threads.get(id, [])),
            f"POST {threads}": self._comment,
            f"PATCH {threads}/(\\d+)/comments/1": self._edit,
            f"GET {at}/build/builds/(\\d+)": lambda id, query, body: (
                (200, self.builds[id]) if id in self.builds else (404, {"message": "not found"})
            ),
            f"POST {at}/wit/wiql": self._query,
            f"GET {at}/wit/workitemtypes/Issue/states": lambda query, body: self._listed(
                [{"name": "To Do", "category": "Proposed"}, {"name": "Done", "category": "Completed"}]
            ),
            f"GET {at}/wit/workitems/(\\d+)": lambda id, query, body: (200, self.items[int(id) - 1]),
            f"POST {at}/wit/workitems/\\$Issue": self._open,
            f"PATCH {at}/wit/workitems/(\\d+)": lambda id, query, body: (
                200,
                self._patch(self.items[int(id) - 1], body),
            ),
            f"GET {at}/pipelines": lambda query, body: self._listed(self.pipelines),
            f"POST {at}/pipelines": lambda query, body: (200, self._add(self.pipelines, body)),
            f"GET {at}/git/repositories/([^/]+)": lambda name, query, body: (200, {"id": "repository", "name": name}),
            f"GET {at}/git/policy/configurations": lambda query, body: self._listed(self.policies),
            f"POST {at}/policy/configurations": lambda query, body: (200, self._add(self.policies, body)),
            f"GET {at}/serviceendpoint/endpoints": lambda query, body: self._listed(
                [self.connections[query["endpointNames"]]] if query["endpointNames"] in self.connections else []
            ),
            f"GET {at}/pipelines/environments": lambda query, body: self._listed(
                [one for one in self.environments if one["name"] == query["name"]]
            ),
            f"POST {at}/pipelines/environments": lambda query, body: (200, self._add(self.environments, body)),
            f"GET {at}/pipelines/checks/configurations": self._checks_of,
            f"POST {at}/pipelines/checks/configurations": lambda query, body: (200, self._add(self.checks, body)),
        }
        super().__init__(routes)

    @staticmethod
    def _listed(found: list[Any]) -> Answer:
        return 200, {"value": found, "count": len(found)}

    @staticmethod
    def _add(to: list[dict[str, Any]], body: Mapping[str, Any]) -> dict[str, Any]:
        to.append({**body, "id": len(to) + 1})
        return to[-1]

    def _comment(self, request: str, query: Any, body: Any) -> Answer:
        return 200, self._add(self.threads.setdefault(request, []), body)

    def _edit(self, request: str, thread: str, query: Any, body: Any) -> Answer:
        self.threads[request][int(thread) - 1]["comments"][0] |= body
        return 200, body

    def _query(self, query: Any, body: Any) -> Answer:
        tag, closed = re.search(r"CONTAINS '([^']+)'", body["query"]), re.search(r"NOT IN \(([^)]*)\)", body["query"])
        assert tag and closed
        found = [
            {"id": one["id"]}
            for one in self.items
            if tag[1] in one["fields"]["System.Tags"] and f"'{one['fields']['System.State']}'" not in closed[1]
        ]
        return 200, {"workItems": found}

    def _open(self, query: Any, body: Any) -> Answer:
        item = self._add(self.items, {"fields": {"System.State": "To Do"}})
        return 200, self._patch(item, body)

    @staticmethod
    def _patch(item: dict[str, Any], body: list[dict[str, str]]) -> dict[str, Any]:
        for one in body:
            if one["path"].startswith("/fields/"):
                item["fields"][one["path"].removeprefix("/fields/")] = one["value"]
        return item

    def _checks_of(self, query: Mapping[str, str], body: Any) -> Answer:
        wanted = (query["resourceType"], query["resourceId"])
        return self._listed([one for one in self.checks if (one["resource"]["type"], one["resource"]["id"]) == wanted])
