"""Blobs as the clients of data engines use them: Azure's own, adlfs and pyiceberg, in a child process."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from terrace.emulator import Emulator, start
from tests.emulator import iceberg
from tests.emulator.azure.conftest import Azure

HOST = "worldcopy.blob.core.windows.net"

_ACCOUNT = """
import json, os, requests
from azure.identity import EnvironmentCredential
credential, account = EnvironmentCredential(), os.environ["ACCOUNT"]
token = credential.get_token("https://management.azure.com/.default").token
group = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/data"
storage = f"{group}/providers/Microsoft.Storage/storageAccounts/{account}"
kind = {"location": "germanywestcentral", "sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"}
for path, body in {
    group: {"location": "germanywestcentral"},
    storage: kind | {"properties": {"minimumTlsVersion": "TLS1_2"}},
    f"{storage}/blobServices/default": {"properties": {"isVersioningEnabled": True}},
    f"{storage}/blobServices/default/containers/silver": {"properties": {}},
}.items():
    url = f"https://management.azure.com{path}?api-version=2024-01-01"
    requests.put(url, json=body, headers={"Authorization": f"Bearer {token}"}).raise_for_status()
"""
_AZURE = """
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
step = {name: 2**20 for name in ("max_single_put_size", "max_block_size", "max_single_get_size", "max_chunk_get_size")}
service = BlobServiceClient(f"https://{account}.blob.core.windows.net", credential, **step)
container, data = service.get_container_client("silver"), os.urandom(3 * 2**20 + 3)
blob = container.get_blob_client("d/big")
blob.upload_blob(data)
same = [blob.download_blob().readall() == data, blob.download_blob(offset=7, length=9).readall() == data[7:16]]
refused = 0
for content in (b"in one piece", data):
    try:
        blob.upload_blob(content)
    except ResourceExistsError:
        refused += 1
blob.upload_blob(b"two", overwrite=True)
container.upload_blob("d/empty", b"")
versions = [(each.name, each.size) for each in container.list_blobs(include=["versions"])]
oldest = next(each.version_id for each in container.list_blobs(include=["versions"]) if each.size > 3)
same.append(blob.download_blob(version_id=oldest).readall() == data)
deleted = [response.status_code for response in container.delete_blobs("d/big", "d/empty")]
print(json.dumps([same, refused, versions, deleted, [each.name for each in container.list_blobs()]]))
"""
_ADLFS = """
import adlfs
files, data = adlfs.AzureBlobFileSystem(account_name=account, anon=False), os.urandom(5 * 2**20 + 1)
with files.open("silver/adlfs/big", "wb", block_size=2**20) as file:
    file.write(data)
files.pipe("silver/adlfs/small", b"hi")
files.cp("silver/adlfs/small", "silver/adlfs/copy")
found = [files.find("silver/adlfs"), files.ls("silver")]
same = [files.cat("silver/adlfs/big") == data, files.cat_file("silver/adlfs/big", 3, 8) == data[3:8]]
files.rm("silver/adlfs", recursive=True)
print(json.dumps([same, found, files.find("silver")]))
"""
_ICEBERG = (
    """
import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
settings = {f"adls.{name.replace('_', '-')}": os.environ[f"AZURE_{name.upper()}"]
            for name in ("tenant_id", "client_id", "client_secret")}
catalog = SqlCatalog("lake", uri="sqlite://", warehouse=f"abfss://silver@{account}.dfs.core.windows.net/warehouse",
                     **settings, **{"adls.account-name": account, "py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO"})
"""
    + iceberg.TABLE
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    running = start("azure", tmp_path_factory.mktemp("emulator"), parent=os.getpid())
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("account", "code", "printed"),
    [
        pytest.param(
            "bysdk",
            _AZURE,
            [[True, True, True], 2, [["d/big", 3 * 2**20 + 3], ["d/big", 3], ["d/empty", 0]], [202, 202], []],
            id="azure-storage-blob",
        ),
        pytest.param(
            "byadlfs",
            _ADLFS,
            [
                [True, True],
                [[f"silver/adlfs/{name}" for name in ("big", "copy", "small")], ["silver/adlfs"]],
                [],
            ],
            id="adlfs",
        ),
        pytest.param("byiceberg", _ICEBERG, [1990, 3], id="pyiceberg"),
    ],
)
def test_clients_of_engines_write_and_read_blobs(emulator: Emulator, account: str, code: str, printed: Any) -> None:
    variables = emulator.child_environment(os.environ) | {"ACCOUNT": account}
    child = subprocess.run(
        [sys.executable, "-c", _ACCOUNT + code], env=variables, capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 0, child.stderr
    assert json.loads(child.stdout) == printed
    assert (emulator.unsupported(), emulator.refused()) == ([], {})


class Container:
    """Requests to a container of the sample account."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure
        self._token = azure.token("https://storage.azure.com").get_json()["access_token"]

    def __call__(self, method: str, path: str, data: bytes = b"", **headers: str) -> TestResponse:
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        token = {"Authorization": f"Bearer {self._token}"}
        return self._azure.raw(method, f"{HOST}/bronze/{path}", data=data, headers={**token, **words})

    def block(self, path: str, id: str, data: bytes) -> int:
        name = base64.b64encode(id.encode()).decode().replace("=", "%3D")
        return self("PUT", f"{path}?comp=block&blockid={name}", data).status_code

    def commit(self, path: str, *ids: str, **headers: str) -> TestResponse:
        blocks = "".join(f"<Latest>{base64.b64encode(id.encode()).decode()}</Latest>" for id in ids)
        return self("PUT", f"{path}?comp=blocklist", f"<BlockList>{blocks}</BlockList>".encode(), **headers)


