"""The module landing: what it lands follows from data products, and its job lands each message once, on each cloud."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from terrace.capabilities.cloud import CLOUDS
from terrace.emulator import start
from terrace.environment.schema import DataProduct
from terrace.workloads.context import Context
from terrace.workloads.topic_access import users
from tests.conftest import ROOT
from tests.workloads.conftest import Make, of
from tests.workloads.runners import IMAGE, LAKE, python, rendered, with_module

JOB = ROOT / "modules" / "landing" / "chart" / "files" / "land.py"
COMMON = {"owner": "sales", "classification": "internal", "retention_days": 30}
PRODUCTS = (
    {"name": "orders", "layers": ["bronze"], "topics": ["placed", "returned"], "modules": {"landing": "write"}},
    {"name": "visits", "layers": ["bronze"], "topics": ["visits"], "modules": {"landing": "read"}},
    {"name": "stock", "layers": ["bronze"], "topics": ["stock"], "modules": {"spark": "write"}},
)
BUCKETS = {
    "aws": """
import boto3
boto3.client("s3").create_bucket(Bucket="bronze", ObjectLockEnabledForBucket=True,
                                 CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
boto3.client("s3").put_object_lock_configuration(Bucket="bronze", ObjectLockConfiguration={
    "ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}})
""",
    "azure": """
import requests
from azure.identity import EnvironmentCredential
token = EnvironmentCredential().get_token("https://management.azure.com/.default").token
group = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/data"
storage = f"{group}/providers/Microsoft.Storage/storageAccounts/landing"
kind = {"location": "germanywestcentral", "sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"}
for path, body in {
    group: {"location": "germanywestcentral"},
    storage: kind | {"properties": {"minimumTlsVersion": "TLS1_2"}},
    f"{storage}/blobServices/default": {"properties": {}},
    f"{storage}/blobServices/default/containers/bronze": {"properties": {}},
}.items():
    url = f"https://management.azure.com{path}?api-version=2024-01-01"
    requests.put(url, json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
""",
    "gcp": """
import google.auth, google.auth.transport.requests
from google.cloud import storage
credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
session = google.auth.transport.requests.AuthorizedSession(credentials)
session.post(f"https://serviceusage.googleapis.com/v1/projects/{project}/services/storage.googleapis.com:enable")
storage.Client().create_bucket("bronze", location="EUROPE-WEST3")
""",
}
READ = {
    "aws": """
objects = boto3.client("s3")
found = {one["Key"]: objects.get_object(Bucket="bronze", Key=one["Key"])["Body"].read()
         for one in objects.list_objects_v2(Bucket="bronze")["Contents"]}
""",
    "azure": """
from azure.storage.blob import ContainerClient
objects = ContainerClient("https://landing.blob.core.windows.net", "bronze", EnvironmentCredential())
found = {one.name: objects.download_blob(one.name).readall() for one in objects.list_blobs()}
""",
    "gcp": """
found = {one.name: one.download_as_bytes(raw_download=True) for one in storage.Client().list_blobs("bronze")}
""",
}
ADDRESSES = {"aws": "s3://bronze", "azure": "abfss://bronze@landing.dfs.core.windows.net", "gcp": "gs://bronze"}
TRIAL = """
import gzip, json, os, sys, time
import land
from confluent_kafka import Producer
{buckets}
HOUR = 1796198400000
producer = Producer({{"bootstrap.servers": "none", "test.mock.num.brokers": 1}})  # librdkafka's own cluster
producer.list_topics("placed", timeout=10)
brokers = producer.list_topics(timeout=10).brokers.values()

def send(first, last, minutes):
    for number in range(first, last):
        value = None if number == 3 else b"\\xff%d" % number
        producer.produce("placed", value, b"k", number % 2, timestamp=HOUR + minutes * 60_000, headers=[("h", b"v")])
    producer.flush(10)

def go(wanted, crash=None):
    landing = land.open_({{
        "kafka": {{"bootstrap.servers": ",".join(f"{{one.host}}:{{one.port}}" for one in brokers),
                  "group.id": "landing", "session.timeout.ms": 6000}},  # for a member that has left
        "topics": {{"placed": "{address}/orders/placed"}}, "seconds": 0.5, "bytes": 2**20,
    }})
    put = landing.places["placed"]

    def failing(name, content):
        if crash == "before":
            raise KeyboardInterrupt
        put(name, content)
        if crash == "after":
            raise KeyboardInterrupt

    landing.places["placed"] = failing
    until = time.monotonic() + 45
    try:
        while landing.landed["placed"] < wanted and time.monotonic() < until:
            landing.step(0.1)
    except KeyboardInterrupt:
        pass
    landing.consumer.close()
    return landing

send(0, 10, 0)
go(99, "before")
send(10, 20, 10)
go(99, "after")
send(20, 30, 70)
last = go(30)
{read}
print(json.dumps({{"objects": {{name: [json.loads(line) for line in gzip.decompress(content).splitlines()]
                  for name, content in sorted(found.items())}}, "metrics": last.metrics()}}))
"""


@pytest.fixture(scope="module", params=CLOUDS)
def context(request: pytest.FixtureRequest, make: Make) -> Context:
    found = with_module(with_module(make(request.param), "kafka", {}), "landing", {"image": IMAGE})
    products = tuple(DataProduct.model_validate({**COMMON, **one}, strict=False) for one in PRODUCTS)
    environment = found.environment.model_copy(update={"data_products": products})
    return replace(found, environment=environment.with_modules(found.modules))


def test_it_reads_and_lands_what_data_products_let_it_write(context: Context) -> None:
    config = json.loads(of(rendered(context, "landing"), "ConfigMap")["landing"]["data"]["landing.json"])
    folder = f"{LAKE[context.environment.cloud].format('bronze')}/orders"
    assert config["topics"] == {topic: f"{folder}/{topic}" for topic in ("placed", "returned")}
    landing = context.modules["landing"]
    assert context.environment.lake_access(landing) == {"bronze": {"orders": "add"}}
    (user,) = users(context.environment)
    assert user["topics"] == [("placed", "read"), ("returned", "read"), ("visits", "read")]
    assert config["kafka"]["group.id"] in [name for kind, name in user["groups"] if kind == "literal"]


def test_its_certificate_is_that_of_its_user(context: Context) -> None:
    objects = rendered(context, "landing")
    certificate = of(objects, "Certificate")["kafka"]["spec"]
    (user,) = users(context.environment)
    assert certificate["commonName"] == user["name"]
    (pods,) = of(objects, "Deployment").values()
    volumes = {one["name"]: one for one in pods["spec"]["template"]["spec"]["volumes"]}
    assert volumes["kafka"]["secret"]["secretName"] == certificate["secretName"]


def test_nothing_runs_without_an_image_or_topics(make: Make) -> None:
    found = with_module(make("aws"), "kafka", {})
    assert {one["kind"] for one in rendered(with_module(found, "landing", {}), "landing")} == {"ConfigMap"}
    assert {one["kind"] for one in rendered(with_module(found, "landing", {"image": IMAGE}), "landing")} == {
        "ConfigMap"
    }


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_message_is_in_one_object_also_after_a_crash(cloud: str, tmp_path: Path) -> None:
    program = python("TERRACE_TEST_LANDING")
    emulator = start(cloud, tmp_path / "emulator", parent=os.getpid())
    try:
        code = TRIAL.format(buckets=BUCKETS[cloud], read=READ[cloud], address=ADDRESSES[cloud])
        env = emulator.child_environment(os.environ) | {"PYTHONPATH": str(JOB.parent), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([program, "-c", code], env=env, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr[-3000:]
        assert (emulator.unsupported(), emulator.refused()) == ([], {})
    finally:
        emulator.stop()
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    lines = [line for one in found["objects"].values() for line in one]
    assert sorted((one["partition"], one["offset"]) for one in lines) == [(p, n) for p in (0, 1) for n in range(15)]
    assert lines[0]["headers"] == [["h", "dg=="]] and lines[0]["key"] == "aw==" and lines[0]["value"] == "/zA="
    assert [one["value"] for one in lines if one["offset"] == 1 and one["partition"] == 1] == [None]
    for name, messages in found["objects"].items():
        assert name.startswith("orders/placed/date=2026-12-02/hour=")
        assert name.endswith(f"{messages[0]['partition']:05}-{messages[0]['offset']:020}.jsonl.gz")
        assert len({one["timestamp"] // 3_600_000 for one in messages}) == 1
    assert 'landing_objects_total{topic="placed"}' in found["metrics"]
