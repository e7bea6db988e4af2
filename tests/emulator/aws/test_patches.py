"""Each patch has a test that fails on stock moto."""

import importlib
import os
import subprocess
import sys

import pytest

from terrace.emulator.aws.patches import PATCHES, Patch, apply


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.name)
def test_a_patch_has_a_test_and_describes_stock_moto(patch: Patch) -> None:
    service, _, name = patch.name.partition(".")
    tests = importlib.import_module(f"tests.emulator.aws.test_{service}")
    test = getattr(tests, f"test_{name}", None)
    assert test is not None, f"tests/emulator/aws/test_{service}.py has no test_{name}"
    assert test.__module__ == "tests.emulator.aws.stock_moto", f"test_{name} lacks @fails_on_stock_moto"
    assert patch.stock.startswith("Stock moto ")


def test_an_unknown_patch_is_refused() -> None:
    with pytest.raises(KeyError, match="no such patch"):
        apply(["eks.nonsense"])


def test_patches_also_work_with_mock_aws() -> None:
    program = """
import boto3
from moto import mock_aws
from terrace.emulator.aws import patches

patches.apply()
patches.apply()  # installs each patch once
with mock_aws():
    analyzer = boto3.client("accessanalyzer", "eu-central-1")
    analyzer.create_analyzer(analyzerName="account", type="ACCOUNT")
    subnet = boto3.client("ec2", "eu-central-1").describe_subnets()["Subnets"][0]["SubnetId"]
    eks = boto3.client("eks", "eu-central-1")
    role = "arn:aws:iam::123456789012:role/path/admin"
    eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    eks.create_access_entry(clusterName="c", principalArn=role)
    found = eks.describe_access_entry(clusterName="c", principalArn=role)["accessEntry"]["principalArn"]
    print(len(analyzer.list_analyzers()["analyzers"]), found == role)
with mock_aws():
    print(len(boto3.client("accessanalyzer", "eu-central-1").list_analyzers()["analyzers"]))
"""
    dummy = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    output = subprocess.check_output([sys.executable, "-c", program], text=True, env=os.environ | dummy)
    assert output.split() == ["1", "True", "0"]
