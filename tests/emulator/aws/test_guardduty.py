from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_features(aws: Aws) -> None:
    guard = aws("guardduty")
    detector = guard.create_detector(Enable=True)["DetectorId"]
    for name in ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS"):
        guard.update_detector(DetectorId=detector, Features=[{"Name": name, "Status": "ENABLED"}])
    found = {feature["Name"]: feature["Status"] for feature in guard.get_detector(DetectorId=detector)["Features"]}
    assert found == {"S3_DATA_EVENTS": "ENABLED", "EKS_AUDIT_LOGS": "ENABLED"}
    guard.delete_detector(DetectorId=detector)
