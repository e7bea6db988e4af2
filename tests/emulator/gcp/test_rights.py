"""The rights of a request, as the emulator evaluates them with `rights`."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaInMemoryUpload

from terrace.emulator import Options
from tests.emulator.gcp.conftest import PROJECT, Google

ACCOUNT = f"module-spark@{PROJECT}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
FOLDER = "projects/_/buckets/lake/objects/orders/"
BELOW = (
    f'resource.name.startsWith("{FOLDER}") || '
    'api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("orders/")'
)
"""The condition that limits a role on a bucket to a folder, in the form that the stack has."""


@pytest.fixture
def google() -> Google:
    """A bucket with an object in each of two folders, a secret, and an account without a role."""
    self = Google(Options(rights=True))
    self.enable("storage", "secretmanager", "iam", "iamcredentials", "cloudresourcemanager")
    storage = self("storage")
    storage.buckets().insert(project=PROJECT, body={"name": "lake", "location": "EU"}).execute()
    for folder in ("orders", "payments"):
        write(self, f"{folder}/1")
    secrets = self("secretmanager").projects().secrets()
    body = {"replication": {"automatic": {}}}
    secrets.create(parent=f"projects/{PROJECT}", secretId="password", body=body).execute()
    payload = {"payload": {"data": base64.b64encode(b"of the test").decode()}}
    secrets.addVersion(parent=f"projects/{PROJECT}/secrets/password", body=payload).execute()
    accounts = self("iam").projects().serviceAccounts()
    accounts.create(name=f"projects/{PROJECT}", body={"accountId": "module-spark"}).execute()
    return self


@pytest.fixture
def spark(google: Google) -> Google:
    """The same project, as the service account."""
    credentials = google("iamcredentials").projects().serviceAccounts()
    name = f"projects/-/serviceAccounts/{ACCOUNT}"
    given = credentials.generateAccessToken(name=name, body={"scope": ["cloud-platform"]}).execute()
    return google.signed_in(given["accessToken"])


def bind(google: Google, role: str, condition: str = "") -> None:
    binding: dict[str, Any] = {"role": role, "members": [MEMBER]}
    if condition:
        binding["condition"] = {"title": "below", "expression": condition}
    google("storage").buckets().setIamPolicy(bucket="lake", body={"version": 3, "bindings": [binding]}).execute()


def write(google: Google, name: str) -> Any:
    media = MediaInMemoryUpload(b"1", mimetype="text/plain")
    return google("storage").objects().insert(bucket="lake", name=name, media_body=media).execute()


def read(google: Google, name: str) -> Any:
    return google("storage").objects().get(bucket="lake", object=name).execute()


def delete(google: Google, name: str) -> Any:
    return google("storage").objects().delete(bucket="lake", object=name).execute()


def names(google: Google, prefix: str) -> Any:
    return google("storage").objects().list(bucket="lake", prefix=prefix).execute()


def copy(google: Google, source: str, target: str) -> Any:
    objects = google("storage").objects()
    return objects.copy(
        sourceBucket="lake", sourceObject=source, destinationBucket="lake", destinationObject=target, body={}
    ).execute()


def secret(google: Google) -> Any:
    name = f"projects/{PROJECT}/secrets/password/versions/latest"
    return google("secretmanager").projects().secrets().versions().access(name=name).execute()


def refused(call: Callable[..., Any], *arguments: Any) -> bool:
    try:
        call(*arguments)
    except HttpError as error:
        assert error.status_code == 403, error
        return True
    return False


def test_objects_are_read_and_written_where_the_condition_allows(google: Google, spark: Google) -> None:
    assert refused(read, spark, "orders/1")
    bind(google, "roles/storage.objectUser", BELOW)
    assert not refused(read, spark, "orders/1")
    assert not refused(write, spark, "orders/2")
    assert not refused(names, spark, "orders/")
    assert not refused(delete, spark, "orders/2")
    assert refused(read, spark, "payments/1")
    assert refused(write, spark, "orders-eu/1")
    assert refused(names, spark, "")
    assert refused(copy, spark, "payments/1", "orders/3")


def test_who_may_only_create_replaces_nothing(google: Google, spark: Google) -> None:
    bind(google, "roles/storage.objectCreator")
    assert not refused(write, spark, "orders/2")
    assert refused(write, spark, "orders/2")
    assert refused(read, spark, "orders/2")


def test_a_custom_role_has_its_permissions(google: Google, spark: Google) -> None:
    roles = google("iam").projects().roles()
    body = {"roleId": "reader", "role": {"title": "Reader", "includedPermissions": ["storage.objects.get"]}}
    roles.create(parent=f"projects/{PROJECT}", body=body).execute()
    bind(google, f"projects/{PROJECT}/roles/reader")
    assert not refused(read, spark, "orders/1")
    assert refused(names, spark, "orders/")


def test_a_secret_is_read_with_a_role_on_it(google: Google, spark: Google) -> None:
    assert refused(secret, spark)
    binding = {"role": "roles/secretmanager.secretAccessor", "members": [MEMBER]}
    secrets = google("secretmanager").projects().secrets()
    resource = f"projects/{PROJECT}/secrets/password"
    secrets.setIamPolicy(resource=resource, body={"policy": {"bindings": [binding]}}).execute()
    assert not refused(secret, spark)


def test_a_binding_on_the_project_counts(google: Google, spark: Google) -> None:
    projects = google("cloudresourcemanager", "v1").projects()
    binding = {"role": "roles/storage.objectViewer", "members": [MEMBER]}
    projects.setIamPolicy(resource=PROJECT, body={"policy": {"bindings": [binding]}}).execute()
    assert not refused(read, spark, "payments/1")


def test_each_decision_is_recorded(google: Google, spark: Google) -> None:
    assert refused(read, spark, "orders/1")
    bind(google, "roles/storage.objectViewer")
    read(spark, "orders/1")
    found = [one for one in google.backend.decisions() if one.action == "storage.objects.get"]
    assert {one.resource for one in found} == {f"{FOLDER}1"}
    assert [(one.identity, one.allowed, one.by) for one in found] == [
        (ACCOUNT, False, "no binding allows the permission"),
        (ACCOUNT, True, "roles/storage.objectViewer on b/lake"),
    ]
