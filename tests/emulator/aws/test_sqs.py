import json

from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_redrive_policy(aws: Aws) -> None:
    sqs, dead = aws("sqs"), aws.name()
    sqs.create_queue(QueueName=dead)
    arn = f"arn:aws:sqs:eu-central-1:{aws.account}:{dead}"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}, separators=(",", ":"))
    url = sqs.create_queue(QueueName=aws.name(), Attributes={"RedrivePolicy": policy})["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    assert found["RedrivePolicy"] == policy
