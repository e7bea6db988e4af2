"""A group reads the files that `access` gives it, and no others, by evaluation of each cloud's rights."""

import copy
import json
from collections.abc import Callable

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.project import basis
from tests.conftest import SynthesizedStack
from tests.people_stacks import IDS, PeopleStacks
from tests.privileges import aws, azure, gcp, iam_policy

GROUP = "people/data-engineers"
PLACES = [
    (bucket, folder) for bucket in ("bronze", "silver", "gold") for folder in ("orders", "orders-eu", "web-events")
]
DECLARED = {(bucket, folder) for bucket in ("bronze", "silver") for folder in ("orders", "web-events")}
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
Allowed = Callable[[str, str, bool], bool]
"""Whether the group may read, or write, an object of a bucket's folder."""


def _aws(stack: SynthesizedStack) -> Allowed:
    account = aws.account_of(stack)
    role = aws.Role(account, GROUP, stack.one("aws_iam_role", GROUP))
    identity, boundary = role.policies()
    context = {
        "aws:PrincipalArn": role.arn, "aws:RequestedRegion": account.region, "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
    }  # fmt: skip

    def allowed(bucket: str, folder: str, write: bool) -> bool:
        arn = f"arn:aws:s3:::{account.buckets()[bucket]}/{folder}/part-0"
        request = iam_policy.Request(role.arn, "s3:PutObject" if write else "s3:GetObject", arn, context)
        policies = iam_policy.Policies(identity, boundary, account.bucket_policy(bucket), account.root)
        return iam_policy.is_allowed(request, policies)

    return allowed


def _azure(stack: SynthesizedStack) -> Allowed:
    subscription = azure.subscription_of(stack)
    containers = dict(subscription.containers())
    assignments = [
        azure.Assignment(subscription.definition(path, one), subscription.id(one["scope"]), one.get("condition", ""))
        for path, one in stack.all("azurerm_role_assignment")
        if one["principal_id"] == IDS["azure"]
    ]

    def allowed(bucket: str, folder: str, write: bool) -> bool:
        blob = f"{containers[bucket]}/blobs/{folder}/part-0"
        return azure.is_allowed(assignments, f"{_BLOBS}/{'write' if write else 'read'}", blob, data=True)

    return allowed


def _gcp(stack: SynthesizedStack) -> Allowed:
    project = gcp.project_of(stack)
    bindings = project.bindings(f"group:{IDS['gcp']}")

    def allowed(bucket: str, folder: str, write: bool) -> bool:
        name = f"projects/_/buckets/{project.buckets()[bucket]}/objects/{folder}/part-0"
        permission = "storage.objects.create" if write else "storage.objects.get"
        return gcp.is_allowed(bindings, permission, gcp.Resource(name, "storage.googleapis.com/Object"))

    return allowed


def differences(stack: SynthesizedStack, cloud: str) -> list[str]:
    allowed = {"aws": _aws, "azure": _azure, "gcp": _gcp}[cloud](stack)
    return [
        f"{'write' if write else 'read'} {bucket}/{folder}"
        for bucket, folder in PLACES
        for write in (False, True)
        if allowed(bucket, folder, write) != (not write and (bucket, folder) in DECLARED)
    ]


def _widen(stack: SynthesizedStack, cloud: str) -> None:
    """Every folder, in place of those of data products."""
    if cloud == "aws":
        policy = stack.one("aws_iam_role_policy", f"{GROUP}-lake")
        document = json.loads(policy["policy"])
        document["Statement"][0]["Resource"] = "arn:aws:s3:::dpf-dev-silver-*/*"
        policy["policy"] = json.dumps(document)
    elif cloud == "azure":
        del stack.one("azurerm_role_assignment", f"{GROUP}-silver")["condition"]
    else:
        del stack.one("google_storage_bucket_iam_member", f"{GROUP}-silver-orders")["condition"]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_group_reads_the_files_of_its_layers_and_writes_none(people_stacks: PeopleStacks, cloud: str) -> None:
    stack = SynthesizedStack(basis.joined(copy.deepcopy(people_stacks(cloud)[1])))
    assert differences(stack, cloud) == []
    _widen(stack, cloud)
    assert "read silver/orders-eu" in differences(stack, cloud)
