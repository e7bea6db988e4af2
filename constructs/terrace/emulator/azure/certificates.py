"""A self-signed certificate as Key Vault issues it from a certificate policy."""

import base64
import datetime
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding


def self_signed(policy: dict[str, Any]) -> dict[str, Any]:
    """`cer` (DER in base64) and `x5t` (its SHA-1), with the policy's subject, names and validity."""
    requested = policy.get("x509_props", {})
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(str(requested.get("subject") or "CN=emulated"))
    hosts = (requested.get("sans") or {}).get("dns_names") or []
    start = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30 * int(requested.get("validity_months") or 12)))
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    thumbprint = base64.urlsafe_b64encode(hashlib.sha1(der, usedforsecurity=False).digest()).rstrip(b"=").decode()
    return {"cer": base64.b64encode(der).decode(), "x5t": thumbprint}
