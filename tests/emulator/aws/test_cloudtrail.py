from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_delete_by_arn(aws: Aws) -> None:
    trails, name = aws("cloudtrail"), aws.name()
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    arn = trails.create_trail(Name=name, S3BucketName=name)["TrailARN"]
    trails.delete_trail(Name=arn)
    assert trails.describe_trails(trailNameList=[name])["trailList"] == []


@fails_on_stock_moto
def test_other_regions(aws: Aws) -> None:
    trails, elsewhere, name = aws("cloudtrail"), aws("cloudtrail", "eu-west-3"), aws.name()
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    arn = trails.create_trail(Name=name, S3BucketName=name, IsMultiRegionTrail=True)["TrailARN"]
    trails.put_insight_selectors(TrailName=arn, InsightSelectors=[{"InsightType": "ApiErrorRateInsight"}])
    found = elsewhere.get_insight_selectors(TrailName=arn)["InsightSelectors"]
    assert found == [{"InsightType": "ApiErrorRateInsight"}]
    assert elsewhere.get_event_selectors(TrailName=arn)["TrailARN"] == arn
    try:
        elsewhere.get_event_selectors(TrailName=aws.name())
        raise AssertionError("not refused")
    except trails.exceptions.TrailNotFoundException:
        pass
    trails.delete_trail(Name=arn)


@fails_on_stock_moto
def test_delivery_times(aws: Aws) -> None:
    trails, name = aws("cloudtrail"), aws.name()
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    group = f"arn:aws:logs:{REGION}:{aws.account}:log-group:{name}:*"
    logged = {"CloudWatchLogsLogGroupArn": group, "CloudWatchLogsRoleArn": aws.role()}
    arn = trails.create_trail(Name=name, S3BucketName=name, **logged)["TrailARN"]
    assert "LatestCloudWatchLogsDeliveryTime" not in trails.get_trail_status(Name=arn)
    trails.start_logging(Name=arn)
    status = trails.get_trail_status(Name=arn)
    assert status["LatestCloudWatchLogsDeliveryTime"] >= status["StartLoggingTime"]
    trails.stop_logging(Name=arn)
    trails.delete_trail(Name=arn)


@fails_on_stock_moto
def test_event_history(aws: Aws) -> None:
    wanted = [{"AttributeKey": "EventName", "AttributeValue": "StopLogging"}]
    assert aws("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"] == []
