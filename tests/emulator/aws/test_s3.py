import json

from botocore.exceptions import ClientError

from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


def create_bucket(aws: Aws, region: str = REGION, versioned: bool = False) -> str:
    s3, name = aws("s3", region), aws.name()
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    if versioned:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def tls_only(bucket: str) -> dict[str, object]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def create_log_bucket(aws: Aws) -> str:
    name = create_bucket(aws)
    deliver = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    statements = [tls_only(name), deliver]
    aws("s3").put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    return name


@fails_on_stock_moto
def test_conditional_policies(aws: Aws) -> None:
    s3, name = aws("s3"), create_bucket(aws)
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only(name)]}))
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"a"


@fails_on_stock_moto
def test_log_permissions(aws: Aws) -> None:
    source, target = create_bucket(aws), create_log_bucket(aws)
    aws("s3").put_bucket_logging(
        Bucket=source,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": target, "TargetPrefix": "lake/"}},
    )
    assert aws("s3").get_bucket_logging(Bucket=source)["LoggingEnabled"]["TargetBucket"] == target
    try:
        aws("s3").put_bucket_logging(
            Bucket=target,
            BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": source, "TargetPrefix": ""}},
        )
        raise AssertionError("logs were accepted by a bucket without permission")
    except ClientError:
        pass


@fails_on_stock_moto
def test_log_key_format(aws: Aws) -> None:
    bucket = create_bucket(aws)
    # a policy that stock moto can evaluate
    aws("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "logging.s3.amazonaws.com"},
                        "Action": ["s3:PutObject"],
                        "Resource": f"arn:aws:s3:::{bucket}/*",
                    }
                ],
            }
        ),
    )
    form = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    enabled = {"TargetBucket": bucket, "TargetPrefix": "", "TargetObjectKeyFormat": form}
    aws("s3").put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})
    assert aws("s3").get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetObjectKeyFormat"] == form


@fails_on_stock_moto
def test_replication(aws: Aws) -> None:
    source, target = create_bucket(aws, versioned=True), create_bucket(aws, "eu-west-3", versioned=True)
    destination = {
        "Bucket": f"arn:aws:s3:::{target}",
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    }
    rule = {
        "ID": "all",
        "Priority": 2,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": destination,
    }
    aws("s3").put_bucket_replication(Bucket=source, ReplicationConfiguration={"Role": aws.role(), "Rules": [rule]})
    found = aws("s3").get_bucket_replication(Bucket=source)["ReplicationConfiguration"]["Rules"][0]
    assert found["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert found["SourceSelectionCriteria"] == rule["SourceSelectionCriteria"]
    assert found["Destination"] == destination
    assert found["Priority"] == 2


@fails_on_stock_moto
def test_event_bridge_notifications(aws: Aws) -> None:
    bucket = create_bucket(aws)
    aws("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    found = aws("s3").get_bucket_notification_configuration(Bucket=bucket)
    assert "EventBridgeConfiguration" in found


@fails_on_stock_moto
def test_request_metrics(aws: Aws) -> None:
    s3, bucket = aws("s3"), create_bucket(aws)
    key = {"Bucket": bucket, "Id": "EntireBucket"}
    s3.put_bucket_metrics_configuration(**key, MetricsConfiguration={"Id": "EntireBucket"})
    assert s3.get_bucket_metrics_configuration(**key)["MetricsConfiguration"]["Id"] == "EntireBucket"
    listed = s3.list_bucket_metrics_configurations(Bucket=bucket)["MetricsConfigurationList"]
    assert [entry["Id"] for entry in listed] == ["EntireBucket"]
    s3.delete_bucket_metrics_configuration(**key)
    s3.head_bucket(Bucket=bucket)
    try:
        s3.get_bucket_metrics_configuration(**key)
        raise AssertionError("not deleted")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "NoSuchConfiguration"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@fails_on_stock_moto
def test_expected_owner(aws: Aws) -> None:
    s3, name = aws("s3"), create_bucket(aws)
    s3.head_bucket(Bucket=name, ExpectedBucketOwner=aws.account)
    s3.put_object(Bucket=name, Key="a", Body=b"a", ExpectedBucketOwner=aws.account)
    for refused in (
        lambda: s3.head_bucket(Bucket=name, ExpectedBucketOwner="999988887777"),
        lambda: s3.get_bucket_versioning(Bucket=name, ExpectedBucketOwner="999988887777"),
        lambda: s3.put_object(Bucket=name, Key="a", Body=b"b", ExpectedBucketOwner="999988887777"),
        lambda: s3.get_object(Bucket=name, Key="a", ExpectedBucketOwner="999988887777"),
    ):
        try:
            refused()
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        else:
            raise AssertionError("another account's bucket was used")