@pytest.fixture
def bronze(populated: Azure) -> Container:
    return Container(populated)


@pytest.mark.parametrize(
    ("range", "status", "content", "where"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-2", 200, b"0123456789", None),  # Blob storage knows no ranges from the end
    ],
)
def test_a_range_of_a_blob_is_read(bronze: Container, range: str, status: int, content: bytes, where: str) -> None:
    bronze("PUT", "digits", b"0123456789")
    response = bronze("GET", "digits", x_ms_range=range)
    assert (response.status_code, response.get_data(), response.headers.get("Content-Range")) == (
        status,
        content,
        where,
    )


def test_a_range_after_the_end_is_refused(bronze: Container) -> None:
    bronze("PUT", "digits", b"0123456789")
    response = bronze("GET", "digits", range="bytes=10-")
    assert (response.status_code, response.headers["x-ms-error-code"]) == (416, "InvalidRange")


def test_a_blob_is_the_list_of_its_committed_blocks(bronze: Container) -> None:
    for id, data in {"b1": b"one", "b2": b"two", "b3": b"three"}.items():
        assert bronze.block("a", id, data) == 201
    assert bronze("GET", "a").status_code == 404
    assert bronze.commit("a", "b2", "b1").status_code == 201
    assert bronze("GET", "a").get_data() == b"twoone"
    assert bronze.commit("a", "b1", "b3").headers["x-ms-error-code"] == "InvalidBlockList"  # b3 was dropped
    bronze.block("a", "b4", b"four")
    assert bronze.commit("a", "b1", "b4").status_code == 201  # a committed block and a new one
    assert bronze("GET", "a").get_data() == b"onefour"
    assert b"<CommittedBlocks><Block>" in bronze("GET", "a?comp=blocklist&blocklisttype=all").get_data()


@pytest.mark.parametrize("write", ["blob", "blocks", "copy"])
def test_only_the_first_of_two_writers_creates_a_blob(bronze: Container, write: str) -> None:
    bronze("PUT", "source", b"x")

    def create() -> int:
        if write == "blocks":
            bronze.block("new", "b1", b"x")
            return bronze.commit("new", "b1", if_none_match="*").status_code
        source = {"x_ms_copy_source": f"https://{HOST}/bronze/source"} if write == "copy" else {}
        return bronze("PUT", "new", b"x", if_none_match="*", **source).status_code

    assert [create(), create()] == [202 if write == "copy" else 201, 409]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "a"), ("DELETE", "a"), ("PUT", "a?comp=metadata"), ("GET", "a"), ("HEAD", "a")]
)
def test_a_stale_etag_is_refused(bronze: Container, method: str, path: str) -> None:
    stale = bronze("PUT", "a", b"1").headers["ETag"]
    bronze("PUT", "a", b"2")
    assert bronze(method, path, if_match=stale).status_code == 412
    assert bronze("GET", "a").get_data() == b"2"


def test_an_unchanged_blob_is_not_sent_again(bronze: Container) -> None:
    etag = bronze("PUT", "a", b"1").headers["ETag"]
    assert bronze("GET", "a", if_none_match=etag).status_code == 304
    assert bronze("GET", "a", if_none_match='"other"').status_code == 200


def test_content_with_a_wrong_checksum_is_refused(bronze: Container) -> None:
    assert bronze("PUT", "a", b"1", content_md5="AAAA").headers["x-ms-error-code"] == "Md5Mismatch"
    assert bronze("GET", "a").status_code == 404


def test_folders_are_listed_as_prefixes_in_pages(bronze: Container) -> None:
    for name in ("d/1", "d/2", "e"):
        bronze("PUT", name, b"x")
    first = bronze("GET", "?restype=container&comp=list&delimiter=/&maxresults=1").get_data()
    assert b"<BlobPrefix><Name>d/</Name></BlobPrefix></Blobs><NextMarker>e</NextMarker>" in first
    assert b"<Name>e</Name>" in bronze("GET", "?restype=container&comp=list&delimiter=/&marker=e").get_data()
