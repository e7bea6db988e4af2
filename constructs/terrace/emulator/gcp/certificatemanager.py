"""Certificate Manager: a DNS authorization has the record that validates the domain."""

import uuid

from terrace.emulator.gcp.call import Call
from terrace.emulator.gcp.documents import Json
from terrace.emulator.gcp.quirks import completes


@completes("certificatemanager", "dnsAuthorizations")
def _authorization(call: Call, authorization: Json, key: str) -> None:
    domain = authorization["domain"].rstrip(".")
    target = f"{uuid.uuid5(uuid.NAMESPACE_DNS, key)}.authorize.certificatemanager.goog."
    authorization["dnsResourceRecord"] = {"name": f"_acme-challenge.{domain}.", "type": "CNAME", "data": target}


@completes("certificatemanager", "certificates")
def _certificate(call: Call, certificate: Json, key: str) -> None:
    if managed := certificate.get("managed"):
        managed.setdefault("state", "ACTIVE")
