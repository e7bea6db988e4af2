from tests.emulator.aws.conftest import Aws
from tests.emulator.aws.stock_moto import fails_on_stock_moto


@fails_on_stock_moto
def test_session(aws: Aws) -> None:
    macie = aws("macie2", "eu-west-1")
    macie.update_macie_session(status="PAUSED", findingPublishingFrequency="ONE_HOUR")
    found = macie.get_macie_session()
    assert (found["status"], found["findingPublishingFrequency"]) == ("PAUSED", "ONE_HOUR")


@fails_on_stock_moto
def test_jobs(aws: Aws) -> None:
    macie = aws("macie2")
    buckets = {"bucketDefinitions": [{"accountId": aws.account, "buckets": ["bronze"]}]}
    job = macie.create_classification_job(
        clientToken="token", jobType="ONE_TIME", name=aws.name(), initialRun=True, s3JobDefinition=buckets
    )["jobId"]
    assert macie.describe_classification_job(jobId=job)["s3JobDefinition"] == buckets
    macie.update_classification_job(jobId=job, jobStatus="CANCELLED")
    states = {item["jobId"]: item["jobStatus"] for item in macie.list_classification_jobs()["items"]}
    assert states[job] == "CANCELLED"


@fails_on_stock_moto
def test_job_tags(aws: Aws) -> None:
    macie = aws("macie2")
    job = macie.create_classification_job(
        clientToken="token", jobType="ONE_TIME", name=aws.name(), s3JobDefinition={}, tags={"owner": "a"}
    )
    macie.tag_resource(resourceArn=job["jobArn"], tags={"tier": "dev"})
    macie.untag_resource(resourceArn=job["jobArn"], tagKeys=["owner"])
    assert macie.describe_classification_job(jobId=job["jobId"])["tags"] == {"tier": "dev"}
