from tests.emulator.aws.conftest import REGION, Aws
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


@fails_on_stock_moto
def test_data_sources(aws: Aws) -> None:
    guard = aws("guardduty")
    detector = guard.create_detector(Enable=True, Features=[{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}])
    found = guard.get_detector(DetectorId=detector["DetectorId"])["DataSources"]
    assert found["S3Logs"]["Status"] == "ENABLED"
    assert found["CloudTrail"]["Status"] == "ENABLED"
    assert found["Kubernetes"]["AuditLogs"]["Status"] == "DISABLED"
    assert found["MalwareProtection"]["ScanEc2InstanceWithFindings"]["EbsVolumes"]["Status"] == "DISABLED"
    guard.delete_detector(DetectorId=detector["DetectorId"])


@fails_on_stock_moto
def test_lists(aws: Aws) -> None:
    guard = aws("guardduty")
    detector = guard.create_detector(Enable=True, Tags={"owner": "a"})["DetectorId"]
    assert guard.list_findings(DetectorId=detector)["FindingIds"] == []
    assert guard.list_members(DetectorId=detector)["Members"] == []
    arn = f"arn:aws:guardduty:eu-central-1:{aws.account}:detector/{detector}"
    assert guard.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"owner": "a"}
    try:
        guard.describe_organization_configuration(DetectorId=detector)
        raise AssertionError("not refused")
    except guard.exceptions.BadRequestException:
        pass
    guard.delete_detector(DetectorId=detector)


@fails_on_stock_moto
def test_detector_tags(aws: Aws) -> None:
    guard = aws("guardduty")
    detector = guard.create_detector(Enable=True, Tags={"owner": "a"})["DetectorId"]
    arn = f"arn:aws:guardduty:{REGION}:{aws.account}:detector/{detector}"
    guard.tag_resource(ResourceArn=arn, Tags={"tier": "dev"})
    guard.untag_resource(ResourceArn=arn, TagKeys=["owner"])
    assert guard.get_detector(DetectorId=detector)["Tags"] == {"tier": "dev"}
    guard.delete_detector(DetectorId=detector)
