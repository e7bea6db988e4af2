"""Creates a versioned bucket in an emulated cloud, as the cloud's own tools do."""

from collections.abc import Callable
from typing import Any

from terrace.azure.state import CONTAINER
from terrace.calls import aws
from terrace.capabilities.target import AzureSettings
from terrace.emulator import Emulator
from terrace.live.azure.session import Reader as Azure
from terrace.live.gcp.session import Reader as Google


def create(emulator: Emulator, name: str) -> None:
    """An empty bucket; on Azure a storage account with the container of states."""
    {"aws": _aws, "azure": _azure, "gcp": _gcp}[emulator.cloud](emulator, name)


WEAKENED = {
    "aws": {"public access", "versioning", "encryption", "lifecycle"},
    "azure": {"shared keys", "oldest TLS", "versioning", "soft delete"},
    "gcp": {"public access", "versioning", "soft delete", "lifecycle"},
}
"""The settings that `weaken` breaks."""


def weaken(emulator: Emulator, name: str) -> None:
    """Make settings of a bootstrapped bucket weaker than Terrace's."""
    if emulator.cloud == "aws":
        s3 = _s3(emulator)
        s3.delete_public_access_block(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
        default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})
        _expire(s3, name, 3)
    elif emulator.cloud == "azure":
        reader, account = azure(emulator), _account(emulator)
        reader.patch(account(name), {"properties": {"allowSharedKeyAccess": True, "minimumTlsVersion": "TLS1_0"}})
        policy = {"deleteRetentionPolicy": {"enabled": True, "days": 2}}
        reader.write(f"{account(name)}/blobServices/default", {"properties": policy | _containers_kept(30)})
    else:
        body = {
            "iamConfiguration": {"publicAccessPrevention": "inherited"},
            "versioning": {"enabled": False},
            "softDeletePolicy": {"retentionDurationSeconds": "604800"},
            "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"daysSinceNoncurrentTime": 3}}]},
        }
        google(emulator).change("storage", "buckets.patch", bucket=name, body=body)


def harden(emulator: Emulator, name: str) -> None:
    """Make settings of a bootstrapped bucket stricter than Terrace's."""
    if emulator.cloud == "aws":
        _expire(_s3(emulator), name, 3000)
    elif emulator.cloud == "azure":
        reader, account = azure(emulator), _account(emulator)
        reader.patch(account(name), {"properties": {"minimumTlsVersion": "TLS1_3"}})
        kept = {"isVersioningEnabled": True, "deleteRetentionPolicy": {"enabled": True, "days": 300}}
        reader.write(f"{account(name)}/blobServices/default", {"properties": kept | _containers_kept(300)})
    else:
        body = {"softDeletePolicy": {"retentionDurationSeconds": str(80 * 86400)}}
        google(emulator).change("storage", "buckets.patch", bucket=name, body=body)


def create_elsewhere(emulator: Emulator, name: str) -> None:
    """A bucket of this name in another AWS account, or another resource group."""
    if emulator.cloud == "azure":
        _azure(emulator, name)
        return
    variables = emulator.child_environment({})
    role = "arn:aws:iam::999988887777:role/theirs"
    theirs = aws.client("sts", emulator.region, variables).assume_role(RoleArn=role, RoleSessionName="theirs")
    found = theirs["Credentials"]
    keys = {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }
    s3 = aws.client("s3", emulator.region, variables | keys)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": emulator.region})


def google(emulator: Emulator) -> Google:
    return Google(emulator.account["project_id"], variables=emulator.child_environment({}))


def azure(emulator: Emulator) -> Azure:
    settings = AzureSettings.model_validate({**emulator.account, "admin_group_id": emulator.account["tenant_id"]})
    return Azure(settings, emulator.child_environment({}))


def _account(emulator: Emulator) -> Callable[[str], str]:
    group = f"/subscriptions/{emulator.account['subscription_id']}/resourceGroups/dpf-state"
    return lambda name: f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"


def _containers_kept(days: int) -> dict[str, object]:
    return {"containerDeleteRetentionPolicy": {"enabled": True, "days": days}}


def _s3(emulator: Emulator) -> Any:
    return aws.client("s3", emulator.region, emulator.child_environment({}))


def _expire(s3: Any, name: str, days: int) -> None:
    rule = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": ""}}
    rule |= {"NoncurrentVersionExpiration": {"NoncurrentDays": days}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})


def _aws(emulator: Emulator, name: str) -> None:
    s3 = _s3(emulator)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": emulator.region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _azure(emulator: Emulator, name: str) -> None:
    reader = azure(emulator)
    group = f"/subscriptions/{emulator.account['subscription_id']}/resourceGroups/{name}"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    reader.write(group, {"location": emulator.region})
    reader.write(account, {"location": emulator.region, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}})
    reader.write(f"{account}/blobServices/default", {"properties": {"isVersioningEnabled": True}})
    reader.write(f"{account}/blobServices/default/containers/{CONTAINER}", {"properties": {"publicAccess": "None"}})


def _gcp(emulator: Emulator, name: str) -> None:
    project = emulator.account["project_id"]
    reader = google(emulator)
    reader.change("serviceusage", "services.enable", name=f"projects/{project}/services/storage.googleapis.com")
    body = {"name": name, "location": emulator.region, "versioning": {"enabled": True}}
    reader.change("storage", "buckets.insert", project=project, body=body)
