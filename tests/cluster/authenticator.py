"""Token authentication of the test cluster as EKS does it: a token is a presigned request to AWS STS.

EKS forwards the request to STS and maps the caller to a user. Here only the form of the token is checked, and each valid
one is of an administrator. Source: EKS documentation, "Grant IAM users and roles access to Kubernetes APIs".
"""

import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import trustme

_PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"


def _is_valid(token: str) -> bool:
    if not token.startswith(_PREFIX):
        return False
    encoded = token.removeprefix(_PREFIX)
    url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    query = parse_qs(url.query)
    signed = query.get("X-Amz-SignedHeaders", [""])[0].split(";")
    return (
        url.scheme == "https"
        and (url.hostname or "").startswith("sts.")
        and query.get("Action") == ["GetCallerIdentity"]
        and _CLUSTER_HEADER in signed
        and "X-Amz-Signature" in query
    )


class _Reviews(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            valid = _is_valid(review["spec"]["token"])
        except ValueError:
            valid = False
        user = {"username": "administrator", "groups": ["system:masters"]}
        review["status"] = {"authenticated": valid} | ({"user": user} if valid else {})
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def authenticator(ca: trustme.CA, directory: Path) -> Iterator[Path]:
    """Serve token reviews on loopback; yields the configuration file of the API server's token webhook."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Reviews)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    authority = base64.b64encode(ca.cert_pem.bytes()).decode()
    where = {"server": f"https://127.0.0.1:{server.server_port}/", "certificate-authority-data": authority}
    path = directory / "token-webhook.json"
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "reviews", "cluster": where}],
                "users": [{"name": "api-server"}],
                "contexts": [{"name": "reviews", "context": {"cluster": "reviews", "user": "api-server"}}],
                "current-context": "reviews",
            }
        )
    )
    try:
        yield path
    finally:
        server.shutdown()
        server.server_close()
