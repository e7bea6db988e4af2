"""Certificate Manager: the requested key algorithm."""

from typing import Any

import moto.acm.models as models
from moto.acm.responses import AWSCertificateManagerResponse

from terrace.emulator.aws.patch import Function, parameters_of, wrap


def key_algorithm() -> None:
    """Stock moto always creates an RSA key: each plan replaces a certificate with another algorithm."""

    @wrap(AWSCertificateManagerResponse, "request_certificate")
    def request_certificate(original: Function, self: Any) -> Any:
        result = original(self)
        certificate = self.acm_backend.get_certificate(result.result["CertificateArn"])
        certificate.requested_algorithm = parameters_of(self).get("KeyAlgorithm")
        return result

    @wrap(models.CertBundle, "describe")
    def describe(original: Function, self: Any) -> dict[str, Any]:
        described: dict[str, Any] = original(self)
        if getattr(self, "requested_algorithm", None):
            described["Certificate"]["KeyAlgorithm"] = self.requested_algorithm
        return described


PATCHES = (key_algorithm,)
