from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.gap import gap


@gap
def test_key_algorithm(aws: Aws) -> None:
    acm = aws("acm")
    made = acm.request_certificate(DomainName="data.example.com", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1")
    found = acm.describe_certificate(CertificateArn=made["CertificateArn"])["Certificate"]
    assert found["KeyAlgorithm"] == "EC_prime256v1"
