from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_key_algorithm(aws: Aws) -> None:
    acm = aws("acm")
    created = acm.request_certificate(
        DomainName="data.example.com", ValidationMethod="DNS", KeyAlgorithm="EC_prime256v1"
    )
    found = acm.describe_certificate(CertificateArn=created["CertificateArn"])["Certificate"]
    assert found["KeyAlgorithm"] == "EC_prime256v1"
