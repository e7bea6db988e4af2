"""A private Sigstore instance as a process on loopback: token issuers, certificate authority and transparency log.

It does what the `sigstore` library verifies, with keys of its own: the authority (Fulcio) verifies token and request
and embeds a signed certificate timestamp; the log (Rekor) verifies the signature of each entry and answers with an
inclusion proof over all its entries, a signed checkpoint and a promise. `python -m tests.assurance.sigstore_instance
FILE` writes the trust configuration that names it to FILE, then serves until it is stopped.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

REPOSITORY = "https://github.com/example/platform"
WORKFLOW = f"{REPOSITORY}/.github/workflows/report.yml@refs/heads/main"
BRANCH = f"{REPOSITORY}/.github/workflows/report.yml@refs/heads/feature"
PIPELINE = "https://gitlab.com/example/platform//.gitlab-ci.yml@refs/heads/main"
# What a job's request token stands for: its issuer below the server's address, and its identity.
JOBS = {
    "main": ("/github", WORKFLOW),
    "feature": ("/github", BRANCH),
    "gitlab": ("/gitlab", PIPELINE),
    "foreign": ("/foreign", WORKFLOW),
}
_OID = "1.3.6.1.4.1.57264.1."  # Source: github.com/sigstore/fulcio, docs/oid-info.md


class Key:
    """An ECDSA key on P-256 and its identifier in logs: the SHA-256 sum of the public key."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.public).digest()

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, ec.ECDSA(SHA256()))


class Authority:
    """Short-lived certificates for verified tokens, each with the timestamp of a certificate log."""

    def __init__(self) -> None:
        self.key, self.log = Key(), Key()
        self.name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "test instance")])
        now = datetime.now(UTC)
        public = self.key.private.public_key()
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        self.root = (
            x509.CertificateBuilder(self.name, self.name, public, x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.key.private, SHA256())
        )

    def certificate(self, request: x509.CertificateSigningRequest, identity: str, issuer: str) -> x509.Certificate:
        now = datetime.now(UTC)
        usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.private.public_key())
        builder = (
            x509.CertificateBuilder(self.name, x509.Name([]), request.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True)
            .add_extension(authority, critical=False)
            .add_extension(_unknown(_OID + "1", issuer.encode()), critical=False)
        )
        unlogged = builder.sign(self.key.private, SHA256()).tbs_certificate_bytes
        timestamps = _unknown("1.3.6.1.4.1.11129.2.4.2", self._timestamps(unlogged))
        return builder.add_extension(timestamps, critical=False).sign(self.key.private, SHA256())

    def _timestamps(self, certificate: bytes) -> bytes:
        """The extension with one signed certificate timestamp. Source: RFC 6962, 3.2 and 3.3."""
        milliseconds = int(time.time() * 1000).to_bytes(8)
        entry = b"\0\1" + self.key.id + len(certificate).to_bytes(3) + certificate
        signature = self.log.sign(b"\0\0" + milliseconds + entry + b"\0\0")
        timestamp = b"\0" + self.log.id + milliseconds + b"\0\0" + b"\4\3" + _sized(signature)
        listed = _sized(_sized(timestamp))
        assert len(listed) < 256
        return b"\x04" + (bytes([len(listed)]) if len(listed) < 128 else b"\x81" + bytes([len(listed)])) + listed


