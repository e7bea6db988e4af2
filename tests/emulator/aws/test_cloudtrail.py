from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_delete_by_arn(aws: Aws) -> None:
    trails, name = aws("cloudtrail"), aws.name()
    aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    arn = trails.create_trail(Name=name, S3BucketName=name)["TrailARN"]
    trails.delete_trail(Name=arn)
    assert trails.describe_trails(trailNameList=[name])["trailList"] == []
