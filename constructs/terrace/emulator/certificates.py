"""A private certificate authority that exists as long as the emulator's process.

Its key stays in memory. Only its certificate is written to a file, for child processes to trust; the machine's trust
store is not changed.
"""

import ssl
import threading
from datetime import UTC, datetime, timedelta

import trustme

_VALID = timedelta(days=30)  # restart an emulator that runs longer


class CertificateAuthority:
    """Signs one certificate for each host, on its first connection."""

    def __init__(self, name: str = "Terrace emulator") -> None:
        self._authority = trustme.CA(path_length=0, organization_name=name)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @property
    def pem(self) -> bytes:
        """The authority's certificate, for `SSL_CERT_FILE` and similar variables."""
        return self._authority.cert_pem.bytes()

    def certificate(self, host: str) -> tuple[bytes, bytes]:
        """Key and certificate chain of a server of its own at `host`."""
        leaf = self._authority.issue_cert(host, not_after=datetime.now(UTC) + _VALID)
        return leaf.private_key_pem.bytes(), b"".join(pem.bytes() for pem in leaf.cert_chain_pems)

    def server_context(self, host: str) -> ssl.SSLContext:
        """The TLS server context for `host`, cached because a client opens many connections to one host."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                self._authority.issue_cert(host, not_after=datetime.now(UTC) + _VALID).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]
