"""Certificate Manager: the key algorithm that was asked for."""

from typing import Any

import moto.acm.models as models
from moto.acm.responses import AWSCertificateManagerResponse

from terrace.emulator.aws.patch import Function, parameters_of, wrap


def key_algorithm() -> None:
    """Stock moto makes an RSA key whatever was asked for; a certificate with another algorithm is replaced on every
    plan."""

    @wrap(AWSCertificateManagerResponse, "request_certificate")
    def request_certificate(original: Function, self: Any) -> Any:
        result = original(self)
        certificate = self.acm_backend.get_certificate(result.result["CertificateArn"])
        certificate.asked_algorithm = parameters_of(self).get("KeyAlgorithm")
        return result

    @wrap(models.CertBundle, "describe")
    def describe(original: Function, self: Any) -> dict[str, Any]:
        described: dict[str, Any] = original(self)
        if getattr(self, "asked_algorithm", None):
            described["Certificate"]["KeyAlgorithm"] = self.asked_algorithm
        return described


PATCHES = (key_algorithm,)