class Log:
    """A transparency log: a Merkle tree of all entries. Source: RFC 6962, 2.1; C2SP, tlog-checkpoint."""

    def __init__(self) -> None:
        self.key = Key()
        self.leaves = [hashlib.sha256(b"\0" + bytes([number])).digest() for number in range(5)]

    def add(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """The entry of a verified signature. Raises ValueError, InvalidSignature."""
        spec = proposed["spec"]
        certificate = x509.load_pem_x509_certificate(base64.b64decode(spec["signature"]["publicKey"]["content"]))
        public = certificate.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        digest = bytes.fromhex(spec["data"]["hash"]["value"])
        public.verify(base64.b64decode(spec["signature"]["content"]), digest, ec.ECDSA(utils.Prehashed(SHA256())))
        body = _canonical(proposed)
        self.leaves.append(hashlib.sha256(b"\0" + body).digest())
        index, root = len(self.leaves) - 1, _root(self.leaves)
        entry = {
            "body": base64.b64encode(body).decode(),
            "integratedTime": int(time.time()),
            "logID": self.key.id.hex(),
            "logIndex": index,
        }
        note = f"test.log\n{len(self.leaves)}\n{base64.b64encode(root).decode()}\n"
        signed = base64.b64encode(self.key.id[:4] + self.key.sign(note.encode())).decode()
        entry["verification"] = {
            "inclusionProof": {
                "logIndex": index,
                "treeSize": len(self.leaves),
                "rootHash": root.hex(),
                "hashes": [node.hex() for node in _proof(self.leaves, index)],
                "checkpoint": f"{note}\n\N{EM DASH} test.log {signed}\n",
            },
            "signedEntryTimestamp": base64.b64encode(self.key.sign(_canonical(entry))).decode(),
        }
        return {self.leaves[-1].hex(): entry}


def _proof(leaves: list[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return [*_proof(leaves[:half], index), _root(leaves[half:])]
    return [*_proof(leaves[half:], index - half), _root(leaves[:half])]


def _root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(2) + content


def _unknown(oid: str, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


class Instance(ThreadingHTTPServer):
    """The three services on one port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.issuer, self.authority, self.log = Key(), Authority(), Log()

    def token(self, job: str, audience: str) -> str:
        path, identity = JOBS[job]
        now = int(time.time())
        claims = {"iss": self.address + path, "sub": identity, "aud": audience, "iat": now, "nbf": now, "exp": now + 60}
        return jwt.encode(claims, self.issuer.private, algorithm="ES256")

    def signing_certificate(self, token: str, request: str) -> list[str]:
        public = self.issuer.private.public_key()
        claims = jwt.decode(token, public, algorithms=["ES256"], audience="sigstore", leeway=5)
        asked = x509.load_pem_x509_csr(base64.b64decode(request))
        if not asked.is_signature_valid or not claims["iss"].startswith(self.address):
            raise ValueError("the request is not signed, or the issuer is not known")
        issued = self.authority.certificate(asked, claims["sub"], claims["iss"])
        return [one.public_bytes(Encoding.PEM).decode() for one in (issued, self.authority.root)]

    def trust_config(self) -> dict[str, Any]:
        start = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

        def log(key: Key) -> dict[str, Any]:
            public = {
                "rawBytes": base64.b64encode(key.public).decode(),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": {"start": start},
            }
            id = base64.b64encode(key.id).decode()
            return {
                "baseUrl": self.address, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": {"keyId": id}
            }  # fmt: skip

        root = base64.b64encode(self.authority.root.public_bytes(Encoding.DER)).decode()
        service = {"url": self.address, "majorApiVersion": 1, "validFor": {"start": start}, "operator": "test"}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [log(self.log.key)],
                "ctlogs": [log(self.authority.log)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "test instance", "commonName": "test"},
                        "uri": self.address,
                        "certChain": {"certificates": [{"rawBytes": root}]},
                        "validFor": {"start": start},
                    }
                ],
                "timestampAuthorities": [],
            },
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [service],
                "rekorTlogUrls": [service],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": [],
            },
        }


class Handler(BaseHTTPRequestHandler):
    server: Instance

    def do_GET(self) -> None:
        """A token for the job whose request token is the bearer, as GitHub's runner offers it."""
        audience = parse_qs(urlsplit(self.path).query).get("audience", [""])[0]
        job = self._bearer()
        if job in JOBS:
            self._answer(200, {"value": self.server.token(job, audience)})
        else:
            self._answer(401, {"message": "no such job"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            if self.path == "/api/v2/signingCert":
                chain = self.server.signing_certificate(self._bearer(), asked["certificateSigningRequest"])
                self._answer(200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}})
            else:
                self._answer(201, self.server.log.add(asked))
        except Exception as error:
            self._answer(400, {"code": 400, "message": f"{type(error).__name__}: {error}"})

    def _bearer(self) -> str:
        return self.headers.get("Authorization", "").partition(" ")[2]

    def _answer(self, code: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@contextmanager
def running(directory: Path) -> Iterator[Path]:
    """The trust configuration of an instance that runs in a process of its own."""
    trust = directory / "trust.json"
    command = [sys.executable, "-m", "tests.assurance.sigstore_instance", str(trust)]
    variables = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(command, env=variables) as process:
        try:
            until = time.monotonic() + 60
            while not trust.is_file():
                assert process.poll() is None and time.monotonic() < until, "the instance did not start"
                time.sleep(0.05)
            yield trust
        finally:
            process.terminate()


def address(trust: Path) -> str:
    return str(json.loads(trust.read_text())["trustedRoot"]["tlogs"][0]["baseUrl"])


def github_job(trust: Path, name: str) -> dict[str, str]:
    """What GitHub's runner sets for a job that may have tokens."""
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": name,
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{address(trust)}/token?api-version=2.0",
    }


def main() -> None:
    instance = Instance()
    file = Path(sys.argv[1])
    file.with_suffix(".part").write_text(json.dumps(instance.trust_config()), encoding="utf-8")
    file.with_suffix(".part").rename(file)
    instance.serve_forever()


if __name__ == "__main__":
    main()
