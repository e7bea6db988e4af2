"""The inventory lists created resources and nothing of an empty account."""

import os
from pathlib import Path

from terrace.emulator import start
from tests.emulator.aws.conftest import REGION, Aws
from tests.emulator.aws.test_eks import create_cluster


def test_a_resource_is_listed_until_it_is_deleted(tmp_path: Path) -> None:
    emulator = start("aws", tmp_path, parent=os.getpid())
    try:
        aws = Aws(emulator.backend_port)
        # reading makes moto create the contents of an empty account
        aws("iam").list_policies()
        aws("ec2").describe_vpcs()
        aws("ec2", "eu-west-3").describe_security_groups()
        aws("events").list_event_buses()
        aws("elasticache").describe_users()
        aws("rds").describe_db_instances()
        aws("resourcegroupstaggingapi").get_resources()
        assert emulator.inventory() == []

        cluster = create_cluster(aws)
        aws("eks").create_addon(clusterName=cluster, addonName="vpc-cni")  # stored by a patch
        aws("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": REGION})
        aws("securityhub").enable_security_hub()  # a boolean, not an object
        aws("accessanalyzer", "eu-west-3").create_analyzer(analyzerName="account", type="ACCOUNT")
        certificate = aws("acm").request_certificate(DomainName="example.com", IdempotencyToken="once")
        key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
        found = {(resource.service, resource.type, resource.id, resource.region) for resource in emulator.inventory()}
        assert {
            ("eks", "clusters", cluster, REGION),
            ("eks", "addons", f"{cluster}/vpc-cni", REGION),
            ("s3", "buckets", "lake", "aws"),
            ("securityhub", "enabled", "on", REGION),
            ("accessanalyzer", "analyzers", "account", "eu-west-3"),
            ("kms", "keys", key, REGION),
        } <= found
        assert {service for service, *_ in found} == {"accessanalyzer", "acm", "ec2", "eks", "kms", "s3", "securityhub"}

        aws("eks").delete_addon(clusterName=cluster, addonName="vpc-cni")
        vpc = aws("eks").describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
        aws("eks").delete_cluster(name=cluster)
        for subnet in vpc["subnetIds"]:
            aws("ec2").delete_subnet(SubnetId=subnet)
        aws("ec2").delete_vpc(VpcId=vpc["vpcId"])
        aws("s3").delete_bucket(Bucket="lake")
        aws("securityhub").disable_security_hub()
        aws("acm").delete_certificate(CertificateArn=certificate["CertificateArn"])  # moto keeps the token
        aws("accessanalyzer", "eu-west-3").delete_analyzer(analyzerName="account")
        aws("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=30)  # AWS still lists it for 30 days
        assert emulator.inventory() == []
    finally:
        emulator.stop()
