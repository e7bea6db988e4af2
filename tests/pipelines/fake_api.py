"""An API of JSON on loopback: routes to functions, with the state in the object that has them."""

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, Any]
Route = Callable[..., Answer]


class FakeApi:
    """`routes` are pairs of "METHOD pattern" and a function of the pattern's groups, the query and the body."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self.requests: list[tuple[str, str, int]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                url = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                status, content = fake._answer(routes, self.command, url.path, query, body)
                fake.requests.append((self.command, url.path, status))
                data = b"" if content is None else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if isinstance(content, list) and "page" in query and len(content) == int(query["per_page"]):
                    self.send_header("X-Next-Page", str(int(query["page"]) + 1))  # as GitLab does
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = do_PUT = _respond

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(
        self, routes: Mapping[str, Route], method: str, path: str, query: Mapping[str, str], body: Any
    ) -> Answer:
        for route, function in routes.items():
            verb, _, pattern = route.partition(" ")
            if verb == method and (match := re.fullmatch(pattern, path)):
                return function(*map(unquote, match.groups()), query=query, body=body)
        return 404, {"message": f"404 Not Found: {method} {path}"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
